use alloc::sync::Arc;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;

use event_listener::{Event, EventListener, Listener};

use crate::table::attempt::Attempt;
use crate::table::fault::{Fault, is_broken};
use crate::table::inner::Inner;
use crate::table::lock;
use crate::table::shard::{Begun, Name, Shard};
use crate::table::watch::Watch;
use crate::table::{Begin, Call, Clock, Table};
use crate::{Fingerprint, Key, KeyHash, Reply};

impl<O, C, K: Clock> Table<O, C, K> {
    /// A copy of a request comes in, and waits as long as another is being executed, for `patience` at most: blocks the
    /// thread. What comes of it is what [`begin`](Self::begin) would say then: a replay for most; a claim for one of
    /// those who wait, if the attempt is released or its lease runs out; [`Begin::InProgress`] if it takes longer.
    ///
    /// Who waits for a request that he executes himself waits for all of his patience. Memory for those who wait is not
    /// counted among the [`Limits`](crate::table::Limits): there are as many as there are callers.
    ///
    /// # Progress
    /// Blocking. Who comes while others wait may be given the claim before them.
    ///
    /// # Examples
    /// ```
    /// # use core::time::Duration;
    /// # use spacelike_idempotency::table::{Begin, Limits, Settings, Table};
    /// # use spacelike_idempotency::{Fingerprint, Key, Policy, Scope, Secret, Unfinished};
    /// # let limits = Limits { records: 9, bytes: 1 << 20, records_per_scope: 9 };
    /// # let policy = Policy { retention: Duration::from_secs(60), attempts_max: 3, unfinished: Unfinished::Hold, strict_expiry: false, skew: Duration::ZERO };
    /// # let table = Table::<u64>::new(Settings::new(limits, policy, Secret::new([7; 16])))?;
    /// let key = Key::new(Scope::Tenant(b"acme"), "pay", b"order-17")?;
    /// let Begin::Execute(claim) = table.begin(&key, Fingerprint(7)) else { panic!() };
    /// std::thread::scope(|scope| {
    ///     let copy = scope.spawn(|| table.begin_blocking(&key, Fingerprint(7), Duration::from_secs(60)));
    ///     claim.complete(200).unwrap();
    ///     assert!(matches!(copy.join().unwrap(), Begin::Replay(200)));
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(not(target_family = "wasm"))]
    pub fn begin_blocking(
        &self,
        key: &Key<'_>,
        fingerprint: Fingerprint,
        patience: Duration,
    ) -> Begin<O, C, K>
    where
        O: Clone,
        C: Clone,
    {
        let (name, call) = (self.name(key), self.call(fingerprint));
        let end = self.0.clock.now().saturating_add(patience);
        let mut left = patience;
        let mut seat = Seat::new(&self.0, name.hash, |watch| &watch.outcome);
        loop {
            let begin = seat.look(self, name, call);
            let Begin::InProgress { retry_after } = begin else { return begin };
            if left.is_zero() {
                return begin;
            }
            let nap = retry_after.min(left);
            // By the table's clock and by the thread's: it may be that one of them stands still.
            left -= seat.wait(nap);
            left = left.min(end.saturating_sub(self.0.clock.now()));
        }
    }

    /// A copy of a request comes in, and waits as long as another is being executed, for `patience` at most, which goes by
    /// `sleep`. What comes of it is what [`begin`](Self::begin) would say then: a replay for most; a claim for one of
    /// those who wait, if the attempt is released or its lease runs out; [`Begin::InProgress`] if it takes longer.
    ///
    /// `sleep` gives a future that is ready after so long, such as `tokio::time::sleep`. Nothing happens until the future is
    /// polled.
    ///
    /// Who waits for a request that he executes himself waits for all of his patience. Memory for those who wait is not
    /// counted among the [`Limits`](crate::table::Limits): there are as many as there are callers.
    ///
    /// # Cancellation
    /// It may be dropped at any time: it leaves nothing behind, and if it was its turn to execute, it is the turn of the next
    /// who waits.
    ///
    /// # Progress
    /// Who comes while others wait may be given the claim before them. A waker must not panic, and not poll or
    /// drop the future, nor call the table, before its `wake` has returned.
    ///
    /// # Examples
    /// ```
    /// # use core::future::{Future, pending};
    /// # use core::task::{Context, Poll, Waker};
    /// # use core::time::Duration;
    /// # use spacelike_idempotency::table::{Begin, Limits, Settings, Table};
    /// # use spacelike_idempotency::{Fingerprint, Key, Policy, Scope, Secret, Unfinished};
    /// # let limits = Limits { records: 9, bytes: 1 << 20, records_per_scope: 9 };
    /// # let policy = Policy { retention: Duration::from_secs(60), attempts_max: 3, unfinished: Unfinished::Hold, strict_expiry: false, skew: Duration::ZERO };
    /// # let table = Table::<u64>::new(Settings::new(limits, policy, Secret::new([7; 16])))?;
    /// # let mut context = Context::from_waker(Waker::noop());
    /// # let sleep = |_| pending(); // tokio::time::sleep
    /// let key = Key::new(Scope::Tenant(b"acme"), "pay", b"order-17")?;
    /// let Begin::Execute(claim) = table.begin(&key, Fingerprint(7)) else { panic!() };
    ///
    /// let mut copy = Box::pin(table.begin_async(&key, Fingerprint(7), Duration::from_secs(60), sleep));
    /// assert!(copy.as_mut().poll(&mut context).is_pending());
    /// claim.complete(200)?;
    /// assert!(matches!(copy.as_mut().poll(&mut context), Poll::Ready(Begin::Replay(200))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn begin_async<'k, S, F>(
        &self,
        key: &Key<'k>,
        fingerprint: Fingerprint,
        patience: Duration,
        mut sleep: S,
    ) -> impl Future<Output = Begin<O, C, K>> + use<'k, O, C, K, S, F>
    where
        O: Clone,
        C: Clone,
        S: FnMut(Duration) -> F,
        F: Future<Output = ()>,
    {
        let (table, name, call) = (self.clone(), self.name(key), self.call(fingerprint));
        async move {
            let mut seat = Seat::new(&table.0, name.hash, |watch| &watch.outcome);
            let first = seat.look(&table, name, call);
            if !matches!(first, Begin::InProgress { .. }) || patience.is_zero() {
                return first;
            }
            drop(first);
            let mut over = pin!(sleep(patience));
            let mut is_over = false;
            loop {
                let retry_after = match seat.look(&table, name, call) {
                    Begin::InProgress { retry_after } if !is_over => retry_after,
                    begin => return begin,
                };
                let mut lapse = pin!(sleep(retry_after));
                poll_fn(|context| {
                    if seat.poll(context).is_ready() {
                        return Poll::Ready(());
                    }
                    is_over = over.as_mut().poll(context).is_ready();
                    if is_over { Poll::Ready(()) } else { lapse.as_mut().poll(context) }
                })
                .await;
            }
        }
    }

    fn call(&self, fingerprint: Fingerprint) -> Call {
        Call { fingerprint, lease: self.0.lease, reserve: self.0.reserve }
    }
}

