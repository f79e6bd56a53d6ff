use core::time::Duration;

use crate::due::Due;
use crate::schedule::{Phase, Schedule};
use crate::{Beat, FailureDetector, Heard, Resolution, Suspicion};

/// Two estimations of when the next beat is expected, of which the later counts, and a margin after it: 2W-FD of Tomsic, Sens,
/// Garcia, Arantes and Sopena (2015, "2W-FD: A Failure Detector Algorithm with `QoS`"), for one peer and one thread. Integers only.
///
/// Both are Chen's, as in [`ChenE`](crate::ChenE): one over the last `SHORT` beats, which follows at once when the network becomes
/// slower, and one over the last `LONG`, which doesn't follow a beat that came early. So it makes fewer mistakes at the same margin
/// than either of them alone. The paper has 1 and 1,000.
///
/// Levels are multiples of the margin, above the later of the two; the phi of its suspicion is how late the beat is in such
/// multiples. A level counts up to 2^32, what is above it as that.
///
/// # How it differs from the paper
/// As [`ChenE`](crate::ChenE) does. Both windows use the period that is learned over `LONG` beats, and both begin anew when the
/// beats are off as the long one sees it.
///
/// # Cost
/// A heartbeat takes four divisions of 128 bits and, for each level, a multiplication, whatever the windows are; a beat in a
/// window takes 8 bytes. No allocation.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, FailureDetector, TwoWindow};
///
/// let ms = Duration::from_millis;
/// let mut peer: TwoWindow<1, 100> = TwoWindow::new(ms(1_000), ms(400), [1.0]);
/// for number in 1..=50 {
///     peer.heartbeat(Beat::at(ms(1_000 * number)).with_sequence(number));
/// }
/// // One that is 300 ms late: so may the next one be.
/// peer.heartbeat(Beat::at(ms(51_300)).with_sequence(51));
/// assert!(!peer.is_suspect(ms(52_600), 0) && peer.is_suspect(ms(52_800), 0));
/// // It wasn't: the long window expects the one after as before.
/// peer.heartbeat(Beat::at(ms(51_900)).with_sequence(52));
/// assert!(!peer.is_suspect(ms(53_300), 0) && peer.is_suspect(ms(53_500), 0));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TwoWindow<const SHORT: usize = 1, const LONG: usize = 1000, const L: usize = 1> {
    due: Due<L>,
    margin: u64,
    long: Schedule<LONG>,
    short: Phase<SHORT>,
}

impl<const SHORT: usize, const LONG: usize, const L: usize> TwoWindow<SHORT, LONG, L> {
    /// A detector for a peer that was never heard of, in ticks of the default length: its beats are meant to come once a
    /// `period`, and may be late by the `margin`.
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
        const { assert!(SHORT < LONG, "the short window is shorter") };
        assert!(!margin.is_zero(), "a margin of nothing");
        Self {
            due: Due::new(resolution, levels),
            margin: resolution.ticks_up(margin),
            long: Schedule::new(period, resolution),
            short: Phase::new(),
        }
    }

    /// The period, as it is used: learned from the beats, and in part assumed while few are known. In whole ticks.
    pub fn period(&self) -> Duration {
        self.due.duration(self.long.period_ticks())
    }

    /// The later of the two.
    fn ahead(&self) -> i64 {
        self.long.ahead().max(self.short.ahead(self.long.period()))
    }

    fn publish(&mut self) {
        self.due.publish(self.ahead(), self.margin);
    }
}

impl<const SHORT: usize, const LONG: usize, const L: usize> FailureDetector for TwoWindow<SHORT, LONG, L> {
    fn heartbeat(&mut self, beat: Beat) -> Heard {
        let (heard, step) = self.due.arrive(&beat, self.long.clip(self.margin));
        let change = match (heard, step) {
            (_, Some(step)) => self.long.push(step, self.margin).0,
            (Heard::Stale, None) => return heard,
            (_, None) => self.long.begin(),
        };
        self.short.change(change);
        self.publish();
        heard
    }

    fn witness(&mut self, at: Duration) {
        self.due.witness(at);
        self.publish();
    }

    fn observe_local_gap(&mut self, gap: Duration) {
        if self.due.observe_local_gap(gap) > self.margin {
            let change = self.long.forget();
            self.short.change(change);
        }
        self.publish();
    }

    fn evidence(&self) -> Option<Duration> {
        self.due.silent_since()
    }

    fn suspicion(&self, now: Duration) -> Suspicion {
        self.due.suspicion(now, self.ahead(), self.margin)
    }

    fn deadline(&self, level: usize) -> Option<Duration> {
        self.due.deadline(level)
    }

    #[inline]
    fn is_suspect(&self, now: Duration, level: usize) -> bool {
        self.due.is_suspect(now, level)
    }
}
