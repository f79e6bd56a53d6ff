use core::time::Duration;

/// What a detector thinks of a peer at some moment.
#[derive(Clone, Copy, PartialEq, Debug)]
#[must_use]
pub struct Suspicion {
    /// How suspicious the silence is: grows without bound as it goes on. Finite, and never NaN. For a [`Phi`](crate::LocalPhi)
    /// it is `-log10` of the probability that a beat is still to come; for a timeout, the silence in multiples of it. Zero if
    /// the peer is [unknown](State::Unknown), of which it says nothing.
    pub phi: f64,
    /// How long it has been silent; zero if it was never heard of.
    pub elapsed: Duration,
    /// How well founded that is.
    pub state: State,
    /// Whether it was answered from older statistics, since beats were being recorded just then: only of a detector that
    /// several threads share. What it says of the silence itself is as new as ever.
    pub stale: bool,
}

/// How well a detector knows a peer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// It was never heard of: neither alive nor dead. It counts as suspect.
    Unknown,
    /// Fewer beats were heard than it takes to judge by them alone; assumptions make up for the rest.
    Cold {
        /// How many intervals there are.
        samples: u32,
    },
    /// All is as usual.
    Steady,
    /// It was silent for so long that it was as good as dead, and was heard again: not long enough ago to tell whether it
    /// has only had a pause, or is slower from now on.
    Recovering,
}

impl State {
    /// Of a peer with so many intervals, of which `settled` are enough, and so many beats until it is steady again.
    pub(crate) const fn of_known(samples: u32, settled: u32, recovering: u32) -> Self {
        if samples < settled {
            Self::Cold { samples }
        } else if recovering > 0 {
            Self::Recovering
        } else {
            Self::Steady
        }
    }
}
