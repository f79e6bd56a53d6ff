//! What a user's code relies on without calling it: sizes, auto traits, constants, texts.

use core::time::Duration;
use std::error::Error;

use spacelike_hlc::interop::{Cockroach, CockroachError, Layout, Unrepresentable};
use spacelike_hlc::{
    BeforeUnixEpoch, CachedWall, Clock, DriftExceeded, Exhausted, LocalClock, LocalReservedClock, OsClock,
    OsMillis, OutOfRange, ParseStampError, ParseTimestampError, ReceiveError, Received, Reservation,
    ReservedClock, ReservedError, Rfc3339, Run, Stamp, Stored, Timestamp, Unreserved,
};

/// Statics, as in firmware and in services alike.
static CLOCK: Clock = Clock::new(Duration::from_millis(500));
static RESERVED: ReservedClock = ReservedClock::new(Duration::from_millis(500), Stored::Never);
static WALL: CachedWall = CachedWall::new();
const LOCAL: LocalClock = LocalClock::new(Duration::from_millis(500));
const LOCAL_RESERVED: LocalReservedClock =
    LocalReservedClock::new(Duration::ZERO, Stored::Bound(Timestamp::MIN));
const PARSED: Result<Timestamp, OutOfRange> = Timestamp::new(1_700_000_000_000, 0);

/// All of them can be made in a constant.
#[test]
fn clocks_are_const() {
    assert_eq!((CLOCK.latest(), RESERVED.latest(), WALL.read()), (None, None, None));
    assert_eq!((LOCAL.latest(), LOCAL_RESERVED.latest()), (None, Some(Timestamp::MIN)));
    assert!(PARSED.is_ok());
}

/// Small enough to put one into every message and every request.
#[test]
fn sizes_are_as_documented() {
    assert_eq!(size_of::<Timestamp>(), 8);
    assert_eq!(size_of::<Option<Timestamp>>(), 8);
    assert_eq!(size_of::<Stored>(), 8);
    assert_eq!(size_of::<Stamp<u64>>(), 16);
    assert_eq!(size_of::<Clock>(), 16);
    assert_eq!(size_of::<LocalClock>(), 16);
    assert_eq!(size_of::<ReservedClock>(), 24);
    assert_eq!(size_of::<LocalReservedClock>(), 24);
    assert_eq!(size_of::<CachedWall>(), 16);
}

/// Everything can be sent and shared; every error is an error.
#[test]
fn auto_traits_hold() {
    fn plain<T: Send + Sync + Unpin + std::panic::UnwindSafe + core::fmt::Debug>() {}
    fn data<T: Copy + Eq + core::hash::Hash>() {}
    fn error<T: Error + Send + Sync + Clone + Eq + 'static>() {}
    plain::<OsMillis>();
    plain::<(Clock, ReservedClock, CachedWall, LocalClock, LocalReservedClock, Run, Reservation, Rfc3339)>();
    plain::<(Timestamp, Stamp<u8>, Stored, Received, OsClock, Layout, Cockroach)>();
    data::<(Timestamp, Stamp<u8>, Stored, Received, OsClock, Layout, Cockroach)>();
    error::<OutOfRange>();
    error::<Exhausted>();
    error::<DriftExceeded>();
    error::<ReceiveError>();
    error::<Unreserved>();
    error::<ReservedError>();
    error::<ParseTimestampError>();
    error::<ParseStampError<core::num::ParseIntError>>();
    error::<BeforeUnixEpoch>();
    error::<Unrepresentable>();
    error::<CockroachError>();
}

/// Errors say what was wrong and what to do.
#[test]
fn errors_speak() {
    let t = Timestamp::new(1_700_000_000_000, 7).unwrap();
    let drift = DriftExceeded { drift: Duration::from_secs(3), drift_max: Duration::from_millis(500) };
    for (error, text) in [
        (drift.to_string(), "timestamp is 3s ahead of our wall clock, at most 500ms is accepted"),
        (
            ReceiveError::from(drift).to_string(),
            "timestamp is 3s ahead of our wall clock, at most 500ms is accepted",
        ),
        (
            Exhausted { wall: Duration::from_secs(9), latest: Some(t) }.to_string(),
            "no timestamp is left below the year 8659: the wall clock is 9s after 1970, the latest timestamp is \
             2023-11-14T22:13:20.000Z",
        ),
        (
            Unreserved { needed: t, bound: None }.to_string(),
            "timestamp 018bcfe56800-0007 is needed, and none is reserved yet: store a bound and confirm it first",
        ),
        (
            Unreserved { needed: t, bound: Some(Timestamp::MIN) }.to_string(),
            "timestamp 018bcfe56800-0007 is above the reserved bound 000000000000-0001: reserve more, further ahead",
        ),
        (
            Timestamp::from_u64(0).unwrap_err().to_string(),
            "0 ms and counter 0 are not a timestamp: the range is 0 ms, 1 to 211106232532991 ms, 65535",
        ),
        (
            ParseTimestampError::Form.to_string(),
            "a timestamp is written as 12 lower-case hexadecimal digits, `-`, and 4 more: 018bcfe56800-0007",
        ),
        (
            BeforeUnixEpoch { before: Duration::from_secs(1) }.to_string(),
            "the system clock is set to 1s before 1970: set it, or tick with the last reading or zero",
        ),
        (
            Unrepresentable { timestamp: t }.to_string(),
            "timestamp 018bcfe56800-0007 (2023-11-14T22:13:20.000Z) is outside the range of the other form",
        ),
    ] {
        assert_eq!(error, text);
    }
}

/// The operating system's clock is set to this century, and has a resolution.
#[test]
fn the_system_clock_can_be_read() {
    assert!(OsClock::now().unwrap() > Duration::from_secs(1_600_000_000));
    let resolution = OsClock::resolution().expect("a clock that moves within a thousand reads");
    assert!(resolution > Duration::ZERO && resolution < Duration::from_secs(1), "{resolution:?}");
}
