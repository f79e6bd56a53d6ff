use core::time::Duration;

/// A heartbeat, as it arrived. All but the time of arrival is optional, and makes the verdict better.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::Beat;
///
/// let beat = Beat::at(Duration::from_secs(7)).with_sequence(3);
/// assert_eq!((beat.at, beat.sequence, beat.sent), (Duration::from_secs(7), Some(3), None));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Beat {
    /// When it arrived, on the receiver's monotonic clock, since an origin of the receiver's choice.
    pub at: Duration,
    /// Which of its sender's heartbeats it is: one more each time, in each epoch. Tells lost beats from late ones, and a
    /// delayed backlog from a peer that is alive.
    ///
    /// By numbers alone a backlog and a sender that paused look the same: one long interval without a loss, and then beats at
    /// their usual pace. It is taken for a backlog, so a sender that paused stays suspect for up to 64 more beats, or
    /// for good if it pauses again each time before that. The time of sending tells the two apart.
    ///
    /// A sender that may begin to count anew says so by its epoch: without one, its beats are stale until they catch up.
    /// Numbers are for all beats of a sender or for none: one without ends a backlog.
    pub sequence: Option<u64>,
    /// When it was sent, on the sender's monotonic clock, since an origin of the sender's choice. Tells a delayed backlog
    /// from a peer that is alive. The clocks need not agree, but must both run at about the rate of real time.
    pub sent: Option<Duration>,
    /// Which life of the sender it is of: greater after each restart.
    pub epoch: Option<u64>,
}

impl Beat {
    /// A heartbeat of which only the time of arrival is known.
    pub const fn at(at: Duration) -> Self {
        Self { at, sequence: None, sent: None, epoch: None }
    }

    /// The same, with its number.
    #[must_use]
    pub const fn with_sequence(self, sequence: u64) -> Self {
        Self { sequence: Some(sequence), ..self }
    }

    /// The same, with the time at which it was sent.
    #[must_use]
    pub const fn with_sent(self, sent: Duration) -> Self {
        Self { sent: Some(sent), ..self }
    }

    /// The same, with its sender's epoch.
    #[must_use]
    pub const fn with_epoch(self, epoch: u64) -> Self {
        Self { epoch: Some(epoch), ..self }
    }
}

/// What a heartbeat was taken for.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, FailureDetector, FixedTimeout, Heard, Resolution};
///
/// let at = Duration::from_nanos;
/// let mut peer = FixedTimeout::with_resolution(at(100), [1.0], Resolution::of_nanos_log2(0));
/// assert_eq!(peer.heartbeat(Beat::at(at(10)).with_sequence(1)), Heard::First);
/// let second = Beat::at(at(40)).with_sequence(4);
/// assert_eq!(peer.heartbeat(second), Heard::Interval { interval: at(30), lost: 2 });
/// assert_eq!(peer.heartbeat(second), Heard::Stale);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Heard {
    /// The first of this peer.
    First,
    /// The next one, this long after the one before.
    Interval {
        /// Between the two arrivals, in whole ticks.
        interval: Duration,
        /// How many beats between the two were lost, by their numbers; zero without numbers.
        lost: u64,
    },
    /// One of a new epoch: the peer has restarted. The time since its last beat is no interval, and what was learned of
    /// its intervals is kept.
    Restarted,
    /// No news: a duplicate, one out of order, of an old epoch, or from a time that has passed. It changed nothing.
    Stale,
}
