//! Hybrid logical clocks.

mod peers;
mod subject;

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use hlc_gen::HlcGenerator;
use minerva::chronos::SystemTimeSource;
use parking_lot::Mutex;
use spacelike_hlc::{Clock, LocalClock, OsClock, OsMillis};
use uhlc::{HLCBuilder, NTP64};

use self::peers::{
    Fenced, HlcGen, HlcState, HybridClock, Local, LocalReserved, MinervaLocal, MinervaShared, Reserved,
    Shared, Uhlc,
};
use self::subject::{Handle, Locked, receive_cases, tick_case_raised, tick_cases};
use crate::{Case, cached, sink, walls, worker};

/// Clocks that threads share, with walls that the bench moves.
pub fn shared() -> Vec<Case> {
    let mut cases = vec![];
    for job in [STILL, RAISED, RAISED_FENCED, BEHIND, AHEAD, TAKE_OVER] {
        cases.push(fetch_add(job));
    }
    subject::<Handle<Shared>>(&mut cases, Handle::share::<Shared>());
    subject::<Handle<Reserved>>(&mut cases, Handle::share::<Reserved>());
    subject::<Handle<Uhlc>>(&mut cases, Handle::share::<Uhlc>());
    subject::<Handle<MinervaShared>>(&mut cases, Handle::share::<MinervaShared>());
    cases.extend(tick_cases::<Handle<HlcGen>>(Handle::share::<HlcGen>()).into_iter().take(1));
    cases.extend(receive_cases::<Handle<HlcGen>>(Handle::share::<HlcGen>()));
    subject::<Handle<Locked<HybridClock>>>(&mut cases, Handle::share::<Locked<HybridClock>>());
    subject::<Handle<Locked<HlcState>>>(&mut cases, Handle::share::<Locked<HlcState>>());
    subject::<Handle<Locked<Local>>>(&mut cases, Handle::share::<Locked<Local>>());
    // Setting `hlc-gen`'s manual clock is a store with a full fence, so here both do that.
    cases.push(tick_case_raised::<Handle<Fenced>>(RAISED_FENCED, Handle::share::<Fenced>()));
    cases.push(tick_case_raised::<Handle<HlcGen>>(RAISED_FENCED, Handle::share::<HlcGen>()));
    cases
}

/// Clocks for one thread, on `&mut self`, with walls that the bench moves.
pub fn local() -> Vec<Case> {
    let mut cases = vec![];
    for job in [STILL, RAISED, BEHIND, AHEAD, TAKE_OVER] {
        cases.push(fetch_add(job));
    }
    subject::<Local>(&mut cases, || Box::new(subject::Subject::new));
    subject::<LocalReserved>(&mut cases, || Box::new(subject::Subject::new));
    subject::<MinervaLocal>(&mut cases, || Box::new(subject::Subject::new));
    subject::<HybridClock>(&mut cases, || Box::new(subject::Subject::new));
    subject::<HlcState>(&mut cases, || Box::new(subject::Subject::new));
    cases
}

