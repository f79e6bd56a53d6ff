//! Copies of a request that wait for the outcome of the first.
#![cfg(feature = "table")]

use std::cell::Cell;
use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use spacelike_idempotency::table::{Begin, Claim, Clock, Limits, Running, Settings, Status, Table};
use spacelike_idempotency::{Fingerprint, Key, Policy, Scope, Secret, Unfinished};

/// Eight threads want the outcome, and those who execute the request fail so many times: it is executed that often and once
/// more, never by two at once, and all others get the outcome.
#[test]
fn eight_threads_share_one_outcome() {
    for fails in 0..8 {
        share(fails, |table| table.begin_blocking(&key(), ONE, PATIENCE));
        share(fails, |table| block_on(table.begin_async(&key(), ONE, PATIENCE, |_| pending())));
    }
}

fn share(fails: u32, begin: fn(&Tested) -> Answer) {
    let table = table(ROOM, RETRY, &Hand::default());
    let (executions, at_once) = (AtomicU32::new(0), AtomicU32::new(0));
    let barrier = Barrier::new(8);
    let replays: u32 = thread::scope(|scope| {
        let one = || {
            barrier.wait();
            let mut replays = 0;
            // Who fails comes again, as a client would.
            while replays == 0 {
                match begin(&table) {
                    Begin::Execute(claim) => {
                        assert_eq!(at_once.fetch_add(1, Ordering::SeqCst), 0);
                        let execution = executions.fetch_add(1, Ordering::SeqCst);
                        at_once.fetch_sub(1, Ordering::SeqCst);
                        match (execution, execution % 2) {
                            (execution, _) if execution == fails => {
                                return claim.complete(7).map(|()| 0).unwrap();
                            }
                            (_, 0) => drop(claim),
                            _ => claim.effect_started().unwrap().abort().unwrap(),
                        }
                    }
                    Begin::Replay(7) => replays += 1,
                    other => panic!("{other:?}"),
                }
            }
            replays
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((executions.into_inner(), replays), (fails + 1, 7));
}

/// Who waits for himself, or for one who never comes to an end, is told so when his patience is over, by both ways to wait.
#[test]
fn patience_ends() {
    let table = table(ROOM, RETRY, &Hand::default()); // its clock stands still
    let claim = table.begin(&key(), ONE).execute().unwrap();
    let patience = Duration::from_millis(2);
    let begun = Instant::now();
    assert!(matches!(table.begin_blocking(&key(), ONE, patience), Begin::InProgress { .. }));
    assert!(begun.elapsed() >= patience);
    assert!(matches!(table.begin_blocking(&key(), ONE, Duration::ZERO), Begin::InProgress { .. }));

    let sleeps = Cell::new(0);
    let sleep = |time| {
        sleeps.set(sleeps.get() + 1);
        assert!(time == patience || time == LEASE, "{time:?}");
        poll_fn(move |_| if time == patience { Poll::Ready(()) } else { Poll::Pending })
    };
    assert!(matches!(block_on(table.begin_async(&key(), ONE, patience, sleep)), Begin::InProgress { .. }));
    assert_eq!(sleeps.get(), 2);
    let none = table.begin_async(&key(), ONE, Duration::ZERO, |_: Duration| -> std::future::Ready<()> {
        panic!("there is nothing to wait for")
    });
    assert!(matches!(block_on(none), Begin::InProgress { .. }));
    assert!(matches!(block_on(table.begin_async(&key(), TWO, PATIENCE, |_| pending())), Begin::Mismatch));
    drop(claim);
}

/// However often who waits is woken in vain, his patience ends: it goes by the table's clock as well, which runs fast here.
#[test]
fn patience_ends_by_the_clock() {
    let hours = AtomicU64::new(0);
    let clock = || Duration::from_secs(3_600 * hours.fetch_add(1, Ordering::SeqCst));
    let settings = Settings::new(ROOM, RETRY, Secret::new([7; 16])).lease(Duration::from_secs(1 << 30));
    let table = Table::<u64, (), _>::with_clock(settings, clock).unwrap();
    let claim = table.begin(&key(), ONE).execute().unwrap();
    let patience = Duration::from_secs(3_600);
    assert!(matches!(table.begin_blocking(&key(), ONE, patience), Begin::InProgress { .. }));
    drop(claim);
}

/// A lease that runs out wakes by the timer of each who waits; one of them takes over, and the others wait for him.
#[test]
fn who_waits_takes_over_when_the_lease_is_over() {
    let hand = Hand::default();
    let table = table(ROOM, RETRY, &hand);
    let silent = table.begin(&key(), ONE).execute().unwrap().effect_started().unwrap();
    let lapsed = Rc::new(Cell::new(false));
    let sleep = |time| {
        let lapsed = Rc::clone(&lapsed);
        poll_fn(move |_| if time == LEASE && lapsed.get() { Poll::Ready(()) } else { Poll::Pending })
    };
    let mut waiters = [(); 2].map(|()| Box::pin(table.begin_async(&key(), ONE, PATIENCE, sleep)));
    let flag = Arc::<Flag>::default();
    assert!(waiters.iter_mut().all(|waiter| flag.poll(waiter.as_mut()).is_pending()));
    hand.forward(LEASE);
    lapsed.set(true);
    let Poll::Ready(Begin::Execute(claim)) = flag.poll(waiters[0].as_mut()) else { panic!() };
    assert!(silent.is_lost() && claim.started_before());
    lapsed.set(false);
    assert!(flag.poll(waiters[1].as_mut()).is_pending());
    claim.complete(9).unwrap();
    assert!(matches!(flag.poll(waiters[1].as_mut()), Poll::Ready(Begin::Replay(9))));
    let _ = silent.complete(7).unwrap_err();
}

/// The same on threads, by the clock of the operating system.
#[test]
fn a_blocked_thread_takes_over_when_the_lease_is_over() {
    let lease = Duration::from_millis(5);
    let settings = Settings::new(ROOM, RETRY, Secret::new([7; 16])).lease(lease);
    let table = Table::<u64>::new(settings).unwrap();
    let silent = table.begin(&key(), ONE).execute().unwrap().effect_started().unwrap();
    let Begin::Execute(claim) = table.begin_blocking(&key(), ONE, PATIENCE) else { panic!() };
    assert!(silent.is_lost());
    drop(claim);
}

/// Futures can be sent to another thread, and wait for as long as the key's bytes are there.
#[test]
fn futures_can_be_sent() {
    fn sent<T>(future: impl Future<Output = T> + Send + 'static) -> impl Future<Output = T> + Send + 'static {
        future
    }
    let table = Table::<Vec<u8>>::new(Settings::new(ROOM, RETRY, Secret::new([7; 16]))).unwrap();
    let begin = sent(table.begin_async(&key(), ONE, PATIENCE, |_| pending()));
    drop(table);
    let running = block_on(begin).execute().unwrap().effect_started().unwrap();
    let lost = sent(running.lost());
    let waits = thread::spawn(move || block_on(lost));
    running.complete(vec![7]).unwrap();
    waits.join().unwrap();
}

/// What happens to one key while some wait for it.
#[derive(Clone, Debug)]
enum Action {
    /// One more waits: with another fingerprint, or with a key that is too old for a record that is gone.
    Wait {
        other: bool,
        old: bool,
    },
    /// A copy that doesn't wait.
    Begin,
    Poll(usize),
    Drop(usize),
    /// What the holder of the attempt does.
    Start,
    Complete,
    Abort,
    Release,
    Silence,
    Settle,
    Reexecute,
    Forget,
    Forward(u32),
    /// Another key has all the room there is.
    Crowd(bool),
    Lost,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        8 => (prop::bool::weighted(0.2), prop::bool::weighted(0.2)).prop_map(|(other, old)| Action::Wait { other, old }),
        3 => Just(Action::Begin),
        8 => any::<usize>().prop_map(Action::Poll),
        3 => any::<usize>().prop_map(Action::Drop),
        2 => Just(Action::Start),
        1 => Just(Action::Complete),
        2 => Just(Action::Abort),
        3 => Just(Action::Release),
        1 => Just(Action::Silence),
        1 => Just(Action::Settle),
        1 => Just(Action::Reexecute),
        1 => Just(Action::Forget),
        1 => (1..4_u32).prop_map(Action::Forward),
        1 => any::<bool>().prop_map(Action::Crowd),
        1 => Just(Action::Lost),
    ];
    vec(action, 1..50)
}

/// Who may have an attempt.
enum Held {
    Claim(Claim<u64, (), Hand>),
    Running(Running<u64, (), Hand>),
}

struct Waiting<T> {
    future: Pin<Box<dyn Future<Output = T>>>,
    flag: Arc<Flag>,
}

impl<T> Waiting<T> {
    fn new(future: impl Future<Output = T> + 'static) -> Self {
        Self { future: Box::pin(future), flag: Arc::default() }
    }

    fn poll(&mut self) -> Poll<T> {
        self.flag.poll(self.future.as_mut())
    }
}

proptest! {
    /// At any time, as far as time itself does nothing: if there is an outcome, all who wait are awake or have it; if
    /// nobody executes the request, one is awake. Who has lost an attempt is awake, or knows.
    #[test]
    fn nobody_sleeps_while_there_is_something_to_do(actions in actions(), hold: bool, attempts_max in 1..4_u32) {
        let hand = Hand::default();
        hand.forward(10 * RETENTION);
        let unfinished = if hold { Unfinished::Hold } else { Unfinished::Retry };
        let limits = Limits { records: 1, ..ROOM };
        let table = table(limits, Policy { unfinished, attempts_max, ..RETRY }, &hand);
        let crowd = Key::new(Scope::Global, "pay", b"another").unwrap();
        let mut crowded = None;
        let mut held = Vec::new();
        let mut waiting = Vec::new();
        let mut losers = Vec::new();
        for action in actions {
            match action {
                Action::Wait { other, old } => {
                    let key = if old { key().minted(Duration::ZERO) } else { key() };
                    let fingerprint = if other { TWO } else { ONE };
                    waiting.push(Waiting::new(table.begin_async(&key, fingerprint, PATIENCE, |_| pending())));
                    let last = waiting.len() - 1;
                    held.extend(poll(&mut waiting, last));
                }
                Action::Begin => held.extend(table.begin(&key(), ONE).execute().map(Held::Claim)),
                Action::Poll(at) if !waiting.is_empty() => {
                    let at = at % waiting.len();
                    held.extend(poll(&mut waiting, at));
                }
                Action::Drop(at) if !waiting.is_empty() => drop(waiting.remove(at % waiting.len())),
                Action::Start => match held.pop() {
                    Some(Held::Claim(claim)) => held.extend(claim.effect_started().ok().map(Held::Running)),
                    other => held.extend(other),
                },
                Action::Complete => match held.pop() {
                    Some(Held::Claim(claim)) => drop(claim.complete(7)),
                    Some(Held::Running(running)) => drop(running.complete(7)),
                    None => {}
                },
                Action::Abort => match held.pop() {
                    Some(Held::Claim(claim)) => drop(claim.abort()),
                    Some(Held::Running(running)) => drop(running.abort()),
                    None => {}
                },
                Action::Release => drop(held.pop()),
                Action::Silence => drop(held.pop().map(std::mem::forget)),
                Action::Settle => drop(table.settle(&key(), 8)),
                Action::Reexecute => held.extend(table.reexecute(&key()).ok().map(Held::Claim)),
                Action::Forget => drop(table.forget(&key())),
                Action::Forward(leases) => hand.forward(LEASE * leases),
                Action::Crowd(true) => crowded = table.begin(&crowd, ONE).execute().or(crowded),
                Action::Crowd(false) => crowded = None,
                Action::Lost => {
                    if let Some(Held::Running(running)) = held.last() {
                        let mut loser = Waiting::new(running.lost());
                        if loser.poll().is_pending() {
                            losers.push((running.token(), loser));
                        }
                    }
                }
                Action::Poll(_) | Action::Drop(_) => {}
            }
            // Time itself makes a record indeterminate or dead, for whoever looks at it first.
            let status = table.peek(&key());
            let awake = waiting.iter().filter(|waiting| waiting.flag.is_up()).count();
            match status {
                Some(Status::Completed | Status::Dead { .. } | Status::Indeterminate { .. }) => {
                    prop_assert_eq!(awake, waiting.len());
                }
                None | Some(Status::Released { .. }) => prop_assert!(awake > 0 || waiting.is_empty()),
                Some(_) => {}
            }
            for held in &held {
                if let Held::Running(running) = held {
                    let asleep = losers.iter().any(|(token, loser)| *token == running.token() && !loser.flag.is_up());
                    prop_assert!(!(asleep && running.is_lost()));
                }
            }
        }
        // Whoever is awake is told, in whatever order: nobody is left asleep when the request has come to its end.
        drop((held, crowded));
        while let Some(at) = waiting.iter().position(|waiting| waiting.flag.is_up()) {
            if let Some(Held::Claim(claim)) = poll(&mut waiting, at) {
                let _ = claim.complete(7);
            }
        }
        let is_held = matches!(table.peek(&key()), Some(Status::Claimed { .. } | Status::Started { .. }));
        prop_assert!(waiting.is_empty() || is_held);
    }
}

/// Polls one who waits, and takes him off the list if he has an answer; gives his attempt.
fn poll(waiting: &mut Vec<Waiting<Answer>>, at: usize) -> Option<Held> {
    let Poll::Ready(answer) = waiting[at].poll() else { return None };
    drop(waiting.remove(at));
    answer.execute().map(Held::Claim)
}

type Tested = Table<u64, (), Hand>;
type Answer = Begin<u64, (), Hand>;

fn table(limits: Limits, policy: Policy, clock: &Hand) -> Tested {
    let settings = Settings::new(limits, policy, Secret::new([7; 16]));
    Table::with_clock(settings.lease(LEASE).shards(1), clock.clone()).unwrap()
}

fn key() -> Key<'static> {
    Key::new(Scope::Global, "pay", b"order-17").unwrap()
}

/// A clock that is set by hand.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicU64>);

impl Hand {
    fn forward(&self, time: Duration) {
        self.0.fetch_add(time.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// Goes up when a future is woken.
#[derive(Default)]
struct Flag(AtomicBool);

impl Flag {
    fn poll<F: Future + ?Sized>(self: &Arc<Self>, future: Pin<&mut F>) -> Poll<F::Output> {
        self.0.store(false, Ordering::SeqCst);
        future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(self))))
    }

    fn is_up(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        thread::park();
    }
}

const ONE: Fingerprint = Fingerprint(1);
const TWO: Fingerprint = Fingerprint(2);
const LEASE: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_secs(600);
const PATIENCE: Duration = Duration::from_secs(3_600);
const ROOM: Limits = Limits { records: 9, bytes: 1 << 20, records_per_scope: 9 };
const RETRY: Policy = Policy {
    retention: RETENTION,
    attempts_max: 99,
    unfinished: Unfinished::Retry,
    strict_expiry: false,
    skew: Duration::ZERO,
};
