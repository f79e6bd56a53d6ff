//! Has this number been seen? Windows, and what people use in their place.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use spacelike_idempotency::{DedupWindow, LocalWindow, StrictWindow};

use super::names;
use crate::hlc::fetch_add;
use crate::{Case, sink, worker};

/// One thread's handle to a window. What is claimed goes into a sink.
pub trait Window: 'static {
    const NAME: &'static str;

    /// Whether nobody has claimed it before.
    fn claim(&mut self, sequence: u64) -> bool;
}

/// Something to be done with each window.
pub trait Visitor {
    fn visit<W: Window>(&mut self, new: fn() -> W);
}

/// On one thread: each worker has a window of its own.
pub fn alone() -> Vec<Case> {
    let mut cases: Vec<Case> = JOBS.map(fetch_add).into();
    each(&mut Alone(&mut cases));
    cases
}

/// On as many threads as there are workers: each case has one window for all. A fresh number comes from a word that both add
/// to.
pub fn contended() -> Vec<Case> {
    let mut cases: Vec<Case> = JOBS.map(fetch_add).into();
    each_shared(&mut Contended(&mut cases));
    cases
}

/// All, in the order of the tables.
pub fn each(visitor: &mut impl Visitor) {
    visitor.visit(LocalWindow::<WORDS>::new);
    each_shared(&mut Owned(visitor));
}

/// Something to be done with each window that threads share.
pub trait SharedVisitor {
    fn visit<W: Window + Clone + Send + Sync>(&mut self, new: fn() -> W);
}

/// All that threads share, in the order of the tables.
pub fn each_shared(visitor: &mut impl SharedVisitor) {
    visitor.visit(Arc::<DedupWindow<WORDS>>::default);
    visitor.visit(Arc::<StrictWindow<WORDS>>::default);
    visitor.visit(Arc::<Mutex<LocalWindow<WORDS>>>::default);
    visitor.visit(Arc::<Mutex<Rfc6479>>::default);
    visitor.visit(Arc::<Set>::default);
}

struct Owned<'a, V>(&'a mut V);

impl<V: Visitor> SharedVisitor for Owned<'_, V> {
    fn visit<W: Window + Clone + Send + Sync>(&mut self, new: fn() -> W) {
        self.0.visit(new);
    }
}

struct Alone<'a>(&'a mut Vec<Case>);

impl Visitor for Alone<'_> {
    fn visit<W: Window>(&mut self, new: fn() -> W) {
        self.0.push(Case::new(W::NAME, FRESH, move || {
            worker(
                (new(), Vec::new(), 0, 0),
                |(_, table, first, next), _, calls| {
                    table.clear();
                    table.extend(*first..*first + calls as u64);
                    *first += calls as u64;
                    *next = 0;
                },
                |(window, table, _, next), calls| {
                    for &sequence in &table[*next..*next + calls] {
                        sink(&window.claim(sequence));
                    }
                    *next += calls;
                },
            )
        }));
        self.0.push(Case::new(W::NAME, DUPLICATE, move || seen(claimed(new()))));
    }
}

struct Contended<'a>(&'a mut Vec<Case>);

impl SharedVisitor for Contended<'_> {
    fn visit<W: Window + Clone + Send + Sync>(&mut self, new: fn() -> W) {
        let (window, next) = (new(), Arc::new(AtomicU64::new(0)));
        self.0.push(Case::new(W::NAME, FRESH, move || {
            worker(
                (window.clone(), Arc::clone(&next)),
                |_, _, _| {},
                |(window, next), calls| {
                    for _ in 0..calls {
                        sink(&window.claim(next.fetch_add(1, Ordering::AcqRel)));
                    }
                },
            )
        }));
        let window = claimed(new());
        self.0.push(Case::new(W::NAME, DUPLICATE, move || seen(window.clone())));
    }
}

/// Claims over and over what was claimed before, in order.
fn seen<W: Window>(window: W) -> Box<dyn crate::Work> {
    let table: Vec<u64> = (0..SEEN).collect();
    worker(
        (window, table),
        |_, _, _| {},
        |(window, table), calls| {
            let mut left = calls;
            while left > 0 {
                let some = left.min(table.len());
                for &sequence in &table[..some] {
                    sink(&window.claim(sequence));
                }
                left -= some;
            }
        },
    )
}

fn claimed<W: Window>(mut window: W) -> W {
    for sequence in 0..SEEN {
        assert!(window.claim(sequence), "{}: {sequence} is fresh", W::NAME);
    }
    window
}

impl Window for LocalWindow<WORDS> {
    const NAME: &'static str = names::LOCAL_WINDOW;

    #[inline]
    fn claim(&mut self, sequence: u64) -> bool {
        self.claim(sequence).is_fresh()
    }
}

impl Window for Arc<DedupWindow<WORDS>> {
    const NAME: &'static str = names::DEDUP_WINDOW;

    #[inline]
    fn claim(&mut self, sequence: u64) -> bool {
        (**self).claim(sequence).is_fresh()
    }
}

impl Window for Arc<StrictWindow<WORDS>> {
    const NAME: &'static str = names::STRICT_WINDOW;

    #[inline]
    fn claim(&mut self, sequence: u64) -> bool {
        (**self).claim(sequence).is_fresh()
    }
}

impl Window for Arc<Mutex<LocalWindow<WORDS>>> {
    const NAME: &'static str = names::LOCAL_WINDOW_LOCKED;

    #[inline]
    fn claim(&mut self, sequence: u64) -> bool {
        self.lock().claim(sequence).is_fresh()
    }
}

/// Grows for ever: nobody says when a number may be forgotten.
#[derive(Default)]
pub struct Set(Mutex<HashSet<u64>>);

impl Window for Arc<Set> {
    const NAME: &'static str = names::HASH_SET;

    #[inline]
    fn claim(&mut self, sequence: u64) -> bool {
        self.0.lock().insert(sequence)
    }
}

/// The window of RFC 6479, as IPsec and WireGuard have it, of as many bits as ours has numbers.
#[derive(Debug)]
pub struct Rfc6479 {
    next: u64,
    blocks: [u64; BLOCKS],
}

impl Default for Rfc6479 {
    fn default() -> Self {
        Self { next: 0, blocks: [0; BLOCKS] }
    }
}

impl Rfc6479 {
    #[inline]
    pub fn claim(&mut self, sequence: u64) -> bool {
        let block = sequence / 64;
        if sequence >= self.next {
            let last = self.next.saturating_sub(1) / 64;
            for passed in (last + 1..=block).take(BLOCKS) {
                self.blocks[index(passed)] = 0;
            }
            self.next = sequence + 1;
        } else if self.next - sequence > (BLOCKS as u64 - 1) * 64 {
            return false;
        }
        let word = &mut self.blocks[index(block)];
        let bit = 1 << (sequence % 64);
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a remainder is below a usize")]
const fn index(block: u64) -> usize {
    (block % BLOCKS as u64) as usize
}

impl Window for Arc<Mutex<Rfc6479>> {
    const NAME: &'static str = names::RFC_6479;

    #[inline]
    fn claim(&mut self, sequence: u64) -> bool {
        self.lock().claim(sequence)
    }
}

pub const FRESH: &str = "fresh, in order";
pub const DUPLICATE: &str = "duplicate";
const JOBS: [&str; 2] = [FRESH, DUPLICATE];
/// 512 bytes.
const WORDS: usize = 64;
/// As many numbers as [`WORDS`] of ours have, and one block more.
const BLOCKS: usize = 32;
/// Within all windows.
const SEEN: u64 = 1_024;
