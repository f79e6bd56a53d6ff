//! Clocks that the threads of one process share: a tick, and the whole clock as the event's timestamp.

use std::sync::Arc;

use minerva::metis::VersionVector as MinervaVector;
use parking_lot::Mutex;
use spacelike_vclock::{AtomicClock, AtomicPacked, FixedClock, VersionVector};

use crate::hlc::{arc, fetch_add, looped};
use crate::{Case, sink};

/// Of two entries, since more are too soon at their end in one word. Peers have no shared clock; theirs are under a mutex, and so are some of ours.
pub fn cases() -> Vec<Case> {
    let packed = Arc::new(AtomicPacked::<2>::new());
    let atomic = Arc::new(AtomicClock::<2>::new(1));
    let fixed = Arc::new(Mutex::new(FixedClock::<2>::new()));
    let ours = Arc::new(Mutex::new((1..=2).map(|id| (id, 7)).collect::<VersionVector<u64>>()));
    let crdts = Arc::new(Mutex::new(crdts::VClock { dots: (1..=2).map(|id| (id, 7)).collect() }));
    let minerva = Arc::new(Mutex::new(MinervaVector::new()));
    let vclock = Arc::new(Mutex::new(::vclock::VClock64::default()));
    for id in 1..=2 {
        minerva.lock().observe(u32::try_from(id).expect("small"), 7);
        vclock.lock().incr(&id);
    }
    vec![
        fetch_add(TICK),
        looped(PACKED, TICK, arc(&packed), |clock| {
            sink(&clock.tick(1).expect("far from the end").to_u64());
        }),
        looped(ATOMIC, TICK, arc(&atomic), |clock| {
            sink(&clock.tick().expect("far from the end"));
        }),
        looped(FIXED_LOCKED, TICK, arc(&fixed), |clock| {
            let mut clock = clock.lock();
            clock.tick(1).expect("far from the end");
            let stamp = *clock;
            drop(clock);
            sink(&stamp);
        }),
        looped(OURS_LOCKED, TICK, arc(&ours), |clock| {
            let mut clock = clock.lock();
            clock.update(&2).expect("far from the end");
            let stamp = clock.clone();
            drop(clock);
            sink(&stamp);
        }),
        looped(CRDTS_LOCKED, TICK, arc(&crdts), |clock| {
            let mut clock = clock.lock();
            let dot = clock.inc(2);
            crdts::CmRDT::apply(&mut *clock, dot);
            let stamp = clock.clone();
            drop(clock);
            sink(&stamp);
        }),
        looped(MINERVA_LOCKED, TICK, arc(&minerva), |clock| {
            let mut clock = clock.lock();
            clock.increment(2);
            let stamp = clock.clone();
            drop(clock);
            sink(&stamp);
        }),
        looped(VCLOCK_LOCKED, TICK, arc(&vclock), |clock| {
            let mut clock = clock.lock();
            clock.incr(&2);
            let stamp = clock.clone();
            drop(clock);
            sink(&stamp);
        }),
    ]
}

pub const TICK: &str = "tick, and the timestamp";
const PACKED: &str = "**`spacelike_vclock::AtomicPacked<2>`**";
const ATOMIC: &str = "**`spacelike_vclock::AtomicClock<2>`**";
const FIXED_LOCKED: &str = "`spacelike_vclock::FixedClock` in a `Mutex`";
const OURS_LOCKED: &str = "`spacelike_vclock::VersionVector` in a `Mutex`";
const CRDTS_LOCKED: &str = "`crdts` in a `Mutex`";
const MINERVA_LOCKED: &str = "`minerva` in a `Mutex`";
const VCLOCK_LOCKED: &str = "`vclock` in a `Mutex`";
