//! What is accepted from peers, and what a peer can and can't do.
#![allow(clippy::unchecked_time_subtraction, reason = "constants that are known to be large enough")]

use core::time::Duration;

use spacelike_hlc::{Clock, DriftExceeded, LocalClock, ReceiveError, Timestamp};

const BOUND: Duration = Duration::from_millis(500);
const NOW: Duration = Duration::from_secs(1_700_000_000);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A timestamp this far ahead of `NOW`.
fn ahead(by: Duration, counter: u16) -> Timestamp {
    Timestamp::new(u64::try_from((NOW + by).as_millis()).unwrap(), counter).unwrap()
}

/// The bound is inclusive, counts whole milliseconds, and the counter doesn't decide.
#[test]
fn the_bound_is_inclusive_and_ignores_the_counter() {
    for counter in [0, 1, u16::MAX] {
        let clock = Clock::new(BOUND);
        assert_eq!(clock.observe(ahead(BOUND, counter), NOW), Ok(BOUND));
        let drift = ms(501);
        let refused = ReceiveError::DriftExceeded(DriftExceeded { drift, drift_max: BOUND });
        assert_eq!(clock.observe(ahead(drift, counter), NOW), Err(refused));
        assert_eq!(clock.receive(ahead(drift, counter), NOW), Err(refused));
        assert_eq!(clock.latest(), Some(ahead(BOUND, counter)));
        // Within the same millisecond the fraction of the wall clock makes no difference.
        assert_eq!(clock.observe(ahead(BOUND, counter), NOW + Duration::from_micros(999)), Ok(BOUND));
    }
}

/// Zero means zero: what is in our millisecond or earlier is accepted, and nothing else. A fraction counts as a whole
/// millisecond, and the greatest duration accepts all.
#[test]
fn zero_means_zero() {
    let clock = Clock::new(Duration::ZERO);
    assert_eq!(clock.observe(ahead(Duration::ZERO, u16::MAX), NOW), Ok(Duration::ZERO));
    assert!(clock.observe(ahead(ms(1), 0), NOW).is_err());
    let clock = Clock::new(Duration::from_nanos(1));
    assert!(clock.observe(ahead(ms(1), 0), NOW).is_ok());
    assert!(clock.observe(ahead(ms(2), 0), NOW).is_err());
    let clock = Clock::new(Duration::new(1, 999_999_999));
    assert!(clock.observe(ahead(ms(2_000), 0), NOW).is_ok());
    assert!(clock.observe(ahead(ms(2_001), 0), NOW).is_err());
    assert_eq!(clock.drift_max(), ms(2_000));
    let clock = Clock::new(Duration::MAX);
    assert_eq!(clock.drift_max(), Duration::MAX);
    assert_eq!(clock.observe(Timestamp::MAX, Duration::ZERO), Ok(Timestamp::MAX.physical()));
}

/// Only the future is bounded: a timestamp from long ago is taken like any other.
#[test]
fn the_past_is_not_refused() {
    let clock = Clock::new(Duration::ZERO);
    let received = clock.receive(Timestamp::MIN, NOW).unwrap();
    assert_eq!((received.timestamp.physical(), received.ahead), (NOW, Duration::ZERO));
}

/// The check is against the wall clock, not against our own timestamps: a peer can't pull us along.
#[test]
fn a_peer_cannot_ratchet_the_clock() {
    let clock = Clock::new(BOUND);
    for _ in 0..1_000 {
        let latest = clock.latest().map_or(NOW, Timestamp::physical);
        let next = Timestamp::new(u64::try_from((latest + BOUND).as_millis()).unwrap(), u16::MAX).unwrap();
        let _ = clock.receive(next, NOW);
    }
    // One millisecond more than the bound, since the counter was saturated and carried.
    assert_eq!(clock.lead(NOW), BOUND + ms(1));
}

/// A remote counter that is saturated neither stalls nor wraps: the next timestamps are greater, one by one.
#[test]
fn a_saturated_remote_counter_carries() {
    let remote = ahead(BOUND, u16::MAX);
    let clock = Clock::new(BOUND);
    let mut last = clock.receive(remote, NOW).unwrap().timestamp;
    assert_eq!(last, ahead(BOUND + ms(1), 0));
    for _ in 0..100_000 {
        let next = clock.tick(NOW).unwrap();
        assert_eq!(next.to_u64(), last.to_u64() + 1);
        last = next;
    }
}

/// Three nodes. One sends at the bound and beyond; what honest nodes relay then looks late to others, since it carries
/// the liar's time. Honest traffic is accepted again by the time the bound (and the carried millisecond) has passed.
#[test]
fn honest_traffic_recovers_within_the_bound() {
    // The third node's wall clock runs 20 ms behind the second's: honest, and within every bound.
    let (mut second, mut third) = (LocalClock::new(BOUND), LocalClock::new(BOUND));
    let behind = ms(20);

    let lie = ahead(BOUND, u16::MAX);
    let relayed = second.receive(lie, NOW).unwrap().timestamp;
    let refused = third.receive(relayed, NOW - behind).unwrap_err();
    assert!(matches!(refused, ReceiveError::DriftExceeded(e) if e.drift == BOUND + behind + ms(1)));

    let mut refusals = 0;
    let mut accepted_at = None;
    for elapsed in (1..1_000).map(ms) {
        // The liar goes on at the bound only once; the honest nodes talk every millisecond.
        let sent = second.tick(NOW + elapsed).unwrap();
        match third.receive(sent, NOW - behind + elapsed) {
            Ok(received) => {
                assert!(received.timestamp > sent);
                accepted_at.get_or_insert(elapsed);
            }
            Err(_) => refusals += 1,
        }
    }
    assert_eq!(refusals, 20);
    assert_eq!(accepted_at, Some(behind + ms(1)), "the relay's lead beyond the bound was 21 ms");
    assert!(accepted_at <= Some(BOUND));

    // A liar that never stops keeps the second node's lead at the bound, and so its traffic refused by those whose
    // wall clocks are behind: the clock can't tell an honest relay from a lie. Messages can still be taken.
    let wall = NOW + ms(5_000);
    let lie = Timestamp::new(u64::try_from((wall + BOUND).as_millis()).unwrap(), 0).unwrap();
    let relayed = second.receive(lie, wall).unwrap().timestamp;
    assert!(third.receive(relayed, wall - behind).is_err());
    assert!(third.tick(wall - behind).is_ok());
}

/// Taking over is a join: in any order, any number of times, the outcome is the same.
#[test]
fn observing_is_a_join() {
    let remotes = [ahead(ms(3), 1), ahead(ms(1), 9), ahead(ms(3), 2)];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let clock = Clock::new(BOUND);
        for remote in order.into_iter().chain(order).map(|i| remotes[i]) {
            clock.observe(remote, NOW).unwrap();
        }
        assert_eq!(clock.latest(), Some(remotes[2]));
    }
}
