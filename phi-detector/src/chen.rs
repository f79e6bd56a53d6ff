use core::time::Duration;

use crate::due::Due;
use crate::schedule::Schedule;
use crate::{Beat, FailureDetector, Heard, Resolution, Suspicion};

/// When the next beat is expected, and a margin after it: NFD-E of Chen, Toueg and Aguilera (2002, "On the Quality of Service of
/// Failure Detectors", section 6), for one peer and one thread. Integers only.
///
/// With the last `N` beats, numbered `s`, that arrived at `A`, and the period `η` of the sender, the beat `l + 1` is expected at
/// `EA = mean(A - η s) + η (l + 1)`: other than a timeout since the last beat, it isn't later because the last beat was. A silence
/// is suspicious `margin` later, `α` in the paper. That is how long a crash takes to be noticed, beyond a period and the way.
///
/// Levels are multiples of the margin, above the time at which the beat is expected; the phi of its suspicion is how late the
/// beat is in such multiples. A level counts up to 2^32, what is above it as that.
///
/// # How it differs from the paper
/// - The period is learned: over the same beats by least squares, and while there are fewer than nine of them, in part from those
///   before, or as it was given.
/// - A mean over many beats is wrong for as many if the sender or the way changes, if clocks drift apart, or if the sender was
///   stopped. So the schedule begins anew after an interval longer than eight periods and a margin, when four beats in succession
///   are too late or too early by more than the margin, after a restart, and after a pause of our own that is longer than the
///   margin. The period is kept; the interval of the fourth of those beats counts an eighth in it.
/// - Without numbers a lost beat looks like a late one, after which all the others are late, too. So there the first one that is
///   later than the margin, and than half a period, begins the schedule anew. With numbers, lost beats change nothing, and one
///   late beat little.
/// - One long pause changes nothing but where the schedule begins. Two such intervals in succession are of a slower sender: each
///   but the first one makes the period longer by at most seven eighths, and an eighth of the margin.
/// - Beats that waited and come all at once after a stall teach nothing.
///
/// # Cost
/// A heartbeat takes three divisions of 128 bits and, for each level, a multiplication, whatever `N` is; `N` beats take 8 bytes
/// each. No allocation.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, ChenE, FailureDetector};
///
/// let ms = Duration::from_millis;
/// let mut peer: ChenE = ChenE::new(ms(1_000), ms(400), [1.0]);
/// for number in 1..=50 {
///     peer.heartbeat(Beat::at(ms(1_000 * number)).with_sequence(number));
/// }
/// // One that is 300 ms late: the next one is expected at 52 s, and not at 52.3 s.
/// peer.heartbeat(Beat::at(ms(51_300)).with_sequence(51));
/// assert!(!peer.is_suspect(ms(52_300), 0) && peer.is_suspect(ms(52_500), 0));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ChenE<const N: usize = 32, const L: usize = 1> {
    due: Due<L>,
    margin: u64,
    schedule: Schedule<N>,
}

impl<const N: usize, const L: usize> ChenE<N, L> {
    /// A detector for a peer that was never heard of, in ticks of the default length: its beats are meant to come once a
    /// `period`, and may be late by the `margin`, which should be several ticks long.
    ///
    /// # Panics
    /// If the period or the margin is zero, or a level isn't greater than zero and finite.
    pub fn new(period: Duration, margin: Duration, levels: [f64; L]) -> Self {
        Self::with_resolution(period, margin, levels, Resolution::DEFAULT)
    }

    /// The same, in ticks of another length.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn with_resolution(
        period: Duration,
        margin: Duration,
        levels: [f64; L],
        resolution: Resolution,
    ) -> Self {
        assert!(!margin.is_zero(), "a margin of nothing");
        Self {
            due: Due::new(resolution, levels),
            margin: resolution.ticks_up(margin),
            schedule: Schedule::new(period, resolution),
        }
    }

    /// The period, as it is used: learned from the beats, and in part assumed while few are known. In whole ticks.
    pub fn period(&self) -> Duration {
        self.due.duration(self.schedule.period_ticks())
    }

    fn publish(&mut self) {
        self.due.publish(self.schedule.ahead(), self.margin);
    }
}

impl<const N: usize, const L: usize> FailureDetector for ChenE<N, L> {
    fn heartbeat(&mut self, beat: Beat) -> Heard {
        let (heard, step) = self.due.arrive(&beat, self.schedule.clip(self.margin));
        match (heard, step) {
            (_, Some(step)) => {
                self.schedule.push(step, self.margin);
            }
            (Heard::Stale, None) => return heard,
            (_, None) => {
                self.schedule.begin();
            }
        }
        self.publish();
        heard
    }

    fn witness(&mut self, at: Duration) {
        self.due.witness(at);
        self.publish();
    }

    fn observe_local_gap(&mut self, gap: Duration) {
        if self.due.observe_local_gap(gap) > self.margin {
            self.schedule.forget();
        }
        self.publish();
    }

    fn evidence(&self) -> Option<Duration> {
        self.due.silent_since()
    }

    fn suspicion(&self, now: Duration) -> Suspicion {
        self.due.suspicion(now, self.schedule.ahead(), self.margin)
    }

    fn deadline(&self, level: usize) -> Option<Duration> {
        self.due.deadline(level)
    }

    #[inline]
    fn is_suspect(&self, now: Duration, level: usize) -> bool {
        self.due.is_suspect(now, level)
    }
}
