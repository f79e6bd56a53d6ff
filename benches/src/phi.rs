//! Failure detectors.

pub mod ours;
pub mod peers;
pub mod subject;

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use spacelike_phi_detector::{
    Beat, Bertier, ChenE, EwmaPhi, FixedTimeout, Heard, IntegerPhi, Jacobson, LocalPhi, Normal, Phi,
    QuantileTail, TwoWindow,
};

use self::peers::{Arrivals, Awaited, Pings, Sync, Unsync, Window};
use self::subject::{Handle, Locked, SharedSubject, Subject};
use crate::Case;
use crate::hlc::fetch_add;

/// Detectors for one thread, on `&mut self`.
pub fn local(window: usize) -> Vec<Case> {
    let mut cases: Vec<Case> = JOBS.map(fetch_add).into();
    each_local(window, &mut Local { cases: &mut cases, window: window as u64 });
    cases
}

/// Detectors that threads share, on one of them.
pub fn shared(window: usize) -> Vec<Case> {
    let mut cases: Vec<Case> = JOBS.map(fetch_add).into();
    each_shared(window, &mut Shared { cases: &mut cases, window: window as u64, call: Call::Alone });
    cases
}

/// Detectors that threads share, on several: each case has one for all workers.
pub fn contended(window: usize) -> Vec<Case> {
    let mut cases: Vec<Case> = [HEARTBEAT, MIXED, SUSPECT, ON_TIME, OVERDUE].map(fetch_add).into();
    each_shared(window, &mut Shared { cases: &mut cases, window: window as u64, call: Call::Contended });
    cases
}

/// Of the beats that two threads hear at once, the part that another one has overtaken when it is heard: those are stale.
pub fn overtaken<const N: usize>(beats: usize) -> f64 {
    let (peer, next) = (<Phi<Normal, N, 1> as SharedSubject>::new(HEARTBEAT), AtomicU64::new(0));
    let begin = Barrier::new(2);
    let thread = || {
        begin.wait();
        let hear = |_| peer.heartbeat(Beat::at(subject::beat(next.fetch_add(1, Ordering::Relaxed))));
        (0..beats).map(hear).filter(|heard| *heard == Heard::Stale).count()
    };
    let stale = thread::scope(|scope| {
        let other = scope.spawn(thread);
        thread() + other.join().expect("a thread")
    });
    f64::from(u32::try_from(stale).expect("fewer")) / f64::from(u32::try_from(2 * beats).expect("fewer"))
}

/// Something to be done with each detector.
pub trait Visitor {
    fn visit<S: Subject>(&mut self);
}

/// The same for detectors that threads share.
pub trait SharedVisitor {
    fn visit<C: SharedSubject>(&mut self);
}

/// All for one thread, in the order of the tables.
pub fn each_local(window: usize, visitor: &mut impl Visitor) {
    match window {
        100 => each_local_of::<100>(visitor),
        1_000 => each_local_of::<1_000>(visitor),
        _ => panic!("windows of {WINDOWS:?}"),
    }
}

/// All that threads share, in the order of the tables.
pub fn each_shared(window: usize, visitor: &mut impl SharedVisitor) {
    match window {
        100 => each_shared_of::<100>(visitor),
        1_000 => each_shared_of::<1_000>(visitor),
        _ => panic!("windows of {WINDOWS:?}"),
    }
}

fn each_local_of<const N: usize>(visitor: &mut impl Visitor) {
    visitor.visit::<LocalPhi<Normal, N, 1>>();
    visitor.visit::<IntegerPhi<N, 1>>();
    visitor.visit::<QuantileTail<N, 1>>();
    visitor.visit::<ChenE<N, 1>>();
    visitor.visit::<TwoWindow<1, N, 1>>();
    visitor.visit::<Bertier<N, 1>>();
    visitor.visit::<Jacobson<1>>();
    visitor.visit::<FixedTimeout<1>>();
    visitor.visit::<Unsync<N>>();
    visitor.visit::<Arrivals<N>>();
    visitor.visit::<Window<N>>();
    visitor.visit::<Pings>();
}