/// Is ready when everything that the attempt could do is refused.
pub(crate) fn lost<O, C, K: Clock>(attempt: &Attempt<O, C, K>) -> impl Future<Output = ()> + use<O, C, K> {
    let (table, hash, token) = (Arc::clone(&attempt.table), attempt.hash, attempt.token);
    async move {
        let mut seat = Seat::new(&table, hash, |watch| &watch.lost);
        loop {
            let mut is_lost = false;
            seat.look_by(|seat| {
                table.with(hash, |shard, now, shared, _| {
                    is_lost = shard.is_lost(hash, token, now, shared);
                    if !is_lost {
                        seat.join(shard);
                    }
                });
            });
            if is_lost {
                return;
            }
            poll_fn(|context| seat.poll(context)).await;
        }
    }
}

/// The place of one who waits for something about a key. Nothing of it is left in the table when it is dropped.
///
/// He listens before he looks, so what changes after he has looked wakes him. He listens under no lock but the event's own,
/// because wakers are called under that one.
pub(crate) struct Seat<O, C, K: Clock> {
    table: Arc<Inner<O, C, K>>,
    hash: KeyHash,
    event: fn(&Watch) -> &Event,
    /// `None` until he had to wait for the first time.
    watch: Option<lock::Arc<Watch>>,
    listener: Option<EventListener>,
    /// Whether he was woken, and hasn't found yet that there is nothing to be done about it.
    woken: bool,
}

