use core::iter::FusedIterator;

use crate::Timestamp;

/// A contiguous run of timestamps, all issued by one call of `tick_n`: an iterator in ascending order.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_hlc::LocalClock;
///
/// let mut clock = LocalClock::new(Duration::from_millis(500));
/// let run = clock.tick_n(Duration::from_secs(1), 3)?;
/// let words: Vec<u64> = run.map(|t| t.to_u64()).collect();
/// assert_eq!(words, [1000 << 16, (1000 << 16) + 1, (1000 << 16) + 2]);
/// # Ok::<(), spacelike_hlc::Exhausted>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[must_use = "the timestamps of this run are issued only here"]
pub struct Run {
    /// The next word, if any are left.
    next: u64,
    left: u32,
}

impl Run {
    /// `first` need not be in range where `count` is zero.
    pub(crate) const fn new(first: u64, count: u32) -> Self {
        Self { next: first, left: count }
    }

    /// The timestamp of a run of one.
    pub(crate) const fn only(&self) -> Timestamp {
        Timestamp::from_word(self.next)
    }

    /// The smallest that is left.
    pub const fn start(&self) -> Option<Timestamp> {
        if self.left == 0 { None } else { Some(Timestamp::from_word(self.next)) }
    }

    /// The greatest.
    pub const fn end(&self) -> Option<Timestamp> {
        if self.left == 0 { None } else { Some(Timestamp::from_word(self.next + self.left as u64 - 1)) }
    }
}

impl Iterator for Run {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        let first = self.start()?;
        self.next += 1;
        self.left -= 1;
        Some(first)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match usize::try_from(self.left) {
            Ok(left) => (left, Some(left)),
            Err(_) => (usize::MAX, None),
        }
    }
}

impl DoubleEndedIterator for Run {
    fn next_back(&mut self) -> Option<Timestamp> {
        let last = self.end()?;
        self.left -= 1;
        Some(last)
    }
}

impl ExactSizeIterator for Run {}
impl FusedIterator for Run {}
