//! What those rely on who wait for a record of a table.
//!
//! Futures are polled by hand, so that a model ends when all have done what they could, and can say who was forgotten.

use core::future::{Future, pending};
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::boxed::Box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Wake, Waker};

use super::{model, thread};
#[cfg(loom)]
use crate::table::fault::{Fault, with_fault};
use crate::table::{Begin, Claim, Clock, Limits, Settings, Table};
use crate::{Fingerprint, Key, Policy, Scope, Secret, Unfinished};

/// An outcome is for all who wait, however their looking and the completion fall together.
#[test]
fn who_waits_hears_of_an_outcome() {
    outcomes_are_heard_of();
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: nobody told of the outcome")]
fn an_outcome_must_be_told_to_all() {
    with_fault(Fault::NotifyOne, outcomes_are_heard_of);
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: nobody told of the outcome")]
fn an_outcome_must_be_there_before_it_is_told() {
    with_fault(Fault::NotifyFirst, outcomes_are_heard_of);
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: nobody told of the outcome")]
fn who_waits_must_listen_before_he_looks() {
    with_fault(Fault::ListenLate, outcomes_are_heard_of);
}

fn outcomes_are_heard_of() {
    model(|| {
        let table = table(Unfinished::Hold, &Hand::default());
        let claim = claim(&table);
        let mut waiters = [Waiter::of(&table), Waiter::of(&table)];
        assert!(waiters[0].poll().is_none());
        let completes = thread::spawn(move || claim.complete(7).unwrap());
        let early = waiters[1].poll();
        completes.join().unwrap();
        let told = |waiter: &Waiter| waiter.future.is_none() || waiter.woken();
        assert!(waiters.iter().all(told), "broken: nobody told of the outcome");
        let late = waiters.iter_mut().filter(|waiter| waiter.future.is_some()).filter_map(Waiter::poll);
        assert_eq!(late.chain(early).filter(|answer| matches!(answer, Begin::Replay(7))).count(), 2);
        assert_eq!(table.watched(), 0);
    });
}

/// A request that is released is executed by who waits, however his looking and the release fall together.
#[test]
fn who_waits_gets_what_is_released() {
    releases_are_heard_of();
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: nobody executes what was released")]
fn a_release_must_be_done_before_it_is_told() {
    with_fault(Fault::NotifyFirst, releases_are_heard_of);
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: nobody executes what was released")]
fn who_waits_must_listen_before_he_looks_whether_it_is_released() {
    with_fault(Fault::ListenLate, releases_are_heard_of);
}

fn releases_are_heard_of() {
    model(|| {
        let table = table(Unfinished::Hold, &Hand::default());
        let claim = claim(&table);
        let mut waiter = Waiter::of(&table);
        let releases = thread::spawn(move || drop(claim));
        let mut answer = waiter.poll();
        releases.join().unwrap();
        if answer.is_none() {
            assert!(waiter.woken(), "broken: nobody executes what was released");
            answer = waiter.poll();
        }
        assert!(matches!(answer, Some(Begin::Execute(_))));
        assert_eq!(table.watched(), 0);
    });
}

/// Whose turn it is may go away at that very moment: then it is the next one's turn.
#[test]
fn who_is_cancelled_passes_the_turn_on() {
    cancelled_turns_are_passed_on();
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: the turn is lost")]
fn who_is_cancelled_must_pass_the_turn_on() {
    with_fault(Fault::KeepWakeUp, cancelled_turns_are_passed_on);
}

fn cancelled_turns_are_passed_on() {
    model(|| {
        let table = table(Unfinished::Hold, &Hand::default());
        let claim = claim(&table);
        let [mut first, mut second] = [Waiter::of(&table), Waiter::of(&table)];
        assert!(first.poll().is_none());
        let releases = thread::spawn(move || drop(claim));
        let cancels = thread::spawn(move || drop(first));
        let mut answer = second.poll();
        releases.join().unwrap();
        cancels.join().unwrap();
        if answer.is_none() {
            assert!(second.woken(), "broken: the turn is lost");
            answer = second.poll();
        }
        assert!(matches!(answer, Some(Begin::Execute(_))));
        assert_eq!(table.watched(), 0);
    });
}

/// Who is told, and has no use for his turn, because his patience is over or his key is too old for a record that is gone,
/// leaves it to the next one.
#[test]
fn who_has_no_use_for_his_turn_passes_it_on() {
    useless_turns_are_passed_on();
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: the turn is lost")]
fn who_has_no_use_for_his_turn_must_pass_it_on() {
    with_fault(Fault::KeepWakeUp, useless_turns_are_passed_on);
}

fn useless_turns_are_passed_on() {
    model(|| {
        let hand = Hand::default();
        hand.set(2 * RETENTION);
        let table = table(Unfinished::Hold, &hand);
        let claim = claim(&table);
        let over = Arc::new(AtomicBool::new(false));
        let mut first = Waiter::until(&table, &key().minted(Duration::ZERO), &over);
        let mut second = Waiter::of(&table);
        assert!(first.poll().is_none() && second.poll().is_none());
        over.store(true, Ordering::Relaxed);
        let releases = thread::spawn(move || drop(claim));
        let answer = first.poll();
        releases.join().unwrap();
        assert!(matches!(answer, Some(Begin::Expired | Begin::InProgress { .. })));
        assert!(second.woken(), "broken: the turn is lost");
        assert!(matches!(second.poll(), Some(Begin::Execute(_))));
        assert_eq!(table.watched(), 0);
    });
}

/// Who executes hears that somebody has taken over, so that he can stop.
#[test]
fn a_loser_hears_of_it() {
    losers_hear_of_it();
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: nobody told the loser")]
fn a_loser_must_listen_before_he_looks() {
    with_fault(Fault::ListenLate, losers_hear_of_it);
}

fn losers_hear_of_it() {
    model(|| {
        let hand = Hand::default();
        let table = table(Unfinished::Retry, &hand);
        let running = claim(&table).effect_started().unwrap();
        hand.set(LEASE);
        let other = table.clone();
        let mut loser = Polled::new(running.lost());
        let takes_over = thread::spawn(move || claim(&other));
        let heard = loser.poll();
        let claim = takes_over.join().unwrap();
        if heard.is_none() {
            assert!(loser.woken(), "broken: nobody told the loser");
            assert!(loser.poll().is_some());
        }
        assert!(running.is_lost());
        drop(claim);
        assert_eq!(table.watched(), 0);
    });
}

/// If all who wait were woken by a release, all but one would have to wait again.
#[cfg(not(loom))]
#[test]
fn a_release_wakes_one() {
    let table = table(Unfinished::Hold, &Hand::default());
    let mut held = claim(&table);
    let mut fails = false;
    let mut waiters: std::vec::Vec<_> = (0..5).map(|_| Waiter::of(&table)).collect();
    assert!(waiters.iter_mut().all(|waiter| waiter.poll().is_none()));
    while !waiters.is_empty() {
        // One that counts leaves a record behind.
        if fails {
            held.effect_started().unwrap().abort().unwrap();
        } else {
            drop(held);
        }
        fails = !fails;
        assert_eq!(waiters.iter().filter(|waiter| waiter.woken()).count(), 1);
        let next = waiters.iter().position(Waiter::woken).unwrap();
        held = waiters.remove(next).poll().and_then(Begin::execute).unwrap();
        assert_eq!(waiters.iter().filter(|waiter| waiter.woken()).count(), 0);
    }
    drop(held);
    assert_eq!(table.watched(), 0);
}

/// A thread that is woken and has no use for its turn passes it on as well. In some rounds it listens first, and is woken.
#[cfg(not(loom))]
#[test]
fn a_thread_passes_its_turn_on() {
    for _ in 0..100 {
        let hand = Hand::default();
        hand.set(2 * RETENTION);
        let table = table(Unfinished::Hold, &hand);
        let held = claim(&table);
        let other = table.clone();
        let old = key().minted(Duration::ZERO);
        let waits = thread::spawn(move || other.begin_blocking(&old, ONE, Duration::MAX));
        while table.watched() == 0 {
            thread::yield_now();
        }
        (0..50).for_each(|_| thread::yield_now());
        let mut second = Waiter::of(&table);
        assert!(second.poll().is_none());
        drop(held);
        assert!(matches!(waits.join().unwrap(), Begin::Expired));
        assert!(second.woken());
    }
}

/// A future may be dropped before it is polled, while it waits, when it was woken, when its timer has run out, and when it
/// is ready: nothing is left of it, and nobody waits for it.
#[cfg(not(loom))]
#[test]
fn a_future_may_be_dropped_anywhere() {
    for until in 0..6 {
        let table = table(Unfinished::Hold, &Hand::default());
        let mut held = Some(claim(&table));
        let lapsed = Arc::new(AtomicBool::new(false));
        let [mut first, mut second] = [Waiter::until(&table, &key(), &lapsed), Waiter::of(&table)];
        let mut answer = None;
        for step in 0..until {
            match step {
                0 => assert!(first.poll().is_none() && second.poll().is_none()),
                1 => assert!(first.poll().is_none()), // in vain
                2 => drop(held.take()),
                3 => lapsed.store(true, Ordering::Relaxed),
                _ => answer = first.poll(),
            }
        }
        assert_eq!(answer.is_some(), until == 5);
        assert_eq!(table.watched(), usize::from(until > 0));
        drop((first, answer));
        if until == 0 {
            assert_eq!(table.watched(), 0);
            continue;
        }
        drop(held);
        assert!(second.woken(), "{until}");
        assert!(matches!(second.poll(), Some(Begin::Execute(_))), "{until}");
        assert_eq!(table.watched(), 0);
    }
}

/// The same of who wants to know if he loses it.
#[cfg(not(loom))]
#[test]
fn who_would_lose_may_stop_listening() {
    let table = table(Unfinished::Hold, &Hand::default());
    let running = claim(&table).effect_started().unwrap();
    let [mut one, mut two, mut three] = [(); 3].map(|()| Polled::new(running.lost()));
    assert!(one.poll().is_none() && two.poll().is_none() && three.poll().is_none());
    assert_eq!(table.watched(), 1);
    drop(one);
    assert_eq!(table.watched(), 1);
    running.renew().unwrap();
    assert!(!two.woken() && !three.woken());
    running.complete(7).unwrap();
    assert!(two.woken() && three.woken());
    assert!(two.poll().is_some() && three.poll().is_some());
    assert_eq!(table.watched(), 0);
    drop(Polled::new(table.begin_async(&key(), ONE, Duration::MAX, |_| pending())));
    assert_eq!(table.watched(), 0);
}

type Tested = Table<u64, (), Hand>;
type Answer = Begin<u64, (), Hand>;

fn table(unfinished: Unfinished, clock: &Hand) -> Tested {
    let policy = Policy {
        retention: Duration::from_secs(RETENTION),
        attempts_max: 9,
        unfinished,
        strict_expiry: false,
        skew: Duration::ZERO,
    };
    let limits = Limits { records: 9, bytes: 1 << 20, records_per_scope: 9 };
    let settings = Settings::new(limits, policy, Secret::new([7; 16]));
    Table::with_clock(settings.shards(1).lease(Duration::from_secs(LEASE)), clock.clone()).unwrap()
}

fn key() -> Key<'static> {
    Key::new(Scope::Global, "pay", b"order-17").unwrap()
}

fn claim(table: &Tested) -> Claim<u64, (), Hand> {
    table.begin(&key(), ONE).execute().unwrap()
}

/// A clock that is set by hand. Loom doesn't see it.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicU64>);

impl Hand {
    fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// A future, and whether it was woken since it was polled.
struct Polled<T> {
    /// `None` if it was ready.
    future: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    flag: Arc<Flag>,
}

type Waiter = Polled<Answer>;

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<T> Polled<T> {
    fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self { future: Some(Box::pin(future)), flag: Arc::default() }
    }

    fn poll(&mut self) -> Option<T> {
        self.flag.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.flag));
        let future = self.future.as_mut().expect("it was ready");
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => {
                self.future = None;
                Some(value)
            }
            Poll::Pending => None,
        }
    }

    fn woken(&self) -> bool {
        self.flag.0.load(Ordering::SeqCst)
    }
}

impl Waiter {
    fn of(table: &Tested) -> Self {
        Self::new(table.begin_async(&key(), ONE, Duration::MAX, |_| pending()))
    }

    /// His patience and his timers are over when `over` says so.
    fn until(table: &Tested, key: &Key<'static>, over: &Arc<AtomicBool>) -> Self {
        let over = Arc::clone(over);
        let sleep =
            move |_| {
                let over = Arc::clone(&over);
                core::future::poll_fn(move |_| {
                    if over.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
                })
            };
        Self::new(table.begin_async(key, ONE, Duration::MAX, sleep))
    }
}

const ONE: Fingerprint = Fingerprint(1);
const LEASE: u64 = 30;
const RETENTION: u64 = 600;
