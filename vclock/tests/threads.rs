//! Eight threads share a clock: no dot twice, nothing lost, and what happened before is before.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Mutex, mpsc};
use std::thread;

use spacelike_vclock::{AtomicClock, AtomicPacked, FixedClock, Packed};

static CLOCK: AtomicClock<3> = AtomicClock::new(2);
static PACKED: AtomicPacked<2> = AtomicPacked::new();
static RESTARTED: AtomicPacked<2> = AtomicPacked::starting_at(Packed::from_u64(7));

const THREADS: u64 = 8;
const ROUNDS: u64 = 10_000;

/// A generator good enough to mix operations (Steele, Lea, Flood 2014, `SplitMix64`).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Runs `work` in every thread at once, with a seed, and gives what each returned.
fn in_threads<T: Send>(work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let (barrier, work) = (&Barrier::new(usize::try_from(THREADS).unwrap()), &work);
    thread::scope(|scope| {
        let run = |seed| {
            scope.spawn(move || {
                barrier.wait();
                work(seed)
            })
        };
        let threads: Vec<_> = (0..THREADS).map(run).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// The dots are 1, 2, 3 and so on up to the last.
fn assert_complete(mut dots: Vec<u64>, last: u64) {
    dots.sort_unstable();
    assert!(dots.iter().copied().eq(1..=last), "a dot was issued twice, or never");
}

/// Each thread's timestamps grow, none of the dots comes twice, and in the end everything taken over is there.
#[test]
fn a_shared_clock_issues_no_dot_twice() {
    let clock = AtomicClock::<3>::new(1);
    let shares = in_threads(|seed| {
        let (mut state, mut dots, mut taken) = (seed, Vec::new(), FixedClock::<3>::new());
        let mut last = FixedClock::<3>::new();
        for _ in 0..ROUNDS {
            let random = next(&mut state);
            let message = FixedClock::from([random >> 32 & 0xFFFF, last.get(1), random >> 48]);
            let stamp = match random % 8 {
                0 => clock.receive(&message).unwrap(),
                1 => {
                    clock.observe(&message).unwrap();
                    taken.merge(&message);
                    assert!(message.is_le(&clock.snapshot()), "seed {seed}: {message} is not taken over");
                    continue;
                }
                2 => {
                    let snapshot = clock.snapshot();
                    assert!(last.is_le(&snapshot), "seed {seed}: {snapshot} after {last}");
                    continue;
                }
                _ => clock.tick().unwrap(),
            };
            if random % 8 == 0 {
                taken.merge(&message);
            }
            assert!(last < stamp && taken.is_le(&stamp), "seed {seed}: {stamp} after {last} and {taken}");
            last = stamp;
            dots.push(stamp.get(1));
        }
        (dots, taken)
    });
    let end = clock.snapshot();
    let mut taken = FixedClock::<3>::new();
    for (_, of_one) in &shares {
        taken.merge(of_one);
    }
    assert_eq!([end.get(0), end.get(2)], [taken.get(0), taken.get(2)], "what was taken over is lost");
    assert_complete(shares.into_iter().flat_map(|(dots, _)| dots).collect(), end.get(1));
}

/// All timestamps of a packed clock, of all threads and lanes, are in one order.
#[test]
fn a_packed_clock_issues_one_order() {
    let clock = AtomicPacked::<4>::new();
    let shares = in_threads(|seed| {
        let own = usize::try_from(seed % 2).unwrap();
        let (mut state, mut issued, mut last) = (seed, Vec::new(), Packed::<4>::new());
        for _ in 0..ROUNDS {
            let random = next(&mut state);
            let message = Packed::try_from([0, 0, random >> 32 & 0xFFF, random >> 48 & 0xFFF]).unwrap();
            let stamp = match random % 8 {
                0 => clock.receive(own, message).unwrap(),
                1 => {
                    clock.observe(own, message).unwrap();
                    let latest = clock.latest();
                    assert!(message.is_le(&latest) && last.is_le(&latest), "seed {seed}: {message} {latest}");
                    continue;
                }
                _ => clock.tick(own).unwrap(),
            };
            assert!(last < stamp, "seed {seed}: {stamp} after {last}");
            last = stamp;
            issued.push(stamp);
        }
        issued
    });
    let mut all = shares.concat();
    all.sort_unstable_by_key(|stamp| stamp.get(0) + stamp.get(1));
    assert!(all.is_sorted_by(|a, b| a < b), "not in one order");
    let latest = clock.latest();
    assert_eq!(u64::try_from(all.len()).unwrap(), latest.get(0) + latest.get(1));
}

/// Two processes of four threads each exchange messages: what was sent is before what received it, and so is all that
/// the sender knew.
#[test]
fn messages_carry_causality_between_processes() {
    let processes = [AtomicClock::<2>::new(0), AtomicClock::<2>::new(1)];
    let (senders, inboxes): (Vec<_>, Vec<_>) = (0..2).map(|_| mpsc::channel::<FixedClock<2>>()).unzip();
    let inboxes: Vec<_> = inboxes.into_iter().map(Mutex::new).collect();
    let received = AtomicU64::new(0);
    let shares = in_threads(|seed| {
        let own = usize::try_from(seed % 2).unwrap();
        let (clock, mut dots, mut last) = (&processes[own], Vec::new(), FixedClock::<2>::new());
        let outbox = senders[1 - own].clone();
        for round in 0..ROUNDS {
            let message = if round % 2 == 0 { None } else { inboxes[own].lock().unwrap().try_recv().ok() };
            let stamp = if let Some(message) = message {
                received.fetch_add(1, Ordering::Relaxed);
                let stamp = clock.receive(&message).expect("a peer never knows more of us than we do");
                assert!(message < stamp, "{stamp} received {message}");
                stamp
            } else {
                let stamp = clock.tick().unwrap();
                outbox.send(stamp).unwrap();
                stamp
            };
            assert!(last < stamp, "{stamp} after {last}");
            last = stamp;
            dots.push(stamp.get(own));
        }
        dots
    });
    assert!(received.into_inner() > ROUNDS, "the processes must have talked");
    for (own, clock) in processes.iter().enumerate() {
        let dots = shares.iter().enumerate().filter(|(seed, _)| seed % 2 == own);
        assert_complete(dots.flat_map(|(_, dots)| dots).copied().collect(), clock.snapshot().get(own));
    }
}

/// At the limit threads that keep trying are issued nothing, and the counter stays where it is.
#[test]
fn the_last_dots_are_issued_once() {
    const LIMIT: u64 = AtomicClock::<2>::LIMIT;
    let clock = AtomicClock::starting_at(0, &FixedClock::from([LIMIT - 1_000, 0])).unwrap();
    let shares = in_threads(|_| {
        let ticks = (0..1_000).filter_map(|_| {
            assert!(clock.snapshot().get(0) <= LIMIT);
            clock.tick().ok()
        });
        ticks.map(|stamp| stamp.get(0) - (LIMIT - 1_000)).collect::<Vec<_>>()
    });
    assert_complete(shares.concat(), 1_000);
    assert_eq!(clock.snapshot().get(0), LIMIT);
}

/// Clocks are statics, as small as documented, and can be shared, sent, and printed.
#[test]
fn clocks_are_plain() {
    fn plain<
        T: Send + Sync + Unpin + core::panic::UnwindSafe + core::panic::RefUnwindSafe + core::fmt::Debug,
    >() {
    }
    fn data<T: Copy + Eq + core::hash::Hash + Default>() {}
    plain::<(AtomicClock<3>, AtomicPacked<2>, Packed<8>)>();
    data::<(Packed<2>, Packed<4>, Packed<8>)>();
    assert_eq!(size_of::<AtomicPacked<8>>(), 8);
    assert_eq!(size_of::<Packed<2>>(), 8);
    // Eight words, also where the index is half of one: atomics are aligned to their size.
    assert_eq!(size_of::<AtomicClock<7>>(), 8 * 8);
    assert_eq!((CLOCK.tick().unwrap().to_array(), CLOCK.own()), ([0, 0, 1], 2));
    assert_eq!(PACKED.tick(1).unwrap().to_array(), [0, 1]);
    assert_eq!(RESTARTED.tick(0).unwrap().to_array(), [8, 0]);
}
