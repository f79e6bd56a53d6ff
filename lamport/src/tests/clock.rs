use std::collections::BTreeSet;
use std::sync::Mutex;
use std::vec::Vec;

use Op::{
    Bootstrap, Follow, Latest, Lead, Observe, Read, Receive, ReceiveSent, Refused, Send, Tick, Try, Write,
};

use super::{Arc, Data, model, thread};
use crate::sync::Ordering;
use crate::{Clock, ReceiveError, Timestamp};

/// Two threads that tick at once never get the same timestamp, and each sees its own grow.
#[test]
fn concurrent_ticks_are_distinct() {
    race([&[Tick, Tick], &[Tick, Tick]], distinct);
}

/// So do three.
#[test]
fn ticks_of_three_threads_are_distinct() {
    race([&[Tick], &[Tick], &[Tick]], distinct);
}

/// Two receives of one message, as after a duplicate, get two timestamps, both greater than the message's.
#[test]
fn concurrent_receives_are_distinct() {
    race([&[Receive(10)], &[Receive(10)]], distinct);
}

/// So does a receive among ticks: on the path that raises the word and on the path that finds it high enough.
#[test]
fn receives_among_ticks_are_distinct() {
    race([&[Tick, Receive(2)], &[Receive(1), Tick]], distinct);
}

/// A takeover never makes a timestamp come twice, nor one come after a greater one of the same thread.
#[test]
fn takeovers_leave_ticks_distinct() {
    race([&[Tick, Observe(2), Tick], &[Bootstrap(3), Tick]], distinct);
}

/// Every operation at once, in three threads.
#[test]
fn all_operations_together_stay_distinct() {
    race([&[Tick, Bootstrap(2)], &[Receive(4)], &[Observe(6), Tick]], distinct);
}

/// What a thread takes over is below all that it issues later, whatever smaller values others take over meanwhile.
#[test]
fn observe_then_tick_dominates() {
    race([&[Observe(10), Tick], &[Observe(5)]], dominates_ten);
}

/// The same where one of them is a bootstrap: it never lowers the clock.
#[test]
fn bootstrap_never_lowers() {
    race([&[Observe(10), Tick], &[Bootstrap(5)]], dominates_ten);
    race([&[Bootstrap(10), Tick], &[Bootstrap(5)]], dominates_ten);
}

/// Input that is refused leaves the word alone, also while another thread moves it: only the ticks count.
#[test]
fn refused_input_leaves_the_word_alone() {
    race([&[Refused], &[Tick, Tick]], |clock, [_, ticks]| {
        assert_eq!((ticks.as_slice(), clock.latest().get()), ([1, 2].as_slice(), 2));
    });
}

/// A remote timestamp that only a tick of another thread brings within the bound is either received, after that tick, or
/// refused, before it: there is nothing in between.
#[test]
fn a_jump_at_the_bound_is_received_or_refused() {
    static SEEN: Mutex<BTreeSet<bool>> = Mutex::new(BTreeSet::new());
    race([&[Try(JUMP_MAX + 1)], &[Tick]], |clock, [received, tick]| {
        let refused = received[0] == REFUSED;
        let latest = if refused { 1 } else { JUMP_MAX + 2 };
        assert!(refused || received[0] == latest, "{received:?}");
        assert_eq!((tick[0], clock.latest().get()), (1, latest));
        SEEN.lock().unwrap().insert(refused);
    });
    if cfg!(loom) {
        assert_eq!(SEEN.lock().unwrap().len(), 2, "loom should have met both");
    }
}

/// A receive is greater than its message even if that came by a path that orders nothing, and greater than all its
/// thread had before.
#[test]
fn a_receive_is_greater_than_its_message() {
    race([&[Tick, Send], &[Tick, ReceiveSent]], distinct);
}

/// Where something else puts one thread's tick before another's, their timestamps agree, without any message to take
/// over.
#[test]
fn ticks_follow_other_synchronisation() {
    race([&[Tick, Lead], &[Follow]], distinct);
}

/// Whoever gets a greater timestamp sees what was written before the smaller one was issued.
#[test]
fn a_greater_timestamp_publishes() {
    race([&[Write, Tick], &[Tick, Read]], published);
    race([&[Write, Tick], &[Receive(2), Read]], published);
    race([&[Write, Receive(2)], &[Tick, Read]], published);
    race([&[Write, Receive(2)], &[Receive(5), Read]], published);
    race([&[Write, Receive(0)], &[Receive(0), Read]], published); // finds the word high enough, and ticks
}

/// Whoever reads an issued timestamp, or a greater one, from `latest` sees what was written before it was issued.
#[test]
fn latest_publishes() {
    race([&[Write, Tick], &[Latest, Read]], published);
    race([&[Write, Receive(2)], &[Latest, Read]], published);
}

