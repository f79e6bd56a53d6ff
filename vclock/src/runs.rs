use alloc::collections::BTreeMap;
use core::ops::Bound::{Excluded, Included};

/// Which of one actor's counters are seen: all up to a base, and beyond it disjoint runs that don't touch, so that equal
/// sets are equal values. A tree, since a list would let a peer that sends its dots in the worst order cost us a square.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Runs {
    base: u64,
    /// The last counter of each run by its first, which is at least 2 above whatever is seen below it.
    beyond: BTreeMap<u64, u64>,
}

impl Runs {
    pub(crate) const fn new() -> Self {
        Self { base: 0, beyond: BTreeMap::new() }
    }

    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    pub(crate) fn contains(&self, counter: u64) -> bool {
        counter <= self.base || self.at_or_before(counter).is_some_and(|(_, last)| counter <= last)
    }

    /// Adds `first` to `last`, which must be a run: `1 <= first <= last`. Says whether any of it is new. O(log n), and
    /// once for each run that it ends.
    pub(crate) fn insert(&mut self, first: u64, last: u64) -> bool {
        if last <= self.base {
            return false;
        }
        if first - 1 <= self.base {
            self.base = last;
            while let Some(run) = self.beyond.first_entry().filter(|run| run.key() - 1 <= self.base) {
                self.base = self.base.max(run.remove());
            }
            return true;
        }
        let (mut first, mut last) = (first, last);
        if let Some((before, end)) = self.at_or_before(first).filter(|&(_, end)| first - 1 <= end) {
            if last <= end {
                return false;
            }
            first = before;
        }
        let touching = (Excluded(first), Included(last.saturating_add(1)));
        while let Some((&next, &end)) = self.beyond.range(touching).next_back() {
            last = last.max(end);
            self.beyond.remove(&next);
        }
        self.beyond.insert(first, last);
        true
    }

    /// Adds all of `other`, and says whether any of it is new.
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
        other.iter().fold(false, |changed, (first, last)| self.insert(first, last) || changed)
    }

    /// The run that begins at `counter`, or the last one before, beyond the base.
    fn at_or_before(&self, counter: u64) -> Option<(u64, u64)> {
        self.beyond.range(..=counter).next_back().map(|(&first, &last)| (first, last))
    }

    /// First and last counter of each run, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u64)> + Clone {
        let base = (self.base > 0).then_some((1, self.base));
        base.into_iter().chain(self.beyond.iter().map(|(&first, &last)| (first, last)))
    }

    /// The same of what lies between them.
    pub(crate) fn holes(&self) -> impl Iterator<Item = (u64, u64)> + Clone {
        let mut seen = self.base;
        self.beyond.iter().map(move |(&first, &last)| {
            let hole = (seen + 1, first - 1);
            seen = last;
            hole
        })
    }

    /// The same of what is in here and not in `other`.
    pub(crate) fn without(&self, other: &Self) -> impl Iterator<Item = (u64, u64)> {
        let (mut runs, mut others) = (self.iter(), other.iter().peekable());
        let mut rest = None;
        core::iter::from_fn(move || {
            loop {
                let (first, last) = rest.take().or_else(|| runs.next())?;
                while others.next_if(|&(_, end)| end < first).is_some() {}
                let Some(&(begin, end)) = others.peek().filter(|&&(begin, _)| begin <= last) else {
                    return Some((first, last));
                };
                if end < last {
                    rest = Some((end + 1, last));
                }
                if first < begin {
                    return Some((first, begin - 1));
                }
            }
        })
    }

    pub(crate) fn count(&self) -> usize {
        usize::from(self.base > 0) + self.beyond.len()
    }

    /// How many counters are seen.
    pub(crate) fn len(&self) -> u128 {
        // No overflow: each counter is in one run.
        self.iter().map(|(first, last)| u128::from(last - first) + 1).sum()
    }

    /// Of runs that must be canonical, and at least one.
    pub(crate) fn try_from_sorted(runs: impl IntoIterator<Item = (u64, u64)>) -> Option<Self> {
        let (mut all, mut end) = (Self::new(), None);
        for (first, last) in runs {
            // A first run may begin at 1, a later one must leave a hole.
            let room = end.map_or(Some(1), |end: u64| end.checked_add(2));
            if room.is_none_or(|least| first < least) || last < first {
                return None;
            }
            all.insert(first, last);
            end = Some(last);
        }
        end.map(|_| all)
    }
}