impl<O, C, K: Clock> Seat<O, C, K> {
    fn new(table: &Arc<Inner<O, C, K>>, hash: KeyHash, event: fn(&Watch) -> &Event) -> Self {
        Self { table: Arc::clone(table), hash, event, watch: None, listener: None, woken: false }
    }

    /// Looks what there is to be done, and listens for changes if it is to wait.
    fn look(&mut self, table: &Table<O, C, K>, name: Name<'_>, call: Call) -> Begin<O, C, K>
    where
        O: Clone,
        C: Clone,
    {
        let begin = self.look_by(|seat| table.begin_by(name, call, Some(seat)));
        if matches!(begin, Begin::Execute(_)) {
            self.woken = false;
        }
        begin
    }

    fn look_by<R>(&mut self, look: impl FnOnce(&mut Self) -> R) -> R {
        // Dropped first: a wake-up that it still has goes to somebody else, who looks in vain at worst.
        self.listener = None;
        if !is_broken(Fault::ListenLate) {
            self.listen();
        }
        let seen = look(self);
        if is_broken(Fault::ListenLate) {
            self.listen();
        }
        seen
    }

    fn listen(&mut self) {
        self.listener = self.watch.as_ref().map(|watch| (self.event)(watch).listen());
    }

    /// Has found, under the shard's lock, that he has to wait.
    pub(crate) fn join(&mut self, shard: &mut Shard<O, C>) {
        self.woken = false;
        if self.watch.is_none() {
            self.watch = Some(shard.watches.join(self.hash));
        }
    }

    /// What a begin came to, under the shard's lock.
    pub(crate) fn has_begun(&mut self, begun: &Begun<O, C>, shard: &mut Shard<O, C>) {
        if matches!(begun, Begun::Answer(Reply::InProgress { .. })) {
            self.join(shard);
        }
    }

    /// Is ready when he has to look again.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // Who didn't listen when he looked looks once more.
        let Some(listener) = &mut self.listener else { return Poll::Ready(()) };
        let polled = Pin::new(listener).poll(context);
        if polled.is_ready() {
            self.listener = None;
            self.woken = true;
        }
        polled
    }

    /// Blocks until he has to look again, for `nap` at most. Gives `nap` if it took that long, else zero.
    #[cfg(not(target_family = "wasm"))]
    fn wait(&mut self, nap: Duration) -> Duration {
        let Some(listener) = self.listener.take() else { return Duration::ZERO };
        self.woken = listener.wait_timeout(nap).is_some();
        if self.woken { Duration::ZERO } else { nap }
    }
}

impl<O, C, K: Clock> Drop for Seat<O, C, K> {
    fn drop(&mut self) {
        let listener = self.listener.take();
        if is_broken(Fault::KeepWakeUp) {
            self.woken = false;
            listener.map(Listener::discard);
        } else {
            drop(listener);
        }
        if let Some(watch) = self.watch.take() {
            self.table.leave(self.hash);
            // It was his turn, and he has done nothing with it.
            if self.woken {
                (self.event)(&watch).notify(1);
            }
        }
    }
}
