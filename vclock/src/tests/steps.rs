//! The shared clocks as the steps that they take in memory, and every order of those.
//!
//! A step is one access to one word, and the steps here are those of the code, in its order; that they are is for the
//! reader to compare, with [`Clock::Packed`] and `atomic_packed.rs`, and with [`Clock::Slots`] and `atomic_clock.rs`. Memory
//! is sequentially consistent, and a compare-exchange fails only for a reason. In return nothing is left out: no preemption
//! is one too many, and no interleaving is missed, as loom misses some (its issues 166 and 392). What comes out must be what
//! comes out of loom.

use std::collections::BTreeSet;
use std::vec::Vec;

use super::race::{Event, Op, Outcome, Promises, Stamp, judge};
use Op::{Forged, Heard, Observe, Read, Receive, Snapshot, Tell, Tick, Write};

/// Which steps an operation takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Clock {
    /// One: what a linearizable clock looks like from outside.
    Serial,
    /// Those of `AtomicPacked`.
    Packed,
    /// Those of `AtomicClock`.
    Slots,
    /// Those of an `AtomicClock` whose ticks read the others before they count, which is wrong.
    SlotsReadFirst,
}

/// All outcomes of a program over a clock with these steps; each is judged if promises are given.
pub(super) fn outcomes<const T: usize>(
    clock: Clock,
    roles: [&'static [Op]; T],
    promises: Option<Promises>,
) -> BTreeSet<Outcome<T>> {
    let mut outcomes = BTreeSet::new();
    let threads = roles.map(|ops| Thread { ops, at: Step::default(), events: Vec::new() });
    let orders = explore(clock, &threads, Memory::default(), &mut outcomes);
    for outcome in &outcomes {
        if let Some(promises) = promises {
            judge(outcome, promises);
        }
    }
    std::println!("{clock:?}: {orders} orders of steps, {} outcomes", outcomes.len());
    outcomes
}

/// The words that threads share.
#[derive(Clone, Copy, Default)]
struct Memory {
    own: u64,
    peer: u64,
    data: u64,
}

/// What is ahead of a thread, how far its current operation is, and what came of those before.
#[derive(Clone)]
struct Thread {
    ops: &'static [Op],
    at: Step,
    events: Vec<Event>,
}

/// How far an operation is: its next step, and what it remembers of those before.
#[derive(Clone, Copy, Default)]
struct Step {
    number: u32,
    seen: Stamp,
    result: Stamp,
}

/// Takes each thread's next step, in turn, from the state before; returns in how many orders all can be taken.
fn explore<const T: usize>(
    clock: Clock,
    threads: &[Thread; T],
    memory: Memory,
    outcomes: &mut BTreeSet<Outcome<T>>,
) -> u64 {
    let mut orders = 0;
    for running in (0..T).filter(|&thread| !threads[thread].ops.is_empty()) {
        let (mut threads, mut memory) = (threads.clone(), memory);
        threads[running].step(clock, &mut memory);
        orders += explore(clock, &threads, memory, outcomes);
    }
    if threads.iter().all(|thread| thread.ops.is_empty()) {
        outcomes.insert((threads.clone().map(|thread| thread.events), [memory.own, memory.peer]));
        orders = 1;
    }
    orders
}

impl Thread {
    fn step(&mut self, clock: Clock, memory: &mut Memory) {
        let (op, rest) = self.ops.split_first().expect("a thread that has something left to do");
        let done = match (op, clock) {
            (Write | Tell, _) => {
                memory.data = 1;
                true
            }
            (Read | Heard, _) => {
                self.at.result = [memory.data, 0];
                true
            }
            (_, Clock::Serial) => self.at.whole(*op, memory),
            (_, Clock::Packed) => self.at.of_packed(*op, memory),
            (_, Clock::Slots) => self.at.of_slots(*op, memory),
            (_, Clock::SlotsReadFirst) => self.at.of_slots_that_read_first(*op, memory),
        };
        if done {
            self.events.push((*op, self.at.result));
            self.at = Step::default();
            self.ops = rest;
        }
    }
}

/// Each does one step, and says whether it was the last.
impl Step {
    fn whole(&mut self, op: Op, memory: &mut Memory) -> bool {
        let (next, result) = effect(op, [memory.own, memory.peer]);
        [memory.own, memory.peer] = next;
        self.result = result;
        true
    }

    fn of_packed(&mut self, op: Op, memory: &mut Memory) -> bool {
        let latest = [memory.own, memory.peer];
        if op == Snapshot {
            self.result = latest;
            return true;
        }
        let exchanges = self.number == 1 && self.seen == latest;
        if exchanges {
            [memory.own, memory.peer] = effect(op, latest).0;
        }
        // The first load, and a compare-exchange that failed, show what to try next, or that there is nothing to do.
        let (next, result) = effect(op, latest);
        (self.number, self.seen, self.result) = (1, latest, result);
        exchanges || next == latest
    }

    fn of_slots(&mut self, op: Op, memory: &mut Memory) -> bool {
        match (op, self.number) {
            (Snapshot, 0) => self.result[0] = memory.own,
            (Tick, 0) | (Receive(_), COUNT) => {
                memory.own += 1;
                self.result[0] = memory.own;
                self.number = COUNT;
            }
            (Snapshot, _) | (Tick | Receive(_), READ) => {
                self.result[1] = memory.peer;
                return true;
            }
            // The own counter, which the timestamp doesn't claim: by the check, and by the taking over.
            (Receive(_) | Observe(_), 0 | 1) => {}
            (Receive(peer) | Observe(peer), 2) => {
                self.seen[1] = memory.peer;
                if self.seen[1] >= peer {
                    return self.taken_over(op);
                }
            }
            (Receive(peer) | Observe(peer), 3) => {
                if self.seen[1] == memory.peer {
                    memory.peer = peer;
                    self.result[0] = 1;
                    return self.taken_over(op);
                }
                self.seen[1] = memory.peer;
                if self.seen[1] >= peer {
                    return self.taken_over(op);
                }
                return false; // tries again
            }
            _ => unreachable!("{op:?} has no step {}", self.number),
        }
        self.number += 1;
        false
    }

    /// What is left to do after the taking over: nothing, or a tick.
    fn taken_over(&mut self, op: Op) -> bool {
        self.number = COUNT;
        matches!(op, Observe(_))
    }

    fn of_slots_that_read_first(&mut self, op: Op, memory: &mut Memory) -> bool {
        match (op, self.number) {
            (Tick, 0) | (Receive(_), COUNT) => {
                self.result[1] = memory.peer;
                self.number = READ;
                false
            }
            (Tick | Receive(_), READ) => {
                memory.own += 1;
                self.result[0] = memory.own;
                true
            }
            _ => self.of_slots(op, memory),
        }
    }
}

/// What an operation does to a clock, and returns, if nothing else happens meanwhile.
fn effect(op: Op, [own, peer]: Stamp) -> (Stamp, Stamp) {
    let issued = |stamp| (stamp, stamp);
    match op {
        Tick => issued([own + 1, peer]),
        Receive(taken) => issued([own + 1, peer.max(taken)]),
        Observe(taken) => ([own, peer.max(taken)], [u64::from(taken > peer), 0]),
        Snapshot => issued([own, peer]),
        Forged | Op::Echo | Write | Read | Tell | Heard => unreachable!("{op:?} doesn't race"),
    }
}

/// In a receive, the steps of its tick.
const COUNT: u32 = 4;
const READ: u32 = COUNT + 1;
