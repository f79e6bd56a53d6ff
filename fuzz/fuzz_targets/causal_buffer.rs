//! Messages of anybody, in any order, with whatever else a member does: what is delivered was the next of its sender, with
//! nothing missing that it depends on; and the buffer stays within its bounds. (Forged messages can wait on each other.)
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use spacelike_vclock::{Broadcast, CausalBuffer, Dot, Inserted, VersionVector};

#[derive(Arbitrary, Debug)]
enum Step {
    Insert { actor: u8, counter: Counter, context: Vec<(u8, Counter)> },
    Pop,
    Send,
    AdvanceTo(Vec<(u8, Counter)>),
    Evict(u8),
    Readmit(u8),
}

/// Mostly one that is close to what is delivered.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Counter {
    Ahead(u8),
    Any(u64),
}

fuzz_target!(|input: (u8, Vec<Step>)| {
    let (capacity, steps) = input;
    let capacity = 1 + usize::from(capacity % 16);
    let mut buffer = CausalBuffer::new(0_u8, capacity);
    for step in steps {
        let before = buffer.delivered().clone();
        let len = buffer.len();
        let counter = |actor: u8, counter| match counter {
            Counter::Ahead(ahead) => before.get(&actor).saturating_add(u64::from(ahead % 4)),
            Counter::Any(counter) => counter,
        };
        let clock = |entries: Vec<(u8, Counter)>| -> VersionVector<u8> {
            entries.into_iter().map(|(actor, at)| (actor % 4, counter(actor % 4, at))).collect()
        };
        match step {
            Step::Insert { actor, counter: at, context } => {
                let actor = actor % 4;
                let Some(dot) = Dot::new(actor, counter(actor, at)) else { continue };
                let mut context = clock(context);
                // Mostly as senders write it.
                if context.get(&actor) >= dot.counter.get() && context.len() % 4 > 0 {
                    context.retain(|other, _| *other != actor);
                }
                match buffer.insert(Broadcast { dot, context, message: () }) {
                    Ok(Inserted::Duplicate) => assert!(buffer.len() == len),
                    Ok(_) => assert!(buffer.len() == len + 1 && buffer.contains(&dot)),
                    Err(_) => assert!(buffer.len() == len),
                }
                assert_eq!(*buffer.delivered(), before);
            }
            Step::Pop => {
                let Some(Broadcast { dot, mut context, .. }) = buffer.pop() else { continue };
                assert_eq!(dot.counter.get(), before.get(&dot.actor) + 1, "the next of its sender");
                assert!(context.is_le(&before), "nothing that it depends on is missing");
                context.raise(dot);
                assert_eq!(buffer.delivered().get(&dot.actor), dot.counter.get());
            }
            Step::Send => {
                if let Ok(sent) = buffer.send(()) {
                    assert_eq!(sent.dot.counter.get(), before.get(&0) + 1);
                }
            }
            Step::AdvanceTo(snapshot) => {
                let snapshot = clock(snapshot);
                match buffer.advance_to(&snapshot) {
                    Ok(covered) => {
                        assert!(buffer.len() + covered == len && snapshot.is_le(buffer.delivered()))
                    }
                    Err(_) => assert!(snapshot.get(&0) > before.get(&0) && buffer.len() == len),
                }
            }
            Step::Evict(actor) => {
                let taken = buffer.evict(&(actor % 4));
                assert_eq!(buffer.len() + taken.len(), len);
            }
            Step::Readmit(actor) => drop(buffer.readmit(&(actor % 4))),
        }
        assert!(before.is_le(buffer.delivered()), "what is delivered stays so");
        assert!(buffer.len() <= capacity);
        assert!(buffer.ready_count() <= buffer.len());
        for run in buffer.waiting_on() {
            assert!(run.first > buffer.delivered().get(&run.actor), "what is delivered isn't missing");
            for counter in [run.first, run.last] {
                let dot = Dot::new(run.actor, counter).expect("they count from 1");
                assert!(!buffer.contains(&dot), "what is here isn't missing");
            }
        }
        assert!(buffer.waiting_on().is_empty() || !all_deliverable(&buffer), "who waits can't be delivered");
    }
});

/// Whether popping empties it.
fn all_deliverable(buffer: &CausalBuffer<u8, ()>) -> bool {
    let mut buffer = buffer.clone();
    while buffer.pop().is_some() {}
    buffer.is_empty()
}
