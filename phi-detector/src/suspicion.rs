use core::fmt;
use core::time::Duration;

/// What a detector thinks of a peer at some moment.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, FailureDetector, FixedTimeout, State};
///
/// let at = Duration::from_secs;
/// let mut peer = FixedTimeout::new(at(4), [1.0]);
/// assert_eq!(peer.suspicion(at(9)).state, State::Unknown);
///
/// peer.heartbeat(Beat::at(at(10)));
/// let suspicion = peer.suspicion(at(12));
/// assert_eq!(suspicion.state, State::Steady);
/// assert!((suspicion.phi - 0.5).abs() < 0.001); // half of the timeout
/// assert!(suspicion.elapsed.abs_diff(at(2)) < Duration::from_millis(2));
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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

impl Suspicion {
    /// Of a peer that was never heard of.
    pub(crate) const UNKNOWN: Self =
        Self { phi: 0.0, elapsed: Duration::ZERO, state: State::Unknown, stale: false };
}

/// How well a detector knows a peer.
///
/// # Examples
/// ```
/// use spacelike_phi_detector::State;
///
/// assert_eq!(State::Cold { samples: 3 }.to_string(), "cold, with 3 samples");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Cold { samples } => write!(f, "cold, with {samples} samples"),
            Self::Steady => f.write_str("steady"),
            Self::Recovering => f.write_str("recovering"),
        }
    }
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
