use core::time::Duration;

use crate::Resolution;
use crate::ticks::INTERVAL_MAX;

/// When the next beat is expected, by the schedule that its sender seems to keep: Chen, Toueg and Aguilera's estimation of
/// expected arrivals (2002, section 6), over the last `N` arrivals. Times in ticks, since the latest arrival.
///
/// The paper knows the period. Here it is learned over the same arrivals by least squares: from the first and the last of them
/// alone, one that was late would be wrong by half of that for as long as it is the first. Until there are enough, it is in part
/// assumed. And a mean over many arrivals is wrong for as many if the sender or the way has changed, so that an *era* begins with
/// the next one: arrivals before it are forgotten, and the period is kept.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Schedule<const N: usize> {
    phase: Phase<N>,
    /// In fixed point.
    period: u64,
    /// What the period is taken for in a new era, in fixed point.
    assumed: u64,
    /// The latest beat ended a stall.
    stalled: bool,
    /// How many beats could have come in the latest stall: so many can come too early now.
    owed: u64,
    /// Beats in succession that were off by more than the margin: late ones, or below zero, early ones.
    off: i8,
}

/// The arrivals of an era, the latest `N` of them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Phase<const N: usize> {
    /// From the arrival before, each.
    ring: [Span; N],
    next: usize,
    count: usize,
    /// How long the oldest is behind the latest.
    age: Behind,
    sums: Sums,
}

/// How far apart two arrivals are: in ticks, and in beats by their numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Span {
    ticks: u32,
    steps: u32,
}

/// How long an arrival is behind the latest: up to 1,024 spans of 26 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
struct Behind {
    ticks: u64,
    steps: u64,
}

/// Of how long each arrival is behind the latest: up to 1,024 of 36 bits, so that the products need 82. Kept, and not computed
/// anew, so that a beat costs the same whatever `N` is; exact, so that nothing drifts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
struct Sums {
    ticks: u64,
    steps: u64,
    /// Of the steps with themselves, and with the ticks.
    squares: u128,
    products: u128,
}

/// A beat that came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) ticks: u64,
    pub(crate) lost: u64,
    /// It isn't out of a backlog.
    pub(crate) on_time: bool,
    /// It has a number, so that one would know if others before it were lost.
    pub(crate) numbered: bool,
}

/// What a beat does to the arrivals of an era.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    /// None is left, and the beat says nothing of the schedule.
    Forget,
    /// It is the first of an era.
    Begin,
    Push(Span),
}

impl<const N: usize> Schedule<N> {
    /// # Panics
    /// If the period is zero.
    pub(crate) fn new(period: Duration, resolution: Resolution) -> Self {
        assert!(!period.is_zero(), "a period of nothing");
        let period = resolution.ticks_up(period).min(SPAN_MAX) << POINT;
        Self { phase: Phase::new(), period, assumed: period, stalled: false, owed: 0, off: 0 }
    }

    /// A beat came of which no interval is known: the first, or one after a restart.
    pub(crate) fn begin(&mut self) -> Change {
        self.interrupt();
        self.change(Change::Begin)
    }

    /// The schedule goes on, but can't be told from the latest arrival.
    pub(crate) fn forget(&mut self) -> Change {
        self.interrupt();
        self.change(Change::Forget)
    }

    fn interrupt(&mut self) {
        (self.stalled, self.owed) = (false, 0);
    }