fn each_shared_of<const N: usize>(visitor: &mut impl SharedVisitor) {
    visitor.visit::<Phi<Normal, N, 1>>();
    visitor.visit::<EwmaPhi>();
    visitor.visit::<Locked<LocalPhi<Normal, N, 1>>>();
    visitor.visit::<Sync<N>>();
    visitor.visit::<Locked<Unsync<N>>>();
    visitor.visit::<Locked<Arrivals<N>>>();
    visitor.visit::<Awaited<N>>();
    visitor.visit::<Locked<Pings>>();
}

struct Local<'a> {
    cases: &'a mut Vec<Case>,
    window: u64,
}

impl Visitor for Local<'_> {
    fn visit<S: Subject>(&mut self) {
        subject::alone::<S>(self.cases, self.window);
    }
}

struct Shared<'a> {
    cases: &'a mut Vec<Case>,
    window: u64,
    call: Call,
}

enum Call {
    Alone,
    Contended,
}

impl SharedVisitor for Shared<'_> {
    fn visit<C: SharedSubject>(&mut self) {
        match self.call {
            Call::Alone => subject::alone::<Handle<C>>(self.cases, self.window),
            Call::Contended => subject::contended::<C>(self.cases, self.window),
        }
    }
}

pub mod names {
    pub const LOCAL_PHI: &str = "**`spacelike_phi_detector::LocalPhi`**";
    pub const LOCAL_PHI_LOCKED: &str = "`spacelike_phi_detector::LocalPhi` in a `Mutex`";
    pub const PHI: &str = "**`spacelike_phi_detector::Phi`**";
    pub const EWMA: &str = "**`spacelike_phi_detector::EwmaPhi`**, no window";
    pub const INTEGER_PHI: &str = "**`spacelike_phi_detector::IntegerPhi`**";
    pub const QUANTILE_TAIL: &str = "**`spacelike_phi_detector::QuantileTail`**";
    pub const CHEN: &str = "**`spacelike_phi_detector::ChenE`**";
    pub const TWO_WINDOW: &str = "**`spacelike_phi_detector::TwoWindow`**";
    pub const BERTIER: &str = "**`spacelike_phi_detector::Bertier`**";
    pub const JACOBSON: &str = "**`spacelike_phi_detector::Jacobson`**";
    pub const FIXED: &str = "**`spacelike_phi_detector::FixedTimeout`**";
    pub const PHI_DETECTOR: &str = "`phi-detector`, no window";
    pub const PHI_DETECTOR_LOCKED: &str = "`phi-detector` in a `Mutex`, no window";
    pub const PHI_ACCRUAL: &str = "`phi-accrual`";
    pub const PHI_ACCRUAL_LOCKED: &str = "`phi-accrual` in a `Mutex`";
    pub const PAFD: &str = "`phi-accrual-failure-detector`";
    pub const PAFD_LOCKED: &str = "`phi-accrual-failure-detector` in a `Mutex`";
    pub const PAFD_SYNC: &str = "`phi-accrual-failure-detector`, its own lock";
    pub const PAD: &str = "`phi-accrual-detector`, its own lock, `async`";
    pub const PAD_STATISTICS: &str = "`phi-accrual-detector`, its window";
}

/// What a question of phi 8 costs where the answer is no: nearly always.
pub const SUSPECT: &str = "suspect at phi 8?";
pub const HEARTBEAT: &str = "heartbeat";
pub const ON_TIME: &str = "phi, on time";
pub const OVERDUE: &str = "phi, overdue";
pub const MIXED: &str = "a beat, and 15 questions";
pub const JOBS: [&str; 4] = [HEARTBEAT, SUSPECT, ON_TIME, OVERDUE];
pub const WINDOWS: [usize; 2] = [100, 1_000];
