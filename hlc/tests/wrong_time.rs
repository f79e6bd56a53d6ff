//! Physical time going wrong, in every way that the README has an answer for. On both clocks.
#![allow(clippy::unchecked_time_subtraction, reason = "constants that are known to be large enough")]

use core::time::Duration;

use spacelike_hlc::{Clock, Exhausted, LocalClock, ReceiveError, Timestamp};

const HOUR: Duration = Duration::from_secs(3_600);
const NOW: Duration = Duration::from_secs(1_700_000_000);

/// Runs the body with a shared clock and with a local one.
macro_rules! on_both {
    (|$clock:ident| $body:block) => {{
        #[allow(unused_mut)]
        {
            let mut $clock = Clock::new(Duration::from_millis(500));
            $body
            let mut $clock = LocalClock::new(Duration::from_millis(500));
            $body
        }
    }};
}

/// An hour back under load: timestamps stay unique and growing, the lead says an hour, and time catches up.
#[test]
fn a_step_back_is_bridged_by_the_counter() {
    on_both!(|clock| {
        let mut last = clock.tick(NOW).unwrap();
        let back = NOW - HOUR;
        // Two seconds at 100,000 events a second: more than a counter holds.
        for i in 0..200_000u32 {
            let next = clock.tick(back + i * Duration::from_micros(10)).unwrap();
            assert!(next > last);
            last = next;
        }
        // What the lead grew by beyond the step are the 200,000 / 65,536 milliseconds that the counter carried into.
        let after = back + Duration::from_secs(2);
        assert_eq!(clock.lead(after), HOUR - Duration::from_secs(2) + Duration::from_millis(3));
        let caught_up = NOW + Duration::from_millis(10);
        assert_eq!(clock.tick(caught_up).unwrap().physical(), caught_up);
        assert_eq!(clock.lead(caught_up), Duration::ZERO);
    });
}

/// A frozen clock: growing all the same, one millisecond of lead for each 65,536 events.
#[test]
fn a_frozen_clock_grows_by_counting() {
    on_both!(|clock| {
        let first = clock.tick(NOW).unwrap();
        let mut last = first;
        for _ in 0..3 * 65_536 {
            let next = clock.tick(NOW).unwrap();
            assert_eq!(next.to_u64(), last.to_u64() + 1);
            last = next;
        }
        assert_eq!(last.millis() - first.millis(), 3);
        assert_eq!(clock.lead(NOW), Duration::from_millis(3));
    });
}

/// A jump forward and back: the clock stays at the peak, and its lead says so until time passes it.
#[test]
fn a_jump_forward_and_back_leaves_a_lead() {
    on_both!(|clock| {
        let before = clock.tick(NOW).unwrap();
        let peak = clock.tick(NOW + HOUR).unwrap();
        let after = clock.tick(NOW + Duration::from_secs(1)).unwrap();
        assert!(before < peak && peak < after);
        assert_eq!(clock.lead(NOW + Duration::from_secs(1)), HOUR - Duration::from_secs(1));
        assert_eq!(clock.lead(NOW + HOUR + Duration::from_millis(1)), Duration::ZERO);
        // Peers whose wall clocks didn't jump refuse what it issues meanwhile, and no longer once time has passed the peak.
        let mut peer = LocalClock::new(Duration::from_millis(500));
        assert!(peer.receive(after, NOW + Duration::from_secs(1)).is_err());
        assert!(peer.receive(after, NOW + HOUR).is_ok());
    });
}

/// A real-time clock that was never set reads zero: timestamps count from one, and jump when it is set.
#[test]
fn an_unset_clock_counts_from_one() {
    on_both!(|clock| {
        assert_eq!(clock.latest(), None);
        assert_eq!(clock.lead(Duration::ZERO), Duration::ZERO);
        assert_eq!(clock.tick(Duration::ZERO), Ok(Timestamp::MIN));
        assert_eq!(clock.tick(Duration::from_micros(999)).unwrap().to_u64(), 2);
        // A set peer is 53 years ahead: refused, and the message still gets a timestamp.
        let peer = Timestamp::new(1_700_000_000_000, 0).unwrap();
        let refused = clock.receive(peer, Duration::ZERO).unwrap_err();
        assert!(matches!(refused, ReceiveError::DriftExceeded(e) if e.drift == NOW));
        assert_eq!(clock.tick(Duration::ZERO).unwrap().to_u64(), 3);
        assert_eq!(clock.tick(NOW).unwrap().physical(), NOW);
    });
}