    /// A beat came. Says what became of the era, and by how much it came later than expected, if that could be told.
    pub(crate) fn push(&mut self, step: Step, margin: u64) -> (Change, Option<i64>) {
        let begin = if step.on_time { Change::Begin } else { Change::Forget };
        let steps = step.lost.saturating_add(1);
        let (each, clip) = (step.ticks / steps, self.clip(margin));
        let again = core::mem::replace(&mut self.stalled, each > clip);
        if self.stalled {
            // One is a pause, two are of a slower sender; in a backlog, neither says anything of it.
            let change =
                if again && step.on_time { self.change_period(begin, clip) } else { self.change(begin) };
            self.owed = if again { 0 } else { (each.min(SPAN_MAX) << POINT) / self.period };
            return (change, Some(i64::MAX));
        }
        // Beats that waited come all at once, and say nothing of the period.
        let short = self.periods(steps).saturating_sub(step.ticks);
        let waited = short > margin && steps <= self.owed;
        if waited {
            self.owed -= steps;
        }
        let span = if waited || !step.on_time || self.phase.count == 0 {
            None
        } else {
            Span::new(step.ticks, steps)
        };
        let Some(span) = span else { return (self.change(begin), None) };

        let expected = self.ahead().saturating_add_unsigned(self.periods(steps - 1));
        let late = i64::from(span.ticks).saturating_sub(expected);
        self.off = match late {
            _ if late.unsigned_abs() <= margin => 0,
            0.. => self.off.max(0) + 1,
            _ => self.off.min(0) - 1,
        };
        // Without numbers, one that is late by more than half a period is rather one before which others were lost.
        let lost = !step.numbered && self.off > 0 && late.unsigned_abs() > self.period_ticks() / 2;
        let change = if lost || self.off.abs() >= PATIENCE {
            self.change_period(begin, each)
        } else {
            // A window that is never long enough for the period learns it by and by.
            if self.phase.count == N {
                self.assume(each);
            }
            self.change(Change::Push(span))
        };
        (change, Some(late))
    }

    /// When the next beat is expected, after the latest; below zero if that time had passed when the latest came.
    pub(crate) fn ahead(&self) -> i64 {
        self.phase.ahead(self.period)
    }

    /// The period, in fixed point.
    pub(crate) const fn period(&self) -> u64 {
        self.period
    }

    /// The period, in whole ticks.
    pub(crate) const fn period_ticks(&self) -> u64 {
        self.period >> POINT
    }

    /// An interval longer than that is a stall.
    pub(crate) const fn clip(&self, margin: u64) -> u64 {
        ((8 * self.period) >> POINT).saturating_add(margin)
    }

    /// So many periods, in whole ticks. Saturates.
    fn periods(&self, count: u64) -> u64 {
        u64::try_from((u128::from(self.period) * u128::from(count)) >> POINT).unwrap_or(u64::MAX)
    }

    fn change(&mut self, change: Change) -> Change {
        if !matches!(change, Change::Push(_)) {
            self.assumed = self.period;
            self.off = 0;
        }
        self.phase.change(change);
        if let Some(slope) = self.phase.slope() {
            let known = (self.phase.count - 1).min(PRIOR);
            self.period = (slope * known as u64 + self.assumed * (PRIOR - known) as u64) / PRIOR as u64;
        } else {
            self.period = self.assumed;
        }
        self.period = self.period.max(1 << POINT);
        change
    }

    /// A change of era, and an interval that isn't among those of the next.
    fn change_period(&mut self, change: Change, interval: u64) -> Change {
        self.change(change);
        self.assume(interval);
        self.period = self.assumed;
        change
    }

    /// An interval counts an eighth in what is assumed.
    fn assume(&mut self, interval: u64) {
        let interval = interval.min(SPAN_MAX) << POINT;
        self.assumed = (self.assumed - self.assumed / 8 + interval / 8).max(1 << POINT);
    }
}

impl<const N: usize> Phase<N> {
    pub(crate) const fn new() -> Self {
        const { assert!(N > 0 && N <= 1024, "a window has 1 to 1,024 arrivals") };
        let age = Behind { ticks: 0, steps: 0 };
        let sums = Sums { ticks: 0, steps: 0, squares: 0, products: 0 };
        Self { ring: [Span { ticks: 0, steps: 0 }; N], next: 0, count: 0, age, sums }
    }

