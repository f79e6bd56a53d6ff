//! Requests by keys, with their outcomes: one shape for all, so that all do the same job in the same loop.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{EXECUTE, IN_PROGRESS, REPLAY};
use crate::hlc::fetch_add;
use crate::{Case, sink, worker};

/// A client's request.
#[derive(Clone, Debug)]
pub struct Ask {
    pub tenant: &'static str,
    pub operation: &'static str,
    /// A UUID's text.
    pub key: String,
    /// What is asked for, in short.
    pub body: u64,
}

impl Ask {
    /// The n-th one.
    pub fn new(number: u64) -> Self {
        let (high, low) = (mixed(number), mixed(!number));
        let mut key = String::with_capacity(36);
        let _ = write!(
            key,
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xFFFF,
            high & 0xFFF,
            low >> 52,
            low & 0xFFFF_FFFF_FFFF
        );
        Self { tenant: TENANTS[(high % 4) as usize], operation: "POST /v1/payments", key, body: low }
    }

    /// As one text, for stores that know nothing of tenants and operations. In a buffer that is used again.
    #[inline]
    pub fn joined<'a>(&self, buffer: &'a mut String) -> &'a str {
        buffer.clear();
        buffer.push_str(self.tenant);
        buffer.push('/');
        buffer.push_str(self.operation);
        buffer.push('/');
        buffer.push_str(&self.key);
        buffer
    }
}

pub type Outcome = Arc<[u8]>;

/// Of a request, by its number: a hundred bytes.
pub fn outcome(number: u64) -> Outcome {
    let mut bytes = [7; 100];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Arc::new(bytes)
}

/// What is behind all handles.
pub trait Store: Send + Sync + 'static {
    const NAME: &'static str;

    fn new() -> Self;

    fn does(_job: &str) -> bool {
        true
    }

    /// Begins and completes a request that was never heard of. Whether it was new.
    fn execute(&self, ask: &Ask, buffer: &mut String, outcome: Outcome) -> bool;
    /// The outcome of one that was executed.
    fn replay(&self, ask: &Ask, buffer: &mut String) -> Option<Outcome>;
    /// Begins one and leaves it.
    fn begin(&self, ask: &Ask, buffer: &mut String);
    /// Whether it is told that it is in progress.
    fn is_in_progress(&self, ask: &Ask, buffer: &mut String) -> bool;
}

/// Something to be done with each store.
pub trait Visitor {
    fn visit<S: Store>(&mut self);
}

/// All jobs, on one thread, where each worker has a store of its own: a thousand keys are known to it, except to those that
/// execute, which begin with none.
pub fn alone() -> Vec<Case> {
    let mut cases: Vec<Case> = JOBS.map(fetch_add).into();
    super::each(&mut Alone(&mut cases));
    cases
}

/// On as many threads as there are workers: each case has one store for all.
pub fn contended() -> Vec<Case> {
    let mut cases: Vec<Case> = JOBS.map(fetch_add).into();
    super::each(&mut Shared { cases: &mut cases, known: FEW, jobs: &JOBS });
    cases
}

/// On one thread, among a million keys.
pub fn million() -> Vec<Case> {
    let mut cases: Vec<Case> = [EXECUTE, REPLAY].map(fetch_add).into();
    super::each(&mut Shared { cases: &mut cases, known: MILLION, jobs: &[EXECUTE, REPLAY] });
    cases
}

struct Alone<'a>(&'a mut Vec<Case>);

impl Visitor for Alone<'_> {
    fn visit<S: Store>(&mut self) {
        if S::does(EXECUTE) {
            self.0.push(Case::new(S::NAME, EXECUTE, || {
                execute(Arc::new(S::new()), Arc::new(AtomicU64::new(0)))
            }));
        }
        self.0.push(Case::new(S::NAME, REPLAY, || replay(Arc::new(filled::<S>(FEW)), FEW)));
        if S::does(IN_PROGRESS) {
            self.0.push(Case::new(S::NAME, IN_PROGRESS, || in_progress(Arc::new(begun::<S>()))));
        }
    }
}