/// Takeovers between the two don't get into the way, though they are relaxed: a read-modify-write goes on with the
/// release sequence that it finds.
#[test]
fn takeovers_pass_on_what_ticks_published() {
    race([&[Write, Tick], &[Latest, Read], &[Observe(10)]], published_past_a_takeover);
    race([&[Write, Tick], &[Tick, Read], &[Bootstrap(10)]], published_past_a_takeover);
}

/// What a thread does in a model.
#[derive(Clone, Copy)]
enum Op {
    Tick,
    Receive(u64),
    /// Receives, and returns [`REFUSED`] if that is refused.
    Try(u64),
    Observe(u64),
    Bootstrap(u64),
    Latest,
    /// All that the clock has to refuse, whatever its other thread does.
    Refused,
    /// Writes data that no synchronisation of its own protects.
    Write,
    /// Reads it.
    Read,
    /// Ticks, and lets the timestamp travel without any synchronisation.
    Send,
    /// Receives what was sent, or zero.
    ReceiveSent,
    /// Ticks, and tells so with synchronisation.
    Lead,
    /// Ticks, and more than was told.
    Follow,
}

impl Op {
    /// Does it and returns what came of it, if anything.
    fn apply(self, World { clock, data }: &World) -> Option<u64> {
        match self {
            Tick => Some(clock.tick().get()),
            Receive(remote) => {
                let received = clock.receive(Timestamp::new(remote)).unwrap().get();
                assert!(received > remote, "a receive is not greater than its message");
                Some(received)
            }
            Try(remote) => match clock.receive(Timestamp::new(remote)) {
                Ok(received) => Some(received.get()),
                Err(_) => Some(REFUSED),
            },
            Observe(remote) => {
                clock.observe(Timestamp::new(remote)).unwrap();
                None
            }
            Bootstrap(at) => {
                clock.bootstrap(Timestamp::new(at)).unwrap();
                None
            }
            Latest => Some(clock.latest().get()),
            Refused => {
                // The other thread ticks twice.
                let far = Timestamp::new(JUMP_MAX + 3);
                let none = Timestamp::new(Timestamp::LIMIT.get() + 1);
                assert!(matches!(clock.receive(far), Err(ReceiveError::JumpExceeded(_))));
                assert!(matches!(clock.observe(far), Err(ReceiveError::JumpExceeded(_))));
                assert!(matches!(clock.receive(none), Err(ReceiveError::OutOfRange(_))));
                assert!(matches!(clock.observe(none), Err(ReceiveError::OutOfRange(_))));
                assert!(clock.bootstrap(none).is_err());
                None
            }
            Write => {
                data.store(1, Ordering::Relaxed);
                None
            }
            Read => Some(data.load(Ordering::Relaxed)),
            Send => {
                let tick = clock.tick().get();
                data.store(tick, Ordering::Relaxed);
                Some(tick)
            }
            ReceiveSent => Receive(data.load(Ordering::Relaxed)).apply(&World { clock, data }),
            Lead => {
                let tick = clock.tick().get();
                data.store(tick, Ordering::Release);
                Some(tick)
            }
            Follow => {
                let told = data.load(Ordering::Acquire);
                let tick = clock.tick().get();
                assert!(tick > told, "a later tick is not greater");
                Some(tick)
            }
        }
    }
}

/// What the threads of a model share.
#[derive(Clone, Copy)]
struct World<'a> {
    clock: &'a Clock,
    data: &'a Data,
}

