/// Wall clocks that a bench moves: one word per thread, in the unit of each clock. A step is a second, so that every
/// unit takes one addition for it.
pub mod walls {
    use std::cell::Cell;
    use std::hint::black_box;
    use std::time::Duration;

    use minerva::kairos::TimeSource;
    use uhlc::NTP64;

    thread_local! {
        static DURATION: Cell<Duration> = const { Cell::new(Duration::ZERO) };
        static WORD: Cell<u64> = const { Cell::new(0) };
    }

    /// How a clock wants its wall.
    pub trait Unit: 'static {
        /// Sets this thread's wall to so many steps after the beginning.
        fn set(steps: u64);
        /// Moves it by one step.
        fn step();
    }

    /// Ours, and that of `hlc`.
    pub struct Durations;

    impl Unit for Durations {
        fn set(steps: u64) {
            // The address goes through `black_box`, so that every later read is one from memory.
            DURATION.with(|wall| black_box(wall).set(Duration::new(BEGIN + steps, NANOS)));
        }

        #[inline]
        fn step() {
            let wall = DURATION.get();
            DURATION.set(Duration::new(wall.as_secs() + 1, wall.subsec_nanos()));
        }
    }

    #[inline]
    pub fn duration() -> Duration {
        DURATION.get()
    }

    #[inline]
    pub fn timespec() -> time::Timespec {
        let wall = DURATION.get();
        time::Timespec { sec: wall.as_secs().cast_signed(), nsec: wall.subsec_nanos().cast_signed() }
    }

    /// Nanoseconds in a word: `minerva`, `hybrid-clocks`.
    pub struct Nanos;

    impl Unit for Nanos {
        fn set(steps: u64) {
            WORD.with(|wall| black_box(wall).set(nanos_at(steps)));
        }

        #[inline]
        fn step() {
            WORD.set(WORD.get() + 1_000_000_000);
        }
    }

    pub const fn nanos_at(steps: u64) -> u64 {
        (BEGIN + steps) * 1_000_000_000 + NANOS as u64
    }

    impl TimeSource for Nanos {
        #[inline]
        fn now(&self) -> u64 {
            WORD.get()
        }
    }

    impl hybrid_clocks::ClockSource for Nanos {
        type Time = u64;
        type Delta = u64;

        #[inline]
        fn now(&mut self) -> hybrid_clocks::Result<u64> {
            Ok(WORD.get())
        }
    }

    /// Seconds over 32 bits of fraction: `uhlc`.
    pub struct Ntp;

    impl Unit for Ntp {
        fn set(steps: u64) {
            WORD.with(|wall| black_box(wall).set(ntp_at(steps)));
        }

        #[inline]
        fn step() {
            WORD.set(WORD.get() + (1 << 32));
        }
    }

    pub const fn ntp_at(steps: u64) -> u64 {
        ((BEGIN + steps) << 32) + 0x1F9A_DD37
    }

    pub fn ntp() -> NTP64 {
        NTP64(WORD.get())
    }

    /// Milliseconds, which is what `hlc-gen`'s own manual clock counts.
    pub const fn millis_at(steps: u64) -> u64 {
        (BEGIN + steps) * 1_000 + NANOS as u64 / 1_000_000
    }

    pub const fn secs_at(steps: u64) -> u64 {
        BEGIN + steps
    }

    const BEGIN: u64 = 1_795_000_000;
    const NANOS: u32 = 123_456_789;
}

/// The system's clock, read once a millisecond by one thread for all: ours in a [`CachedWall`](spacelike_hlc::CachedWall), the
/// peers' in one plain word of their own unit, which is an easier job.
pub mod cached {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};

    use minerva::kairos::TimeSource;
    use spacelike_hlc::{CachedWall, OsClock};
    use uhlc::NTP64;

    pub static WALL: CachedWall = CachedWall::new();
    static NANOS: AtomicU64 = AtomicU64::new(0);
    static NTP: AtomicU64 = AtomicU64::new(0);

    /// Runs `body` while a thread refreshes all the cached walls.
    pub fn refreshed<R>(body: impl FnOnce() -> R) -> R {
        let (origin, stop) = (Instant::now(), AtomicBool::new(false));
        let refresh = || {
            let wall = OsClock::now().expect("a clock after 1970");
            WALL.refresh(wall, origin.elapsed());
            NANOS.store(u64::try_from(wall.as_nanos()).expect("before 2554"), Ordering::Relaxed);
            NTP.store(NTP64::from(wall).0, Ordering::Relaxed);
        };
        refresh();
        thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    refresh();
                    thread::sleep(Duration::from_millis(1));
                }
            });
            let result = body();
            stop.store(true, Ordering::Relaxed);
            result
        })
    }

    #[inline]
    pub fn wall() -> Duration {
        WALL.read().expect("refreshed").wall
    }

    pub fn ntp() -> NTP64 {
        NTP64(NTP.load(Ordering::Relaxed))
    }

    pub fn nanos() -> u64 {
        NANOS.load(Ordering::Relaxed)
    }

    pub struct Nanos;

    impl TimeSource for Nanos {
        #[inline]
        fn now(&self) -> u64 {
            nanos()
        }
    }

    impl hybrid_clocks::ClockSource for Nanos {
        type Time = u64;
        type Delta = u64;

        #[inline]
        fn now(&mut self) -> hybrid_clocks::Result<u64> {
            Ok(nanos())
        }
    }
}
