use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

/// The timers of one machine, on its monotonic clock. Plain data: the driver sleeps.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    /// When each is due. The number orders those due at once as they were set.
    due: BTreeMap<T, (Duration, u64)>,
    order: BTreeSet<(Duration, u64, T)>,
    set: u64,
}

impl<T: Copy + Ord> Timers<T> {
    pub(crate) fn new() -> Self {
        Self { due: BTreeMap::new(), order: BTreeSet::new(), set: 0 }
    }

    /// Sets a timer, or moves it.
    pub(crate) fn set(&mut self, timer: T, at: Duration) {
        self.cancel(timer);
        self.set += 1;
        self.due.insert(timer, (at, self.set));
        self.order.insert((at, self.set, timer));
    }

    /// A cancelled timer isn't there any more, whether or not it was due.
    pub(crate) fn cancel(&mut self, timer: T) {
        if let Some((at, set)) = self.due.remove(&timer) {
            self.order.remove(&(at, set, timer));
        }
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.order.first().map(|&(at, ..)| at)
    }

    /// Takes one that is due.
    pub(crate) fn pop(&mut self, now: Duration) -> Option<T> {
        let &(at, _, timer) = self.order.first()?;
        if at > now {
            return None;
        }
        self.cancel(timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A timer that is due but was cancelled meanwhile never fires.
    #[test]
    fn cancelled_timer_never_fires_though_due() {
        let mut timers = Timers::new();
        timers.set('a', ms(1));
        timers.set('b', ms(2));
        timers.set('c', ms(2));
        assert_eq!(timers.pop(ms(5)), Some('a'));
        timers.cancel('b');
        assert_eq!(timers.pop(ms(5)), Some('c'));
        assert_eq!(timers.pop(ms(5)), None);
        assert_eq!(timers.next(), None);
    }

    /// A timer that is set again fires once, at its new time only, whether that is earlier or later.
    #[test]
    fn moved_timer_fires_once_at_its_new_time() {
        let mut timers = Timers::new();
        timers.set('a', ms(1));
        timers.set('a', ms(10));
        timers.set('b', ms(20));
        timers.set('b', ms(3));
        assert_eq!(timers.pop(ms(2)), None);
        assert_eq!(timers.next(), Some(ms(3)));
        assert_eq!(timers.pop(ms(30)), Some('b'));
        assert_eq!(timers.pop(ms(30)), Some('a'));
        assert_eq!(timers.pop(ms(30)), None);
    }

    /// Timers that are due at once fire in the order in which they were set.
    #[test]
    fn ties_fire_in_the_order_of_setting() {
        let mut timers = Timers::new();
        for timer in ['c', 'a', 'b'] {
            timers.set(timer, ms(1));
        }
        let fired: String = std::iter::from_fn(|| timers.pop(ms(1))).collect();
        assert_eq!(fired, "cab");
    }
}
