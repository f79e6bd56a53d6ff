//! Vector clocks and version vectors.

pub mod buffer;
mod dense;
mod input;
mod peers;
pub mod shared;
mod subject;

use self::dense::{Fixed, Plain, VecClock};
pub use self::input::{Entries, Jobs, Pair};
use self::peers::{Crdts, Dson, Minerva, MinervaObserve, Ours, OursPostcard, Vclock};
pub use self::subject::Subject;
use crate::Case;

/// One job, done by every clock that can, on clocks of `n` entries; and how many calls make a slice.
pub fn column(n: usize, job: &'static str) -> (Vec<Case>, usize) {
    let mut column = Column { job, n, cases: vec![] };
    each(n, &mut column);
    (column.cases, subject::calls(n, job))
}

/// Shows every clock to `visitor`: floor, ours, peers.
pub fn each(n: usize, visitor: &mut impl Visitor) {
    match n {
        3 => dense::<3>(visitor),
        8 => dense::<8>(visitor),
        64 => dense::<64>(visitor),
        256 => dense::<256>(visitor),
        1_024 => dense::<1_024>(visitor),
        _ => panic!("no fixed clock of {n} entries is instantiated here"),
    }
    visitor.visit::<Ours>();
    visitor.visit::<OursPostcard>();
    visitor.visit::<Crdts>();
    visitor.visit::<Minerva>();
    visitor.visit::<MinervaObserve>();
    visitor.visit::<Vclock>();
    visitor.visit::<Dson>();
}

fn dense<const N: usize>(visitor: &mut impl Visitor) {
    visitor.visit::<Plain<N>>();
    visitor.visit::<Fixed<N>>();
    visitor.visit::<VecClock>();
}

/// Something to be done with every clock.
pub trait Visitor {
    fn visit<S: Subject>(&mut self);
}

struct Column {
    job: &'static str,
    n: usize,
    cases: Vec<Case>,
}

impl Visitor for Column {
    fn visit<S: Subject>(&mut self) {
        if S::does(self.job) {
            self.cases.push(subject::case::<S>(self.n, self.job));
        }
    }
}

pub const TICK: &str = "tick";
pub const EQUAL: &str = "compare, equal";
pub const LAST: &str = "compare, last differs";
pub const FIRST: &str = "compare, first differs";
pub const LESS: &str = "compare, all less";
pub const CONCURRENT: &str = "compare, concurrent";
pub const DISJOINT: &str = "compare, disjoint ids";
pub const MERGE: &str = "merge, same ids";
pub const MERGE_DISJOINT: &str = "merge, disjoint ids";
pub const MERGE_NOTHING: &str = "merge, nothing new";
pub const MERGE_ONE: &str = "merge, one new id";
pub const CLONE: &str = "clone";
pub const ENCODE: &str = "encode";
pub const DECODE: &str = "decode";

pub const COMPARES: [&str; 6] = [EQUAL, LAST, FIRST, LESS, CONCURRENT, DISJOINT];
pub const MERGES: [&str; 4] = [MERGE, MERGE_DISJOINT, MERGE_NOTHING, MERGE_ONE];
pub const JOBS: [&str; 14] = [
    TICK,
    EQUAL,
    LAST,
    FIRST,
    LESS,
    CONCURRENT,
    DISJOINT,
    MERGE,
    MERGE_DISJOINT,
    MERGE_NOTHING,
    MERGE_ONE,
    CLONE,
    ENCODE,
    DECODE,
];
pub const SIZES: [usize; 5] = [3, 8, 64, 256, 1_024];

/// The floor: an array of counters, and the loop that anyone would write.
pub const PLAIN: &str = "a plain `[u64; N]`";
pub const FIXED: &str = "**`spacelike_vclock::FixedClock`**";
pub const OURS: &str = "**`spacelike_vclock::VersionVector`**";
pub const OURS_POSTCARD: &str = "**`spacelike_vclock::VersionVector`**, by `postcard`";
pub const VEC_CLOCK: &str = "`vec_clock`";
pub const CRDTS: &str = "`crdts`";
pub const MINERVA: &str = "`minerva`";
pub const MINERVA_OBSERVE: &str = "`minerva`, `observe` by `observe`";
pub const VCLOCK: &str = "`vclock`";
pub const DSON: &str = "`dson`";
/// The peers whose entries have ids.
pub const SPARSE_PEERS: [&str; 5] = [CRDTS, MINERVA, MINERVA_OBSERVE, VCLOCK, DSON];
