use core::time::Duration;

use crate::due::Due;
use crate::schedule::Schedule;
use crate::{Beat, FailureDetector, Heard, Resolution, Suspicion};

/// When the next beat is expected, and a margin after it that is learned, too: Bertier, Marin and Sens (2002, "Implementation and
/// Performance Evaluation of an Adaptable Failure Detector"), for one peer and one thread. Integers only.
///
/// The expectation is Chen's, as in [`ChenE`](crate::ChenE). The margin is learned of how wrong it was, as Jacobson learns how round
/// trips vary: `error = A - EA - delay`, `delay += γ error`, `var += γ (|error| - var)`, `margin = β delay + φ var`, with the paper's
/// `γ = 0.1`, `β = 1`, `φ = 4`.
///
/// Levels are multiples of that margin, above the time at which the beat is expected; the phi of its suspicion is how late the
/// beat is in such multiples. A level counts up to 2^32, what is above it as that.
///
/// # How it differs from the paper
/// - In what it expects, as [`ChenE`](crate::ChenE) does.
/// - The margin isn't below a least one: on a quiet network it would become nothing. And it begins as one period.
/// - An error counts up to the margin. So no beat makes the margin longer by more than half; without that, one pause of five
///   minutes would make it 150 s.
///
/// # Cost
/// A heartbeat takes three divisions of 128 bits and, for each level, a multiplication, whatever `N` is; `N` beats take 8 bytes
/// each. No allocation.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, Bertier, FailureDetector};
///
/// let ms = Duration::from_millis;
/// let mut peer: Bertier = Bertier::new(ms(1_000), ms(100), [1.0]);
/// for number in 1..=100 {
///     peer.heartbeat(Beat::at(ms(1_000 * number)).with_sequence(number));
/// }
/// assert!(peer.margin().abs_diff(ms(100)) < ms(3)); // regular beats: the least
/// assert!(!peer.is_suspect(ms(101_080), 0) && peer.is_suspect(ms(101_120), 0));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Bertier<const N: usize = 128, const L: usize = 1> {
    due: Due<L>,
    schedule: Schedule<N>,
    margin: Margin,
}

/// In fixed point, and the least in ticks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Margin {
    delay: i64,
    variation: i64,
    least: u64,
}

impl<const N: usize, const L: usize> Bertier<N, L> {
    /// A detector for a peer that was never heard of, in ticks of the default length: its beats are meant to come once a
    /// `period`, and may always be late by `margin_min`.
    ///
    /// # Panics
    /// If the period or the margin is zero, or a level isn't greater than zero and finite.
    pub fn new(period: Duration, margin_min: Duration, levels: [f64; L]) -> Self {
        Self::with_resolution(period, margin_min, levels, Resolution::DEFAULT)
    }

    /// The same, in ticks of another length.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn with_resolution(
        period: Duration,
        margin_min: Duration,
        levels: [f64; L],
        resolution: Resolution,
    ) -> Self {
        assert!(!margin_min.is_zero(), "a margin of nothing");
        let schedule = Schedule::new(period, resolution);
        let margin = Margin::new(schedule.period_ticks(), resolution.ticks_up(margin_min));
        Self { due: Due::new(resolution, levels), schedule, margin }
    }

    /// The period, as it is used: learned from the beats, and in part assumed while few are known. In whole ticks.
    pub fn period(&self) -> Duration {
        self.due.duration(self.schedule.period_ticks())
    }

    /// By how much a beat may be late, at level 1.
    pub fn margin(&self) -> Duration {
        self.due.duration(self.margin.ticks())
    }

    fn publish(&mut self) {
        self.due.publish(self.schedule.ahead(), self.margin.ticks());
    }
}

impl<const N: usize, const L: usize> FailureDetector for Bertier<N, L> {
    fn heartbeat(&mut self, beat: Beat) -> Heard {
        let (heard, step) = self.due.arrive(&beat, self.schedule.clip(self.margin.ticks()));
        match (heard, step) {
            (_, Some(step)) => {
                let (_, late) = self.schedule.push(step, self.margin.ticks());
                if let Some(late) = late {
                    self.margin.push(late);
                }
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
        if self.due.observe_local_gap(gap) > self.margin.ticks() {
            self.schedule.forget();
        }
        self.publish();
    }

    fn evidence(&self) -> Option<Duration> {
        self.due.silent_since()
    }

    fn suspicion(&self, now: Duration) -> Suspicion {
        self.due.suspicion(now, self.schedule.ahead(), self.margin.ticks())
    }

    fn deadline(&self, level: usize) -> Option<Duration> {
        self.due.deadline(level)
    }

    #[inline]
    fn is_suspect(&self, now: Duration, level: usize) -> bool {
        self.due.is_suspect(now, level)
    }
}

impl Margin {
    /// It begins as one period of so many ticks.
    fn new(period: u64, least: u64) -> Self {
        Self { delay: 0, variation: fixed(period) / 4, least }
    }

    fn ticks(&self) -> u64 {
        let learned = self.delay.saturating_add(4 * self.variation).max(0);
        learned.unsigned_abs().div_ceil(1 << POINT).max(self.least)
    }

    /// A beat came so many ticks later than expected.
    fn push(&mut self, late: i64) {
        let most = fixed(self.ticks());
        let late = late.clamp(-TICKS_MAX, TICKS_MAX) << POINT;
        let error = (late - self.delay).clamp(-most, most);
        self.delay += error / 10;
        self.variation += (error.abs() - self.variation) / 10;
    }
}

fn fixed(ticks: u64) -> i64 {
    i64::try_from(ticks).unwrap_or(TICKS_MAX).min(TICKS_MAX) << POINT
}

/// Binary digits behind the point.
const POINT: u32 = 10;

/// The greatest error in ticks.
const TICKS_MAX: i64 = 1 << 40;