/// The system's clock, read for every tick.
pub fn os() -> Vec<Case> {
    let ours = Arc::new(Clock::new(subject::DAY));
    let word = Arc::new(AtomicU64::new(0));
    let uhlc = Arc::new(HLCBuilder::new().with_max_delta(subject::DAY).build());
    let minerva =
        Arc::new(minerva::kairos::Clock::with_default_config(SystemTimeSource::new(), 1).expect("an id"));
    let hlc_gen = Arc::new(HlcGenerator::new(86_400_000));
    let hybrid = Arc::new(Mutex::new(hybrid_clocks::Clock::wall_ns().expect("a wall")));
    let hlc = Arc::new(Mutex::new(hlc::State::new()));
    vec![
        looped(
            OS_READ,
            OS,
            || (),
            |()| {
                sink(&SystemTime::now());
            },
        ),
        looped(FETCH_ADD, OS, arc(&word), |word| sink(&word.fetch_add(1, Ordering::AcqRel))),
        looped(OS_READ_ADD, OS, arc(&word), |word| {
            sink(&SystemTime::now());
            sink(&word.fetch_add(1, Ordering::AcqRel));
        }),
        looped(OS_SINCE, OS, || (), |()| sink(&OsClock::now().expect("after 1970"))),
        looped(OS_SINCE_ADD, OS, arc(&word), |word| {
            sink(&OsClock::now().expect("after 1970"));
            sink(&word.fetch_add(1, Ordering::AcqRel));
        }),
        looped(names::SHARED_EXACT, OS, arc(&ours), |clock| {
            sink(&clock.tick(OsClock::now().expect("after 1970")).expect("in range"));
        }),
        looped(OS_MILLIS, OS, OsMillis::new, |os| sink(&os.now().expect("after 1970"))),
        looped(names::SHARED, OS, by_millis(arc(&ours)), |(clock, os)| {
            sink(&clock.tick(os.now().expect("after 1970")).expect("in range"));
        }),
        looped(names::SHARED_HLC_WALL, OS, arc(&ours), |clock| {
            let wall = time::get_time();
            let wall = Duration::new(wall.sec.cast_unsigned(), wall.nsec.cast_unsigned());
            sink(&clock.tick(wall).expect("in range"));
        }),
        looped(names::UHLC, OS, arc(&uhlc), |clock| {
            sink(&clock.new_timestamp());
        }),
        looped(names::MINERVA, OS, arc(&minerva), |clock| {
            sink(&clock.now(0));
        }),
        looped(names::HLC_GEN, OS, arc(&hlc_gen), |clock| {
            sink(&clock.next_timestamp().expect("in range"));
        }),
        looped(names::HYBRID_LOCKED, OS, arc(&hybrid), |clock| {
            hybrid_sink(clock.lock().now().expect("a wall"));
        }),
        looped(names::HLC_LOCKED, OS, arc(&hlc), |clock| {
            sink(&clock.lock().get_time());
        }),
        looped(names::LOCAL, OS, by_millis(|| LocalClock::new(subject::DAY)), |(clock, os)| {
            sink(&clock.tick(os.now().expect("after 1970")).expect("in range"));
        }),
        looped(
            names::LOCAL_EXACT,
            OS,
            || LocalClock::new(subject::DAY),
            |clock| {
                sink(&clock.tick(OsClock::now().expect("after 1970")).expect("in range"));
            },
        ),
        looped(
            names::MINERVA_LOCAL,
            OS,
            || minerva::kairos::LocalClock::new(SystemTimeSource::new(), 1).expect("an id"),
            |clock| {
                sink(&clock.now(0));
            },
        ),
        looped(
            names::HYBRID,
            OS,
            || hybrid_clocks::Clock::wall_ns().expect("a wall"),
            |clock| {
                hybrid_sink(clock.now().expect("a wall"));
            },
        ),
        looped(names::HLC, OS, hlc::State::new, |clock| {
            sink(&clock.get_time());
        }),
    ]
}

