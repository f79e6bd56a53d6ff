use std::collections::VecDeque;

/// Holds back what must not leave before the disk has what was persisted before it. Plain data.
///
/// Everything enters in the order in which the machine emitted it, and leaves in that order: whatever comes after a
/// persist that isn't durable waits for it.
#[derive(Debug)]
pub(crate) struct Gate<T> {
    held: VecDeque<Held<T>>,
    bytes: usize,
    /// The number of the latest persist; zero if there was none.
    persisted: u64,
    /// Persists up to this number are durable.
    durable: u64,
}

#[derive(Debug)]
struct Held<T> {
    /// Leaves once this persist is durable.
    after: u64,
    bytes: usize,
    /// `None` for the persist itself, which is only counted.
    effect: Option<T>,
}

impl<T> Gate<T> {
    pub(crate) fn new() -> Self {
        Self { held: VecDeque::new(), bytes: 0, persisted: 0, durable: 0 }
    }

    /// A persist was handed to the disk, as number `sequence`, greater than all before.
    pub(crate) fn persist(&mut self, sequence: u64, bytes: usize) {
        self.persisted = sequence;
        self.hold(bytes, None);
    }

    /// Lets an effect pass, or holds it: then it will come from [`release`](Self::release).
    #[must_use = "what passes is to be carried out"]
    pub(crate) fn pass(&mut self, effect: T, bytes: usize) -> Option<T> {
        if self.persisted <= self.durable && self.held.is_empty() {
            return Some(effect);
        }
        self.hold(bytes, Some(effect));
        None
    }

    /// Persists up to number `sequence` are durable.
    pub(crate) fn durable(&mut self, sequence: u64) {
        self.durable = self.durable.max(sequence);
    }

    /// Takes the next effect that may leave.
    pub(crate) fn release(&mut self) -> Option<T> {
        while self.held.front().is_some_and(|held| held.after <= self.durable) {
            let held = self.held.pop_front()?;
            self.bytes -= held.bytes;
            if held.effect.is_some() {
                return held.effect;
            }
        }
        None
    }

    /// Nothing is held, and all that was persisted is durable.
    #[cfg(any(feature = "net", test))]
    pub(crate) fn is_clear(&self) -> bool {
        self.held.is_empty()
    }

    /// How many effects wait, persists included.
    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    /// How many bytes they have.
    #[cfg(any(feature = "net", test))]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn hold(&mut self, bytes: usize, effect: Option<T>) {
        self.bytes += bytes;
        self.held.push_back(Held { after: self.persisted, bytes, effect });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn released(gate: &mut Gate<char>) -> String {
        std::iter::from_fn(|| gate.release()).collect()
    }

    /// What was emitted before a persist doesn't wait for it; what comes after waits for it and all before it.
    #[test]
    fn effects_wait_for_the_persists_before_them_only() {
        let mut gate = Gate::new();
        assert_eq!(gate.pass('a', 1), Some('a'));
        gate.persist(1, 10);
        assert_eq!(gate.pass('b', 1), None);
        gate.persist(2, 10);
        assert_eq!(gate.pass('c', 1), None);
        assert_eq!((gate.len(), gate.bytes()), (4, 22));
        assert_eq!(released(&mut gate), "");
        gate.durable(1);
        assert_eq!(released(&mut gate), "b");
        assert!(!gate.is_clear());
        gate.durable(2);
        assert_eq!(released(&mut gate), "c");
        assert!(gate.is_clear());
        assert_eq!(gate.bytes(), 0);
        assert_eq!(gate.pass('d', 1), Some('d'));
    }

    /// Nothing overtakes what became free and was not taken out yet.
    #[test]
    fn nothing_overtakes() {
        let mut gate = Gate::new();
        gate.persist(1, 0);
        assert_eq!(gate.pass('a', 0), None);
        gate.durable(1);
        assert_eq!(gate.pass('b', 0), None);
        assert_eq!(released(&mut gate), "ab");
    }
}
