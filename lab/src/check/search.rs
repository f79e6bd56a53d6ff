use std::collections::BTreeSet;

use crate::check::bits::Bits;
use crate::check::{Call, Outcome, Spec};

/// Which calls may come next in an order, as far as clients and time decide.
pub(super) trait Order {
    /// The first call that may come next.
    fn first(&self) -> Option<usize>;

    /// The call after this one among those that may come next.
    fn after(&self, call: usize) -> Option<usize>;

    /// The call comes next.
    fn place(&mut self, call: usize);

    /// Takes back the call that was placed last.
    fn unplace(&mut self, call: usize);

    /// How much of the history is explained.
    fn depth(&self) -> usize;

    /// Calls of which one must come before anything else can be explained.
    fn due(&self) -> Vec<usize>;
}

/// What came of a search.
pub(super) enum Found {
    /// There is an order of all calls whose outcome is known.
    Order,
    /// There is none. Some of those that explain most of the history, and how many of them were met.
    None(Vec<Leaf>, u64),
    /// The budget is spent.
    Exhausted,
}

/// An order that nothing can be added to.
pub(super) struct Leaf {
    pub(super) order: Vec<usize>,
    pub(super) state: String,
    pub(super) due: Vec<usize>,
}

/// Looks depth first for an order of calls on one key that did not fail, in which every answer is right. A configuration is
/// never entered twice: a set of calls that are placed, and a state that they leave (Lowe 2017, section 4). Each entered one
/// costs one of `budget`.
pub(super) fn search<S: Spec>(
    spec: &S,
    key: &S::Key,
    calls: &[&Call<S::Operation, S::Answer>],
    order: &mut impl Order,
    budget: &mut u64,
) -> Found {
    let mut state = spec.initial(key);
    // Those with an unknown outcome apart, since they may be left out of what is otherwise all up to some.
    let mut counts = [0; 2];
    let mut numbers = Vec::with_capacity(calls.len());
    for call in calls {
        let apart = usize::from(!matches!(call.outcome, Outcome::Ok(_)));
        numbers.push((apart, counts[apart]));
        counts[apart] += 1;
    }
    let mut placed = counts.map(Bits::new);
    let mut left = counts[0];
    let mut seen = BTreeSet::new();
    let mut frames: Vec<Frame<S::State>> = Vec::new();
    let mut leaves = Leaves::default();
    let mut candidate = order.first();
    // Whether a call can be added in this configuration.
    let mut extended = false;
    while left > 0 {
        let (call, before, mut states) = if let Some(call) = candidate {
            let answer = match &calls[call].outcome {
                Outcome::Ok(answer) => Some(answer),
                Outcome::Fail | Outcome::Unknown => None,
            };
            let mut states: Vec<_> = spec.next(&state, &calls[call].operation, answer).into_iter().collect();
            if answer.is_none() {
                // A call without an effect needn't have happened.
                states.retain(|next| *next != state);
            }
            extended |= !states.is_empty();
            (call, state.clone(), states.into_iter())
        } else {
            if !extended {
                leaves.add(order, || Leaf {
                    order: frames.iter().map(|frame| frame.call).collect(),
                    state: spec.show(&state),
                    due: order.due(),
                });
            }
            let Some(Frame { call, before, states }) = frames.pop() else {
                return Found::None(leaves.longest, leaves.count);
            };
            placed[numbers[call].0].flip(numbers[call].1);
            order.unplace(call);
            left += usize::from(matches!(calls[call].outcome, Outcome::Ok(_)));
            // It was entered by way of a call.
            extended = true;
            (call, before, states)
        };
        placed[numbers[call].0].flip(numbers[call].1);
        let set = placed.each_ref().map(Bits::trimmed);
        if let Some(next) = states.find(|next| seen.insert((set.clone(), next.clone()))) {
            let Some(rest) = budget.checked_sub(1) else { return Found::Exhausted };
            *budget = rest;
            order.place(call);
            left -= usize::from(matches!(calls[call].outcome, Outcome::Ok(_)));
            state = next;
            frames.push(Frame { call, before, states });
            candidate = order.first();
            extended = false;
        } else {
            placed[numbers[call].0].flip(numbers[call].1);
            state = before;
            candidate = order.after(call);
        }
    }
    Found::Order
}

/// A call that was placed.
struct Frame<T> {
    call: usize,
    before: T,
    /// The other states it may leave.
    states: std::vec::IntoIter<T>,
}

#[derive(Default)]
struct Leaves {
    depth: usize,
    longest: Vec<Leaf>,
    count: u64,
}

impl Leaves {
    fn add(&mut self, order: &impl Order, leaf: impl FnOnce() -> Leaf) {
        let depth = order.depth();
        if self.count == 0 || depth > self.depth {
            *self = Self { depth, ..Self::default() };
        }
        if depth == self.depth {
            self.count += 1;
            if self.longest.len() < LEAVES_MAX {
                self.longest.push(leaf());
            }
        }
    }
}

/// As many as a person reads.
const LEAVES_MAX: usize = 4;
