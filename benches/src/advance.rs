//! Candidates for the one step on which all of an HLC rests: raise a word to `max(floor, word + 1)` and return it.
//!
//! `spacelike_hlc::Clock` uses [`load_first`]. Here are the others, on the same word and with the same check of the end
//! of the range, so that the choice can be measured again.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Case, sink, worker};

/// A load tells whether the wall clock moved; then one compare-exchange, else one `fetch_add`.
#[inline]
pub fn load_first(word: &AtomicU64, floor: u64) -> Option<u64> {
    let mut seen = word.load(Ordering::Relaxed);
    while seen < floor {
        if floor > MAX {
            return None;
        }
        match word.compare_exchange_weak(seen, floor, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => return Some(floor),
            Err(now) => seen = now,
        }
    }
    if seen >= MAX {
        return None;
    }
    in_range(word.fetch_add(1, Ordering::AcqRel) + 1)
}

/// `fetch_add` before anything else: no load, but two read-modify-writes where the wall clock moved, and `word` may
/// hold what nobody was given.
#[inline]
pub fn add_first(word: &AtomicU64, floor: u64) -> Option<u64> {
    if floor > MAX {
        return None;
    }
    let mut seen = word.fetch_add(1, Ordering::AcqRel) + 1;
    if seen >= floor {
        return in_range(seen);
    }
    loop {
        match word.compare_exchange_weak(seen, floor, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => return Some(floor),
            Err(now) => seen = now,
        }
        if seen >= floor {
            return in_range(word.fetch_add(1, Ordering::AcqRel) + 1);
        }
    }
}

/// One compare-exchange loop for both: nothing is overshot.
#[inline]
pub fn exchange_only(word: &AtomicU64, floor: u64) -> Option<u64> {
    let mut seen = word.load(Ordering::Relaxed);
    loop {
        let next = floor.max(seen + 1);
        if next > MAX {
            return None;
        }
        match word.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => return Some(next),
            Err(now) => seen = now,
        }
    }
}

/// Two words on lines of their own: the second says to which floor the first was raised, so that in between the line
/// that threads fight for is touched by a `fetch_add` alone.
#[repr(align(128))]
pub struct Hinted {
    word: AtomicU64,
    raised: OwnLine,
}

#[repr(align(128))]
struct OwnLine(AtomicU64);

impl Hinted {
    pub const fn new(word: u64) -> Self {
        Self { word: AtomicU64::new(word), raised: OwnLine(AtomicU64::new(0)) }
    }

    #[inline]
    pub fn advance(&self, floor: u64) -> Option<u64> {
        // Acquire: pairs with the release below; the `fetch_add` then can't come before the raise.
        if self.raised.0.load(Ordering::Acquire) < floor {
            return self.raise(floor);
        }
        in_range(self.word.fetch_add(1, Ordering::AcqRel) + 1)
    }

    #[inline]
    fn raise(&self, floor: u64) -> Option<u64> {
        let issued = load_first(&self.word, floor);
        // A lower one of a thread that was slow only costs a detour.
        self.raised.0.store(floor, Ordering::Release);
        issued
    }
}

#[inline]
fn in_range(word: u64) -> Option<u64> {
    if word <= MAX { Some(word) } else { None }
}

/// The cases: each candidate where the wall clock stands still and where it moves at every call.
pub fn cases() -> Vec<Case> {
    let mut cases = vec![];
    for job in [STILL, RAISED] {
        let word = Arc::new(AtomicU64::new(0));
        cases.push(Case::new(FLOOR, job, move || {
            let word = Arc::clone(&word);
            worker(
                (),
                |(), _, _| {},
                move |(), calls| {
                    for _ in 0..calls {
                        sink(&word.fetch_add(1, Ordering::AcqRel));
                    }
                },
            )
        }));
    }
    push(&mut cases, "load first", || AtomicU64::new(0), load_first);
    push(&mut cases, "add first", || AtomicU64::new(0), add_first);
    push(&mut cases, "compare-exchange only", || AtomicU64::new(0), exchange_only);
    push(&mut cases, "load of a second line first", || Hinted::new(0), Hinted::advance);
    cases
}

fn push<W: Send + Sync + 'static>(
    cases: &mut Vec<Case>,
    name: &'static str,
    new: fn() -> W,
    advance: impl Fn(&W, u64) -> Option<u64> + Copy + Send + Sync + 'static,
) {
    let word = Arc::new(new());
    cases.push(Case::new(name, STILL, move || {
        let word = Arc::clone(&word);
        worker(
            Box::new(0),
            |floor: &mut Box<u64>, at, _| **floor = (1 << 32) + at * STEP,
            move |floor, calls| {
                **floor += STEP;
                for _ in 0..calls {
                    sink(&advance(&word, **black_box(&*floor)).expect("in range"));
                }
            },
        )
    }));
    let word = Arc::new(new());
    cases.push(Case::new(name, RAISED, move || {
        let word = Arc::clone(&word);
        worker(
            Box::new(0),
            |floor: &mut Box<u64>, at, _| **floor = (1 << 32) + at * STEP,
            move |floor, calls| {
                for _ in 0..calls {
                    **floor += STEP;
                    sink(&advance(&word, **black_box(&*floor)).expect("in range"));
                }
            },
        )
    }));
}

pub const FLOOR: &str = "`fetch_add`";
pub const STILL: &str = "the clock leads";
pub const RAISED: &str = "raised at every call";
const STEP: u64 = 1 << 16;
const MAX: u64 = u64::MAX >> 2;