/// Runs each role in a thread of its own, and checks what came of it.
///
/// The roles take turns in being the thread that spawns the others: which interleavings loom misses where a thread loads
/// a word and then writes it, as `receive` does, depends on that (its issues 166 and 392), and strong loads, which miss
/// none, never see an old value.
fn race<const N: usize>(roles: [&'static [Op]; N], check: fn(&Clock, &[Vec<u64>; N])) {
    for spawner in 0..N {
        model(move || {
            let shared = Arc::new((Clock::new(JUMP_MAX), Data::new(0)));
            let work = |role: usize| {
                let shared = Arc::clone(&shared);
                move || -> Vec<u64> {
                    let world = World { clock: &shared.0, data: &shared.1 };
                    roles[role].iter().filter_map(|op| op.apply(&world)).collect()
                }
            };
            let spawned: Vec<_> =
                (0..N).filter(|&role| role != spawner).map(|role| thread::spawn(work(role))).collect();
            let mut results = [const { Vec::new() }; N];
            results[spawner] = work(spawner)();
            for (role, thread) in (0..N).filter(|&role| role != spawner).zip(spawned) {
                results[role] = thread.join().unwrap();
            }
            check(&shared.0, &results);
        });
    }
}

/// All that was issued is distinct, grows in each thread, and is at most the latest.
fn distinct<const N: usize>(clock: &Clock, issued: &[Vec<u64>; N]) {
    assert!(issued.iter().all(|of_one| of_one.is_sorted()), "not growing: {issued:?}");
    let mut all = issued.concat();
    all.sort_unstable();
    assert!(all.is_sorted_by(|a, b| a < b), "not distinct: {issued:?}");
    assert!(all.last() <= Some(&clock.latest().get()), "issued above the latest: {issued:?}");
}

fn dominates_ten(clock: &Clock, [tick, _]: &[Vec<u64>; 2]) {
    assert_eq!(tick[0], 11, "what was taken over is lost");
    assert_eq!(clock.latest().get(), 11, "what was issued is lost");
}

/// If the second thread's timestamp is that of the first or greater, it has read what the first wrote.
fn published(_: &Clock, [issued, seen]: &[Vec<u64>; 2]) {
    saw(issued, seen);
}

fn published_past_a_takeover(_: &Clock, [issued, seen, _]: &[Vec<u64>; 3]) {
    saw(issued, seen);
}

fn saw(issued: &[u64], seen: &[u64]) {
    let (timestamp, data) = (seen[0], seen[1]);
    assert!(timestamp < issued[0] || data == 1, "a greater timestamp did not publish");
}

const JUMP_MAX: u64 = 20;

const REFUSED: u64 = 0;

/// The same models with broken accesses: each has to fail, and for the reason it is there for. What needs no ordering has
/// to hold with none.
#[cfg(loom)]
mod mutants {
    use super::*;
    use crate::sync::{Mutant, with_mutant};

    /// The `fetch_add` of `tick`.
    #[test]
    #[should_panic(expected = "not distinct")]
    fn a_torn_tick_comes_twice() {
        with_mutant(Mutant::Torn, || race([&[Tick], &[Tick]], distinct));
    }

    /// The compare-exchange of `receive`.
    #[test]
    #[should_panic(expected = "not distinct")]
    fn a_torn_receive_comes_twice() {
        with_mutant(Mutant::Torn, || race([&[Receive(10)], &[Receive(10)]], distinct));
    }

    /// The compare-exchange of `observe`.
    #[test]
    #[should_panic(expected = "is lost")]
    fn a_torn_observe_lowers_the_clock() {
        with_mutant(Mutant::Torn, || race([&[Observe(10), Tick], &[Observe(5)]], dominates_ten));
    }

    /// The compare-exchange of `bootstrap`.
    #[test]
    #[should_panic(expected = "is lost")]
    fn a_torn_bootstrap_lowers_the_clock() {
        with_mutant(Mutant::Torn, || race([&[Bootstrap(10), Tick], &[Bootstrap(5)]], dominates_ten));
    }

    #[test]
    #[should_panic(expected = "did not publish")]
    fn a_tick_that_does_not_release_does_not_publish() {
        with_mutant(Mutant::NoRelease, || race([&[Write, Tick], &[Tick, Read]], published));
    }

    #[test]
    #[should_panic(expected = "did not publish")]
    fn a_tick_that_does_not_acquire_sees_nothing() {
        with_mutant(Mutant::NoAcquire, || race([&[Write, Tick], &[Tick, Read]], published));
    }

    #[test]
    #[should_panic(expected = "did not publish")]
    fn a_receive_that_does_not_release_does_not_publish() {
        with_mutant(Mutant::NoRelease, || race([&[Write, Receive(2)], &[Latest, Read]], published));
    }

    #[test]
    #[should_panic(expected = "did not publish")]
    fn a_receive_that_does_not_acquire_sees_nothing() {
        with_mutant(Mutant::NoAcquire, || race([&[Write, Tick], &[Receive(2), Read]], published));
    }

    #[test]
    #[should_panic(expected = "did not publish")]
    fn a_latest_that_does_not_acquire_sees_nothing() {
        with_mutant(Mutant::NoAcquire, || race([&[Write, Tick], &[Latest, Read]], published));
    }

    #[test]
    fn uniqueness_and_growth_need_no_ordering() {
        with_mutant(Mutant::Relaxed, || {
            race([&[Tick, Tick], &[Tick, Tick]], distinct);
            race([&[Tick, Receive(2)], &[Receive(1), Tick]], distinct);
            race([&[Tick, Observe(2), Tick], &[Bootstrap(3), Tick]], distinct);
            race([&[Observe(10), Tick], &[Bootstrap(5)]], dominates_ten);
        });
    }

    #[test]
    fn following_other_synchronisation_needs_no_ordering_of_ours() {
        with_mutant(Mutant::Relaxed, || race([&[Tick, Lead], &[Follow]], distinct));
    }
}
