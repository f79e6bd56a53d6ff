use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What is to happen, in the order of time, and of being put in where times are equal. The last instant that 64 bits hold never
/// comes: what is put there, as all that is later than time can be, waits for ever.
#[derive(Debug)]
pub(super) struct Queue<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    put: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: u64,
    number: u64,
    what: T,
}

impl<T> Queue<T> {
    pub(super) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), put: 0 }
    }

    pub(super) fn put(&mut self, at: u64, what: T) {
        self.heap.push(Reverse(Entry { at, number: self.put, what }));
        self.put += 1;
    }

    /// When the next one is.
    pub(super) fn next(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse(entry)| entry.at).filter(|at| *at < u64::MAX)
    }

    pub(super) fn pop(&mut self) -> Option<(u64, T)> {
        self.next()?;
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
