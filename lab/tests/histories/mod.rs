//! Random histories, and an oracle that tries every order.
#![allow(dead_code, reason = "each test takes what it needs")]

use proptest::prelude::*;
use spacelike_lab::check::map::Operation;
use spacelike_lab::check::register::{self, Answer};
use spacelike_lab::check::{Call, Event, History, Outcome, What};

pub(crate) type MapHistory = History<Operation<u8, u32>, Answer<u32>>;
pub(crate) type MapCall = Call<Operation<u8, u32>, Answer<u32>>;

/// What a random client does next: which client, which key, what it asks, and how it ends.
pub(crate) type Choice = (u8, u8, u8, u8);

pub(crate) fn choices(calls: usize) -> impl Strategy<Value = Vec<Choice>> {
    prop::collection::vec(any::<Choice>(), 0..=3 * calls)
}

/// Every client is in one of these.
#[derive(Clone)]
enum Phase {
    Idle,
    Asked(Operation<u8, u32>),
    Answered(Answer<u32>),
}

/// Right by construction: each call takes effect on an atomic map at one moment between its invocation and its completion,
/// or, if its outcome is unknown, at any later moment or never. Written values are distinct unless `repeated`.
pub(crate) fn right(choices: &[Choice], clients: u8, keys: u8, repeated: bool) -> MapHistory {
    let mut phases = vec![Phase::Idle; usize::from(clients)];
    let mut store = [None; 256];
    let mut late: Vec<Operation<u8, u32>> = Vec::new();
    let mut history = History::new();
    let mut written = 0;
    for (time_ns, &(client, key, what, end)) in (0..).zip(choices) {
        if end % 7 == 0 && !late.is_empty() {
            let operation = late.swap_remove(usize::from(what) % late.len());
            apply(&mut store, &operation);
        }
        let client = client % clients;
        let phase = &mut phases[usize::from(client)];
        let mut push = |what| history.push(Event { time_ns, client: u64::from(client), what }).unwrap();
        *phase = match phase.clone() {
            Phase::Idle => {
                written += 1;
                let value = if repeated { written % 3 } else { written };
                let op = match what % 6 {
                    0 | 1 => register::Operation::Write(value),
                    2 if repeated => register::Operation::Swap { from: value, to: u32::from(what) % 3 },
                    _ => register::Operation::Read,
                };
                let operation = Operation { key: key % keys, op };
                push(What::Invoke(operation.clone()));
                Phase::Asked(operation)
            }
            Phase::Asked(operation) => match end % 16 {
                0 => {
                    push(What::Fail);
                    Phase::Idle
                }
                1 => {
                    push(What::Unknown);
                    late.push(operation);
                    Phase::Idle
                }
                _ => Phase::Answered(apply(&mut store, &operation)),
            },
            Phase::Answered(answer) => {
                if end % 16 == 2 {
                    push(What::Unknown);
                } else {
                    push(What::Ok(answer));
                }
                Phase::Idle
            }
        };
    }
    history
}

/// The answer of an atomic map: written a second time, so that it doesn't share the checkers' faults.
fn apply(store: &mut [Option<u32>; 256], operation: &Operation<u8, u32>) -> Answer<u32> {
    let place = &mut store[usize::from(operation.key)];
    match operation.op {
        register::Operation::Read => Answer::Value(*place),
        register::Operation::Write(value) => {
            *place = Some(value);
            Answer::Done
        }
        register::Operation::Swap { from, to } => {
            let swaps = *place == Some(from);
            if swaps {
                *place = Some(to);
            }
            Answer::Swapped(swaps)
        }
    }
}

/// Answers of any kind: right ones by chance.
pub(crate) fn any_history(choices: &[Choice], clients: u8, keys: u8, repeated: bool) -> MapHistory {
    let right = right(choices, clients, keys, repeated);
    let mut history = History::new();
    for (index, event) in right.events().into_iter().enumerate() {
        let (time_ns, client) = (event.time_ns, event.client);
        let noise = u32::from(choices.get(index).map_or(0, |choice| choice.3));
        let what = match event.what {
            What::Invoke(operation) => What::Invoke(operation.clone()),
            What::Fail => What::Fail,
            What::Unknown => What::Unknown,
            What::Ok(Answer::Value(Some(_))) if noise % 4 == 0 => What::Ok(Answer::Value(None)),
            What::Ok(Answer::Value(_)) if noise % 4 == 1 => What::Ok(Answer::Value(Some(noise / 4 % 4))),
            What::Ok(Answer::Swapped(swapped)) if noise % 4 == 0 => What::Ok(Answer::Swapped(!swapped)),
            What::Ok(answer) => What::Ok(answer.clone()),
        };
        history.push(Event { time_ns, client, what }).unwrap();
    }
    history
}

/// Tries every order of the calls that did not fail, of which those with an unknown outcome may be left out, in which
/// `before` says of no two that the later one had to come first.
pub(crate) fn some_order(history: &MapHistory, before: impl Fn(&MapCall, &MapCall) -> bool) -> bool {
    let calls: Vec<_> = history.calls().iter().filter(|call| call.outcome != Outcome::Fail).collect();
    extends(&calls, &mut Vec::new(), &before)
}

fn extends<'a>(
    calls: &[&'a MapCall],
    order: &mut Vec<&'a MapCall>,
    before: &impl Fn(&MapCall, &MapCall) -> bool,
) -> bool {
    if explains(order) && calls.iter().all(|call| call.outcome == Outcome::Unknown) {
        return true;
    }
    (0..calls.len()).any(|index| {
        let mut rest = calls.to_vec();
        let call = rest.remove(index);
        if rest.iter().any(|other| before(other, call)) {
            return false;
        }
        order.push(call);
        let found = explains(order) && extends(&rest, order, before);
        order.pop();
        found
    })
}

/// Whether these are the answers of an atomic map to these calls in this order.
fn explains(order: &[&MapCall]) -> bool {
    let mut store = [None; 256];
    order.iter().all(|call| {
        let answer = apply(&mut store, &call.operation);
        call.outcome == Outcome::Unknown || call.outcome == Outcome::Ok(answer)
    })
}

/// Whether the outcome of one was heard before the other was asked.
pub(crate) fn in_time(one: &MapCall, other: &MapCall) -> bool {
    let heard = matches!(one.outcome, Outcome::Ok(_)).then_some(one.completed).flatten();
    heard.is_some_and(|heard| heard < other.invoked)
}

/// Whether one client asked one before the other, and heard the outcome.
pub(crate) fn in_program(one: &MapCall, other: &MapCall) -> bool {
    one.client == other.client && in_time(one, other)
}