/// The system's clock, read once a millisecond; run them inside [`cached::refreshed`].
pub fn cached() -> Vec<Case> {
    let ours = Arc::new(Clock::new(subject::DAY));
    let joined = Arc::new(Clock::new(subject::DAY));
    let uhlc = Arc::new(HLCBuilder::new().with_clock(cached::ntp).with_max_delta(subject::DAY).build());
    let minerva = Arc::new(minerva::kairos::Clock::with_default_config(cached::Nanos, 1).expect("an id"));
    let hlc_gen = Arc::new(HlcGenerator::manual(86_400_000));
    let hybrid = Arc::new(Mutex::new(hybrid_clocks::Clock::new(cached::Nanos).expect("a wall")));
    let hlc = Arc::new(Mutex::new(hlc::State::new_with(|| {
        let wall = cached::wall();
        time::Timespec { sec: wall.as_secs().cast_signed(), nsec: wall.subsec_nanos().cast_signed() }
    })));
    vec![
        fetch_add(CACHED),
        looped(names::SHARED, CACHED, arc(&ours), |clock| {
            sink(&clock.tick(cached::wall()).expect("in range"));
        }),
        Case::new(names::JOINED, CACHED, move || {
            let shared = Arc::clone(&joined);
            worker(
                LocalClock::new(subject::DAY),
                |_, _, _| {},
                move |clock, calls| {
                    clock.join(&shared);
                    for _ in 0..calls {
                        sink(&clock.tick(cached::wall()).expect("in range"));
                    }
                    clock.join(&shared);
                },
            )
        }),
        looped(names::UHLC, CACHED, arc(&uhlc), |clock| {
            sink(&clock.new_timestamp());
        }),
        looped(names::MINERVA, CACHED, arc(&minerva), |clock| {
            sink(&clock.now(0));
        }),
        Case::new(names::HLC_GEN, CACHED, move || {
            // It can't read a word of ours, so its own is set at the beginning of every slice.
            worker(
                Arc::clone(&hlc_gen),
                |_, _, _| {},
                |clock, calls| {
                    clock.set_current_timestamp((cached::nanos() / 1_000_000).cast_signed());
                    for _ in 0..calls {
                        sink(&clock.next_timestamp().expect("in range"));
                    }
                },
            )
        }),
        looped(names::HYBRID_LOCKED, CACHED, arc(&hybrid), |clock| {
            hybrid_sink(clock.lock().now().expect("a wall"));
        }),
        looped(names::HLC_LOCKED, CACHED, arc(&hlc), |clock| {
            sink(&clock.lock().get_time());
        }),
    ]
}

/// Timestamps by the batch; a call is one timestamp.
pub fn batches() -> Vec<Case> {
    let clock = Arc::new(Clock::new(subject::DAY));
    let minerva = Arc::new(minerva::kairos::Clock::with_default_config(walls::Nanos, 1).expect("an id"));
    vec![
        fetch_add(BATCH),
        Case::new(names::SHARED, BATCH, move || {
            worker(
                Arc::clone(&clock),
                |_, at, _| <walls::Durations as walls::Unit>::set(at),
                |clock, calls| {
                    for _ in 0..calls / BATCH_LEN as usize {
                        for timestamp in
                            clock.tick_n(walls::duration(), black_box(BATCH_LEN)).expect("in range")
                        {
                            sink(&timestamp);
                        }
                    }
                },
            )
        }),
        Case::new(names::LOCAL, BATCH, || {
            worker(
                LocalClock::new(subject::DAY),
                |_, at, _| <walls::Durations as walls::Unit>::set(at),
                |clock, calls| {
                    for _ in 0..calls / BATCH_LEN as usize {
                        for timestamp in
                            clock.tick_n(walls::duration(), black_box(BATCH_LEN)).expect("in range")
                        {
                            sink(&timestamp);
                        }
                    }
                },
            )
        }),
        Case::new(names::MINERVA, BATCH, move || {
            worker(
                Arc::clone(&minerva),
                |_, at, _| <walls::Nanos as walls::Unit>::set(at),
                |clock, calls| {
                    for _ in 0..calls / BATCH_LEN as usize {
                        let len = NonZeroU32::new(black_box(BATCH_LEN)).expect("not zero");
                        for timestamp in &clock.now_run(len, 0) {
                            sink(&timestamp);
                        }
                    }
                },
            )
        }),
    ]
}

/// The floor: one uncontended read-modify-write (or, with several threads, a contended one).
pub fn fetch_add(job: &'static str) -> Case {
    let word = Arc::new(AtomicU64::new(0));
    looped(FETCH_ADD, job, arc(&word), |word| {
        sink(&word.fetch_add(1, Ordering::AcqRel));
    })
}

/// Field by field, as for all results that have several and show them; see [`sink`].
#[inline]
fn hybrid_sink<T>(timestamp: hybrid_clocks::Timestamp<T>) {
    let (time, count) = (timestamp.time, timestamp.count);
    sink(&time);
    sink(&count);
}