    pub(crate) fn change(&mut self, change: Change) {
        match change {
            Change::Forget => self.begin(0),
            Change::Begin => self.begin(1),
            Change::Push(span) => self.push(span),
        }
    }

    /// With one arrival or none, whose span is never asked for.
    fn begin(&mut self, count: usize) {
        self.next = count % N;
        self.count = count;
        (self.age, self.sums) = (Behind::default(), Sums::default());
    }

    fn push(&mut self, span: Span) {
        if self.count == N {
            self.sums.remove(self.age);
            self.count -= 1;
            // Now the one after is the oldest; if there is none, the age is zero, and stays so.
            let second = self.ring[(self.next + 1) % N];
            self.age.ticks = self.age.ticks.saturating_sub(u64::from(second.ticks));
            self.age.steps = self.age.steps.saturating_sub(u64::from(second.steps));
        }
        if self.count > 0 {
            self.sums.move_on(self.count, span);
            self.age.ticks += u64::from(span.ticks);
            self.age.steps += u64::from(span.steps);
        }
        self.ring[self.next] = span;
        self.next = (self.next + 1) % N;
        self.count += 1;
    }

    /// Ticks per step in fixed point, by least squares; `None` with less than two arrivals. Up to 26 bits before the point.
    fn slope(&self) -> Option<u64> {
        let Sums { ticks, steps, squares, products } = self.sums;
        let count = self.count as u128;
        let variance = count * squares - u128::from(steps) * u128::from(steps);
        // Both grow from arrival to arrival, so that it isn't negative.
        let covariance = count * products - u128::from(steps) * u128::from(ticks);
        u64::try_from((covariance << POINT).checked_div(variance)?).ok()
    }

    /// When the next beat is expected, after the latest, with this period in fixed point.
    pub(crate) fn ahead(&self, period: u64) -> i64 {
        let Sums { ticks, steps, .. } = self.sums;
        // By how much the latest came earlier than the mean has it.
        let early = i128::from(period) * i128::from(steps) - (i128::from(ticks) << POINT);
        floor(i128::from(period) + early / self.count.max(1) as i128)
    }
}

impl Span {
    /// `None` if it is too long to be kept.
    fn new(ticks: u64, steps: u64) -> Option<Self> {
        let (ticks, steps) = (u32::try_from(ticks).ok()?, u32::try_from(steps).ok()?);
        (ticks.max(steps) <= INTERVAL_MAX).then_some(Self { ticks, steps })
    }
}

impl Sums {
    /// All of so many are further behind by the span, and there is one more that isn't.
    fn move_on(&mut self, count: usize, span: Span) {
        let (count, ticks, steps) = (count as u64, u64::from(span.ticks), u64::from(span.steps));
        let wide = |a: u64, b: u64| u128::from(a) * u128::from(b);
        self.squares += wide(steps, 2 * self.steps + count * steps);
        self.products += wide(ticks, self.steps) + wide(steps, self.ticks + count * ticks);
        self.ticks += count * ticks;
        self.steps += count * steps;
    }

    fn remove(&mut self, oldest: Behind) {
        self.squares -= u128::from(oldest.steps) * u128::from(oldest.steps);
        self.products -= u128::from(oldest.ticks) * u128::from(oldest.steps);
        self.ticks -= oldest.ticks;
        self.steps -= oldest.steps;
    }
}

/// Whole ticks.
fn floor(fixed: i128) -> i64 {
    i64::try_from(fixed >> POINT).unwrap_or(if fixed < 0 { i64::MIN } else { i64::MAX })
}

/// Binary digits behind the point.
const POINT: u32 = 16;

/// So many intervals are enough for the period.
const PRIOR: usize = 8;

/// So many beats in succession that are off by more than the margin keep another schedule.
const PATIENCE: i8 = 4;

/// The longest span, in ticks and in beats.
const SPAN_MAX: u64 = INTERVAL_MAX as u64;
