use core::time::Duration;

/// How well we ourselves are: the local health multiplier of Lifeguard (Dadgar, Phillips, Currey 2018, "Lifeguard: Local
/// Health Awareness for More Accurate Failure Detection", section IV-A). Who misses what should have come to him is perhaps
/// the one that is slow, and should wait longer before he accuses others.
///
/// A score from 0, well, to a greatest one, 8 in the paper. What speaks against us raises it by one, what speaks for us lowers
/// it by one; timeouts and the times between probes are [`scale`](Self::scale)d by the score and one.
///
/// # What to count
/// - [`worse`](Self::worse): a probe of ours that was refused or not answered in time; a helper of an indirect probe that didn't
///   even say that it got no answer (a missed nack); a suspicion of ourselves that we had to refute; a tick of our own timer that
///   came late.
/// - [`better`](Self::better): a probe that was answered in time, a tick that was on time.
///
/// # Cost
/// Two bytes, and an addition for each call. No allocation.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::LocalHealth;
///
/// let mut health = LocalHealth::new(8);
/// let timeout = Duration::from_millis(500);
/// assert_eq!(health.scale(timeout), timeout);
///
/// health.worse(); // our timer was late
/// health.worse(); // and nobody answered
/// assert_eq!(health.scale(timeout), Duration::from_millis(1_500));
///
/// health.better();
/// assert_eq!((health.score(), health.score_max()), (1, 8));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LocalHealth {
    score: u8,
    score_max: u8,
}

impl LocalHealth {
    /// Well, and never worse than `score_max`, at which every timeout is `score_max + 1` times as long. With zero, it has no
    /// effect.
    pub const fn new(score_max: u8) -> Self {
        Self { score: 0, score_max }
    }

    /// Something spoke against us. At the greatest score, it changes nothing.
    pub const fn worse(&mut self) {
        if self.score < self.score_max {
            self.score += 1;
        }
    }

    /// Something spoke for us. At zero, it changes nothing.
    pub const fn better(&mut self) {
        self.score = self.score.saturating_sub(1);
    }

    /// From zero, well, to [`score_max`](Self::score_max).
    pub const fn score(&self) -> u8 {
        self.score
    }

    /// The greatest score there is.
    pub const fn score_max(&self) -> u8 {
        self.score_max
    }

    /// The timeout, as many times as the score says and once more. Saturates.
    ///
    /// Of a detector it is the silence that is scaled: from its [`evidence`](crate::FailureDetector::evidence) to its
    /// [`deadline`](crate::FailureDetector::deadline). A `Registry` does that for all its peers, by `observe_local_health`.
    #[must_use]
    pub const fn scale(&self, timeout: Duration) -> Duration {
        timeout.saturating_mul(self.score as u32 + 1)
    }
}

impl Default for LocalHealth {
    /// Up to the paper's score of 8.
    fn default() -> Self {
        Self::new(SCORE_MAX)
    }
}

/// S of the paper, with which its experiments were made.
const SCORE_MAX: u8 = 8;
