//! RFC 6479, section 3, on atomics as they are: the highest number beside a ring of blocks of bits, and whoever goes
//! ahead clears the blocks that he passes. It acts twice, which is why this crate has no such window.

#[cfg(loom)]
use super::claims;
use super::model;
use crate::sync::{AtomicU64, Ordering};

struct Port {
    highest: AtomicU64,
    ring: [AtomicU64; RING],
}

impl Port {
    fn new() -> Self {
        Self { highest: AtomicU64::new(0), ring: core::array::from_fn(|_| AtomicU64::new(0)) }
    }

    fn claim(&self, sequence: u64) -> bool {
        let highest = self.highest.load(Ordering::SeqCst);
        if sequence + SPAN < highest {
            return false;
        }
        let (block, now) = (sequence / BITS, highest / BITS);
        for passed in now + 1..=block.min(now + RING as u64) {
            self.ring[slot(passed)].store(0, Ordering::SeqCst);
        }
        self.highest.fetch_max(sequence, Ordering::SeqCst);
        let (word, bit) = (&self.ring[slot(block)], 1 << (sequence % BITS));
        let mut seen = word.load(Ordering::SeqCst);
        loop {
            if seen & bit != 0 {
                return false;
            }
            match word.compare_exchange_weak(seen, seen | bit, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
    }
}

/// One after the other, the port is right.
#[test]
fn the_port_is_right_on_one_thread() {
    model(|| {
        let port = Port::new();
        let fresh = [1, 5, 1, 130, 5, 100, 100, 64, 130].map(|n| port.claim(n));
        assert_eq!(fresh, [true, true, false, true, false, true, false, false, false]);
    });
}

/// Two threads go ahead at once: one clears the bit that the other has just set.
#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: acted twice")]
fn the_port_acts_twice() {
    loom::model(|| {
        let port = Port::new();
        let mut fresh = claims(move |n| port.claim(n), &[70], &[71, 70]);
        fresh.sort_unstable();
        assert!(fresh == [70, 71], "broken: acted twice, {fresh:?}");
    });
}

fn slot(block: u64) -> usize {
    usize::from(block % RING as u64 != 0)
}

const RING: usize = 2;
const BITS: u64 = 64;
const SPAN: u64 = (RING as u64 - 1) * BITS;
