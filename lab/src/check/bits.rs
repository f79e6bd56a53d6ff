/// A set of small numbers.
#[derive(Debug)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// An empty set of numbers below `end`.
    pub(super) fn new(end: usize) -> Self {
        Self(vec![0; end.div_ceil(64)])
    }

    /// Adds a number that isn't in the set, or takes out one that is.
    pub(super) fn flip(&mut self, number: usize) {
        self.0[number / 64] ^= 1 << (number % 64);
    }

    /// The same for the same set only. Short if the set is one of all small numbers up to some, and few others near it.
    pub(super) fn trimmed(&self) -> (usize, Box<[u64]>) {
        let full = self.0.iter().take_while(|&&word| word == u64::MAX).count();
        let end = self.0.iter().rposition(|&word| word != 0).map_or(full, |last| last + 1);
        (full, self.0[full..end].into())
    }
}