fn subject<S: subject::Subject>(cases: &mut Vec<Case>, share: impl Fn() -> subject::Make<S>) {
    cases.extend(tick_cases::<S>(&share));
    cases.extend(receive_cases::<S>(&share));
}

/// A case that does one thing over and over, on a state of each thread's own.
pub fn looped<S: 'static>(
    clock: &'static str,
    job: &'static str,
    new: impl Fn() -> S + Send + Sync + 'static,
    call: impl Fn(&mut S) + Copy + Send + Sync + 'static,
) -> Case {
    Case::new(clock, job, move || {
        worker(
            new(),
            |_, _, _| {},
            move |state, calls| {
                for _ in 0..calls {
                    call(state);
                }
            },
        )
    })
}

pub fn arc<T: Send + Sync + 'static>(shared: &Arc<T>) -> impl Fn() -> Arc<T> + Send + Sync + use<T> {
    let shared = Arc::clone(shared);
    move || Arc::clone(&shared)
}

/// A clock, and a reading of the system's clock that goes with it.
fn by_millis<C>(
    new: impl Fn() -> C + Send + Sync + 'static,
) -> impl Fn() -> (C, OsMillis) + Send + Sync + 'static {
    move || (new(), OsMillis::new())
}

pub mod names {
    pub const SHARED: &str = "**`spacelike_hlc::Clock`**";
    pub const SHARED_EXACT: &str = "**`spacelike_hlc::Clock`**, by `OsClock`";
    pub const LOCAL_EXACT: &str = "**`spacelike_hlc::LocalClock`**, by `OsClock`";
    pub const SHARED_HLC_WALL: &str = "**`spacelike_hlc::Clock`**, on the clock read of `hlc`";
    pub const RESERVED: &str = "**`spacelike_hlc::ReservedClock`**";
    pub const LOCAL: &str = "**`spacelike_hlc::LocalClock`**";
    pub const LOCAL_RESERVED: &str = "**`spacelike_hlc::LocalReservedClock`**";
    pub const LOCAL_LOCKED: &str = "`spacelike_hlc::LocalClock` in a `Mutex`";
    pub const JOINED: &str = "**`spacelike_hlc::LocalClock`** per thread, joined";
    pub const UHLC: &str = "`uhlc`";
    pub const MINERVA: &str = "`minerva`";
    pub const MINERVA_LOCAL: &str = "`minerva`, `LocalClock`";
    pub const HLC_GEN: &str = "`hlc-gen`";
    pub const HYBRID: &str = "`hybrid-clocks`";
    pub const HYBRID_LOCKED: &str = "`hybrid-clocks` in a `Mutex`";
    pub const HLC: &str = "`hlc`";
    pub const HLC_LOCKED: &str = "`hlc` in a `Mutex`";
}

pub const FETCH_ADD: &str = "a bare `fetch_add`";
pub const OS_READ: &str = "a bare `SystemTime::now`";
pub const OS_READ_ADD: &str = "both of these, one after the other";
pub const OS_SINCE: &str = "`SystemTime::now`, as a `Duration` since 1970";
pub const OS_SINCE_ADD: &str = "that, and then a bare `fetch_add`";
pub const OS_MILLIS: &str = "`OsMillis::now`";
pub const STILL: &str = "tick, clock leads";
pub const RAISED: &str = "tick, raised";
pub const RAISED_FENCED: &str = "tick, raised, fenced wall";
pub const BEHIND: &str = "receive, remote behind";
pub const AHEAD: &str = "receive, remote ahead";
pub const TAKE_OVER: &str = "take over, remote ahead";
pub const OS: &str = "tick, system's clock";
pub const CACHED: &str = "tick, cached wall";
pub const BATCH: &str = "in batches of 64";
const BATCH_LEN: u32 = 64;

/// For `NTP64` in a signature; the peers' types are named in `peers`.
pub type Ntp64 = NTP64;
/// The bound on drift of all clocks that have one.
pub const DRIFT_MAX: Duration = subject::DAY;