struct Shared<'a> {
    cases: &'a mut Vec<Case>,
    known: u64,
    jobs: &'a [&'static str],
}

impl Visitor for Shared<'_> {
    fn visit<S: Store>(&mut self) {
        let known = self.known;
        let store = Arc::new(filled::<S>(known));
        if S::does(EXECUTE) && self.jobs.contains(&EXECUTE) {
            let (store, next) = (Arc::clone(&store), Arc::new(AtomicU64::new(known)));
            self.cases
                .push(Case::new(S::NAME, EXECUTE, move || execute(Arc::clone(&store), Arc::clone(&next))));
        }
        self.cases.push(Case::new(S::NAME, REPLAY, move || replay(Arc::clone(&store), known)));
        if S::does(IN_PROGRESS) && self.jobs.contains(&IN_PROGRESS) {
            let store = Arc::new(begun::<S>());
            self.cases.push(Case::new(S::NAME, IN_PROGRESS, move || in_progress(Arc::clone(&store))));
        }
    }
}

/// Fresh keys, whose text and outcome are made beforehand.
fn execute<S: Store>(store: Arc<S>, numbers: Arc<AtomicU64>) -> Box<dyn crate::Work> {
    worker(
        (store, numbers, Vec::<(Ask, Outcome)>::new(), String::new()),
        |(_, numbers, table, _), _, calls| {
            let some = calls as u64;
            let first = numbers.fetch_add(some, Ordering::Relaxed);
            table.clear();
            table.extend((first..first + some).rev().map(|number| (Ask::new(number), outcome(number))));
        },
        |(store, _, table, buffer), calls| {
            for (ask, outcome) in table.drain(table.len() - calls..).rev() {
                sink(&store.execute(&ask, buffer, outcome));
            }
        },
    )
}

fn replay<S: Store>(store: Arc<S>, known: u64) -> Box<dyn crate::Work> {
    asked(store, known, |store, ask, buffer| {
        let outcome = store.replay(ask, buffer);
        sink(&outcome);
    })
}

fn in_progress<S: Store>(store: Arc<S>) -> Box<dyn crate::Work> {
    asked(store, FEW, |store, ask, buffer| sink(&store.is_in_progress(ask, buffer)))
}

/// Asks for what is known, in an order that looks random.
fn asked<S: Store>(
    store: Arc<S>,
    known: u64,
    ask: impl Fn(&S, &Ask, &mut String) + 'static,
) -> Box<dyn crate::Work> {
    worker(
        (store, Vec::<Ask>::new(), 0, String::new()),
        move |(_, table, next, _), at, _| {
            table.clear();
            table.extend((0..ASKS as u64).map(|n| Ask::new(mixed(at << 32 | n) % known)));
            *next = 0;
        },
        move |(store, table, next, buffer), calls| {
            for _ in 0..calls {
                ask(store, &table[*next % ASKS], buffer);
                *next += 1;
            }
            black_box(&buffer);
        },
    )
}

/// With so many requests executed.
pub fn filled<S: Store>(known: u64) -> S {
    let (store, mut buffer) = (S::new(), String::new());
    for number in 0..known {
        let is_new = store.execute(&Ask::new(number), &mut buffer, outcome(number));
        assert!(is_new, "{}: {number} is new", S::NAME);
    }
    store
}

fn begun<S: Store>() -> S {
    let (store, mut buffer) = (S::new(), String::new());
    for number in 0..FEW {
        store.begin(&Ask::new(number), &mut buffer);
    }
    store
}

/// The finaliser of `SplitMix64`: no two numbers come to the same.
fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ bits >> 31
}

const TENANTS: [&str; 4] = ["tenant-aster", "tenant-birch", "tenant-cedar", "tenant-daisy"];
const JOBS: [&str; 3] = [EXECUTE, REPLAY, IN_PROGRESS];
const FEW: u64 = 1_000;
const MILLION: u64 = 1_000_000;
/// So many requests are made beforehand for a slice.
const ASKS: usize = 1_024;
