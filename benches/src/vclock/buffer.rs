//! Causal delivery: messages that come in any order, and go out in a causal one.

use std::hint::black_box;
use std::time::{Duration, Instant};

use minerva::kairos::Kairos;
use minerva::metis::{CausalIdeal, Event, VersionVector as MinervaVector};
use spacelike_vclock::{Broadcast, CausalBuffer, Dot, VersionVector};

/// How messages come in.
#[derive(Clone, Copy)]
pub enum Arrival {
    InOrder,
    Shuffled,
    Reversed,
}

pub const ARRIVALS: [(Arrival, &str); 3] =
    [(Arrival::InOrder, "in order"), (Arrival::Shuffled, "shuffled"), (Arrival::Reversed, "reversed")];

/// How long it takes to insert `count` messages, each followed by taking out whatever is deliverable; and how many
/// dependencies were looked at.
pub fn ours(count: usize, arrival: Arrival) -> (Duration, u64) {
    let broadcasts: Vec<Broadcast<u64, u64>> = arrivals(count, arrival)
        .into_iter()
        .map(|message| {
            let (sender, clock) = message_of(message);
            let mut context: VersionVector<u64> = clock.into_iter().collect();
            let dot = Dot::new(u64::from(sender), context.get(&u64::from(sender)));
            context.retain(|actor, _| *actor != u64::from(sender));
            Broadcast { dot: dot.expect("sent"), context, message }
        })
        .collect();
    let mut buffer = CausalBuffer::new(0, count + 1);
    let mut expected = 0;
    let start = Instant::now();
    for broadcast in broadcasts {
        buffer.insert(broadcast).expect("room, and from others");
        while let Some(delivered) = buffer.pop() {
            assert_eq!(black_box(delivered.message), expected, "in causal order");
            expected += 1;
        }
    }
    let elapsed = start.elapsed();
    assert_eq!(expected, count as u64);
    (elapsed, buffer.examined())
}

/// The same with `minerva`, whose buffer checks neither room nor duplicates.
pub fn minerva(count: usize, arrival: Arrival) -> Duration {
    let events: Vec<Event<u64>> = arrivals(count, arrival)
        .into_iter()
        .map(|message| {
            let (sender, clock) = message_of(message);
            let mut deps = MinervaVector::new();
            for (actor, counter) in clock {
                deps.observe(u32::try_from(actor).expect("small"), counter);
            }
            Event { stamp: Kairos::new(message, 0, sender, 0), deps, payload: message }
        })
        .collect();
    let mut buffer = CausalIdeal::new();
    let mut expected = 0;
    let start = Instant::now();
    for event in events {
        buffer.insert(event);
        while let Some(delivered) = buffer.pop_ready() {
            assert_eq!(black_box(delivered), expected, "in causal order");
            expected += 1;
        }
    }
    let elapsed = start.elapsed();
    assert_eq!(expected, count as u64);
    elapsed
}

/// Senders take turns, and each has seen all messages before: so there is one causal order.
fn message_of(message: u64) -> (u32, Vec<(u64, u64)>) {
    let sender = 1 + u32::try_from(message % SENDERS).expect("small");
    let clock = (0..SENDERS).map(|other| (1 + other, (message + SENDERS - other) / SENDERS)).collect();
    (sender, clock)
}

fn arrivals(count: usize, arrival: Arrival) -> Vec<u64> {
    let mut messages: Vec<u64> = (0..count as u64).collect();
    match arrival {
        Arrival::InOrder => {}
        Arrival::Shuffled => {
            let mut random = super::input::Random(count as u64);
            for end in (1..count).rev() {
                messages.swap(end, random.below(end + 1));
            }
        }
        Arrival::Reversed => messages.reverse(),
    }
    messages
}

const SENDERS: u64 = 8;