/// A source that fails doesn't reach the clock; the last reading, or zero, keeps it going.
#[test]
fn a_failing_source_need_not_stop_the_clock() {
    let readings = [Err("i2c timeout"), Ok(NOW), Err("i2c timeout"), Ok(NOW + HOUR), Err("i2c timeout")];
    on_both!(|clock| {
        let (mut last, mut good) = (None, Duration::ZERO);
        for reading in readings {
            good = reading.unwrap_or(good);
            for wall in [good, reading.unwrap_or_default()] {
                let next = clock.tick(wall).unwrap();
                assert!(Some(next) > last && next.physical() >= good);
                last = Some(next);
            }
        }
    });
}

/// The years in which other clocks end: 2036 (NTP's era), 2038 (32-bit seconds), 2106 (unsigned), 2262 (64-bit
/// nanoseconds). Ours goes through.
#[test]
fn the_ends_of_other_clocks_are_no_ends() {
    on_both!(|clock| {
        for end in [2_085_978_496, 1 << 31, 1 << 32, i64::MAX.unsigned_abs() / 1_000_000_000] {
            for seconds in [end - 1, end, end + 1] {
                let wall = Duration::from_secs(seconds);
                let timestamp = clock.tick(wall).unwrap();
                assert_eq!(timestamp.physical(), wall);
                assert_eq!(timestamp.to_string().parse(), Ok(timestamp));
            }
        }
    });
    for (seconds, text) in [
        (2_085_978_496, "2036-02-07T06:28:16.000Z"),
        (1 << 31, "2038-01-19T03:14:08.000Z"),
        (1 << 32, "2106-02-07T06:28:16.000Z"),
        (951_782_400, "2000-02-29T00:00:00.000Z"),
        (4_107_542_400, "2100-03-01T00:00:00.000Z"),
    ] {
        assert_eq!(Timestamp::new(seconds * 1_000, 0).unwrap().rfc3339().to_string(), text);
    }
    assert_eq!(Timestamp::MAX.rfc3339().to_string(), "8659-09-10T04:08:52.991Z");
}

/// The end of the range: the last timestamp is issued once, and then the clock says `Exhausted` and doesn't move.
#[test]
fn the_end_of_the_range_is_an_error() {
    on_both!(|clock| {
        let end = Timestamp::MAX.physical();
        assert_eq!(clock.tick_n(end, 65_535).unwrap().len(), 65_535);
        assert_eq!(clock.tick(end), Ok(Timestamp::MAX));
        let exhausted = Exhausted { wall: end, latest: Some(Timestamp::MAX) };
        assert_eq!(clock.tick(end), Err(exhausted));
        assert_eq!(clock.tick_n(end, 1), Err(exhausted));
        assert_eq!(clock.receive(Timestamp::MIN, end), Err(exhausted.into()));
        assert_eq!(clock.tick(Duration::ZERO).map_err(|e| e.latest), Err(Some(Timestamp::MAX)));
        assert_eq!(clock.latest(), Some(Timestamp::MAX));
        assert!(clock.tick_n(end, 0).unwrap().next().is_none());
    });
    on_both!(|clock| {
        let before = clock.tick(NOW).unwrap();
        for beyond in [Timestamp::MAX.physical() + Duration::from_millis(1), Duration::MAX] {
            assert_eq!(clock.tick(beyond), Err(Exhausted { wall: beyond, latest: Some(before) }));
            assert!(clock.tick_n(beyond, 3).is_err());
            assert!(clock.receive(Timestamp::MAX, beyond).is_err());
            assert!(clock.observe(Timestamp::MIN, beyond).is_err());
        }
        assert_eq!(clock.latest(), Some(before));
    });
}

/// A remote timestamp at the very end can be taken over by those who accept any drift, and leaves nothing to issue.
#[test]
fn the_greatest_remote_timestamp_is_refused_by_receive() {
    let mut clock = LocalClock::new(Duration::MAX);
    let before = clock.tick(NOW).unwrap();
    assert_eq!(clock.receive(Timestamp::MAX, NOW), Err(Exhausted { wall: NOW, latest: Some(before) }.into()));
    assert_eq!(clock.latest(), Some(before));
    let shared = Clock::new(Duration::MAX);
    assert!(shared.receive(Timestamp::MAX, NOW).is_err());
    assert_eq!(shared.latest(), None);
    // The one before it leaves exactly one.
    let before_last = Timestamp::from_u64(Timestamp::MAX.to_u64() - 1).unwrap();
    assert_eq!(shared.receive(before_last, NOW).unwrap().timestamp, Timestamp::MAX);
    assert_eq!(clock.receive(before_last, NOW).unwrap().timestamp, Timestamp::MAX);
}
