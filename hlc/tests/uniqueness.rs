//! Eight threads mix every operation on one clock: no timestamp twice, none out of order.

use core::time::Duration;
use std::sync::Barrier;
use std::thread;

use spacelike_hlc::{Clock, ReservedClock, Stored, Timestamp};

const THREADS: usize = 8;
const ROUNDS: u64 = 20_000;

/// A generator good enough to mix operations (Steele, Lea, Flood 2014, `SplitMix64`).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One thread's share: `issue` does one operation, chosen by the random number, and gives the words it issued.
fn share(seed: u64, barrier: &Barrier, mut issue: impl FnMut(u64, Duration) -> Vec<u64>) -> Vec<u64> {
    let (mut state, mut issued, mut last) = (seed, Vec::new(), 0);
    barrier.wait();
    for round in 0..ROUNDS {
        let random = next(&mut state);
        // Wall clocks that creep, and that differ between threads by a few milliseconds.
        let wall = Duration::from_micros(1_000_000 + round * 3 + random % 4_000);
        for word in issue(random >> 32, wall) {
            assert!(word > last, "seed {seed}: {word:x} after {last:x}");
            last = word;
            issued.push(word);
        }
    }
    issued
}

fn assert_distinct(shares: Vec<Vec<u64>>) {
    let mut all: Vec<u64> = shares.into_iter().flatten().collect();
    let count = all.len();
    assert!(count > 100_000, "the mix must issue plenty, not {count}");
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count, "a timestamp was issued twice");
}

/// The shared clock.
#[test]
fn a_shared_clock_issues_no_timestamp_twice() {
    let clock = Clock::new(Duration::from_millis(3));
    let barrier = Barrier::new(THREADS);
    let shares = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS as u64)
            .map(|seed| {
                let (clock, barrier) = (&clock, &barrier);
                scope.spawn(move || {
                    share(seed, barrier, |random, wall| {
                        let remote = || {
                            let millis = u64::try_from(wall.as_millis()).unwrap() + random % 5;
                            Timestamp::new(millis, u16::try_from(random % 65_536).unwrap()).unwrap()
                        };
                        match random % 8 {
                            0 => clock
                                .tick_n(wall, u32::try_from(random % 7).unwrap())
                                .unwrap()
                                .map(u64::from)
                                .collect(),
                            1 => match clock.receive(remote(), wall) {
                                Ok(received) => {
                                    assert!(received.timestamp > remote());
                                    vec![received.timestamp.to_u64()]
                                }
                                Err(_) => vec![],
                            },
                            2 => {
                                let before = clock.latest();
                                if clock.observe(remote(), wall).is_ok() {
                                    assert!(clock.latest() >= Some(remote()).max(before));
                                }
                                vec![]
                            }
                            _ => vec![clock.tick(wall).unwrap().to_u64()],
                        }
                    })
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_distinct(shares);
}

/// The reserved clock, whose bound one of the threads moves.
#[test]
fn a_reserved_clock_issues_no_timestamp_twice() {
    let clock = ReservedClock::new(Duration::from_millis(3), Stored::Never);
    let barrier = Barrier::new(THREADS);
    let shares = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS as u64)
            .map(|seed| {
                let (clock, barrier) = (&clock, &barrier);
                scope.spawn(move || {
                    share(seed, barrier, |random, wall| {
                        let issued = match random % 4 {
                            0 => clock.tick_n(wall, 3).map(|run| run.map(u64::from).collect()),
                            1 => {
                                let millis = u64::try_from(wall.as_millis()).unwrap();
                                let remote = Timestamp::new(millis, 0xFFFF).unwrap();
                                clock.observe(remote, wall).and_then(|_| {
                                    let received = clock.receive(remote, wall)?;
                                    assert!(received.timestamp > remote);
                                    Ok(vec![received.timestamp.to_u64()])
                                })
                            }
                            _ => clock.tick(wall).map(|timestamp| vec![timestamp.to_u64()]),
                        };
                        issued.unwrap_or_else(|_| {
                            clock.confirm(clock.reserve(wall, Duration::from_millis(2)).unwrap());
                            vec![]
                        })
                    })
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(clock.latest() <= clock.bound());
    assert_distinct(shares);
}
