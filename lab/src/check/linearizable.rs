use std::collections::BTreeMap;

use crate::check::search::{Found, Order, search};
use crate::check::{Call, Checked, History, Outcome, Spec, Stuck, Verdict};

/// Whether the calls could have been made one after the other, each at some moment between its invocation and its
/// completion, with these answers (Herlihy and Wing 1990).
///
/// A call with an unknown outcome may be made at any moment after its invocation, or never. The search is that of Wing and
/// Gong (1993) with the configurations remembered as in Lowe, "Testing for linearizability" (2017), and each key is checked by itself (Horn
/// and Kroening, "Faster linearizability checking via P-compositionality", 2015), those with the fewest calls first.
///
/// The counterexample is about one key, and about one call that is due: the history before its completion is
/// linearizable. The calls shown are those that were invoked before it, and they are not.
///
/// # Cost
/// At most `budget` configurations are tried, over all keys; then it is undecided. Each takes time linear in the number of
/// calls that are in progress and, by a small factor, of those on the key, and remembers a state and which of the calls are placed that
/// overlap those that aren't.
///
/// # Examples
/// ```
/// use spacelike_lab::check::register::{Answer, Operation, Register};
/// use spacelike_lab::check::{BUDGET, Event, History, What, linearizable};
///
/// let mut history = History::new();
/// let mut add = |client, what| history.push(Event { time_ns: 0, client, what });
/// add(1, What::Invoke(Operation::Write(7)))?;
/// add(2, What::Invoke(Operation::Read))?;
/// add(2, What::Ok(Answer::Value(Some(7))))?; // the write took effect
/// add(2, What::Invoke(Operation::Read))?;
/// add(2, What::Ok(Answer::Value(None)))?; // and is gone
/// let found = linearizable(&Register::new(None), &history, BUDGET).verdict;
/// assert!(found.broken().unwrap().to_string().contains("read -> nothing"));
/// # Ok::<(), spacelike_lab::check::OutOfOrder>(())
/// ```
pub fn linearizable<S: Spec>(
    spec: &S,
    history: &History<S::Operation, S::Answer>,
    budget: u64,
) -> Checked<Stuck<S::Operation, S::Answer>> {
    let mut left = budget;
    let checked = |verdict, left| Checked { verdict, configurations: budget - left };
    for (key, indices) in parts(spec, history) {
        let calls: Vec<_> = indices.iter().map(|&index| &history.calls()[index]).collect();
        match search(spec, &key, &calls, &mut Overlaps::new(&calls), &mut left) {
            Found::Order => {}
            Found::Exhausted => return checked(Verdict::Undecided, left),
            Found::None(leaves, tried) => {
                // All of the leaves wait for the same completion.
                let end =
                    leaves.iter().flat_map(|leaf| &leaf.due).filter_map(|&due| calls[due].completed).max();
                let known = calls.partition_point(|call| Some(call.invoked) < end);
                let history = history.only(|index| indices[..known].binary_search(&index).is_ok());
                let stuck = Stuck::new(Some(key.to_string()), history, leaves, tried);
                return checked(Verdict::Broken(stuck), left);
            }
        }
    }
    checked(Verdict::Holds, left)
}

/// The calls that did not fail, by key, and keys with few calls first.
pub(super) fn parts<S: Spec>(
    spec: &S,
    history: &History<S::Operation, S::Answer>,
) -> Vec<(S::Key, Vec<usize>)> {
    let mut parts = BTreeMap::<_, Vec<usize>>::new();
    for (index, call) in history.calls().iter().enumerate() {
        if !matches!(call.outcome, Outcome::Fail) {
            parts.entry(spec.key(&call.operation)).or_default().push(index);
        }
    }
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort_by_key(|(_, indices)| indices.len());
    parts
}

/// A call comes next if no other was completed before it was invoked: the invocations that stand before the first
/// completion, in a linked list of both in the order of time.
struct Overlaps {
    /// By entry, the one after and the one before. Entry 0 is the head.
    after: Vec<usize>,
    before: Vec<usize>,
    /// By entry: the call, and whether it is the completion.
    entries: Vec<(usize, bool)>,
    /// By call: the entries of its invocation and its completion, which is its invocation if the outcome is unknown.
    ends: Vec<[usize; 2]>,
}

impl Overlaps {
    fn new<O, A>(calls: &[&Call<O, A>]) -> Self {
        let mut moments = Vec::new();
        for (index, call) in calls.iter().enumerate() {
            moments.push((call.invoked, index, false));
            if let (Outcome::Ok(_), Some(completed)) = (&call.outcome, call.completed) {
                moments.push((completed, index, true));
            }
        }
        moments.sort_unstable();
        let mut entries = vec![(usize::MAX, true)];
        let mut ends = vec![[0; 2]; calls.len()];
        for (_, call, completes) in moments {
            if !completes {
                ends[call] = [entries.len(); 2];
            }
            ends[call][1] = entries.len();
            entries.push((call, completes));
        }
        let count = entries.len();
        let after = (0..count).map(|entry| (entry + 1) % count).collect();
        let before = (0..count).map(|entry| (entry + count - 1) % count).collect();
        Self { after, before, entries, ends }
    }

    fn call_after(&self, entry: usize) -> Option<usize> {
        let (call, completes) = self.entries[self.after[entry]];
        (!completes).then_some(call)
    }

    /// The first completion; the head if there is none.
    fn first_completion(&self) -> usize {
        let mut entry = self.after[0];
        while !self.entries[entry].1 {
            entry = self.after[entry];
        }
        entry
    }
}

impl Order for Overlaps {
    fn first(&self) -> Option<usize> {
        self.call_after(0)
    }

    fn after(&self, call: usize) -> Option<usize> {
        self.call_after(self.ends[call][0])
    }

    fn place(&mut self, call: usize) {
        for entry in self.ends[call] {
            let (before, after) = (self.before[entry], self.after[entry]);
            self.after[before] = after;
            self.before[after] = before;
        }
    }

    fn unplace(&mut self, call: usize) {
        for entry in self.ends[call] {
            let (before, after) = (self.before[entry], self.after[entry]);
            self.after[before] = entry;
            self.before[after] = entry;
        }
    }

    fn depth(&self) -> usize {
        self.first_completion()
    }

    fn due(&self) -> Vec<usize> {
        vec![self.entries[self.first_completion()].0]
    }
}
