//! One shape for all clocks, so that all do the same job in the same loop.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{AHEAD, BEHIND, RAISED, STILL, TAKE_OVER};
use crate::walls::Unit;
use crate::{Case, worker};

/// A clock on one thread, or one thread's handle to a shared one. Every timestamp goes into a sink; what some clocks say
/// beside it (how far ahead a remote one was) doesn't, since others have no such thing.
pub(super) trait Subject: Sized + 'static {
    const NAME: &'static str;
    type Unit: Unit;
    type Remote: Clone + 'static;

    fn new() -> Self;

    fn set_wall(&mut self, steps: u64) {
        Self::Unit::set(steps);
    }

    #[inline]
    fn step_wall(&mut self) {
        Self::Unit::step();
    }

    fn tick(&mut self);

    /// A timestamp of another node, so many steps after the beginning.
    fn remote(steps: u64) -> Self::Remote;

    /// Checks the bound, takes the remote timestamp over, and issues one for the event.
    fn receive(&mut self, remote: &Self::Remote);

    /// Checks the bound and takes the remote timestamp over.
    fn take_over(&mut self, remote: &Self::Remote);
}

/// The same for clocks that threads share.
pub(super) trait SharedSubject: Send + Sync + Sized + 'static {
    const NAME: &'static str;
    type Unit: Unit;
    type Remote: Clone + 'static;

    fn new() -> Self;

    fn set_wall(&self, steps: u64) {
        Self::Unit::set(steps);
    }

    #[inline]
    fn step_wall(&self) {
        Self::Unit::step();
    }

    fn tick(&self);
    fn remote(steps: u64) -> Self::Remote;
    fn receive(&self, remote: &Self::Remote);
    fn take_over(&self, remote: &Self::Remote);
}

/// Makes one thread's subject.
pub(super) type Make<S> = Box<dyn Fn() -> S + Send + Sync>;

/// One thread's handle to a shared clock.
pub(super) struct Handle<C>(Arc<C>);

impl Handle<()> {
    /// Makes a clock to be shared, and what makes handles to it.
    pub(super) fn share<C: SharedSubject>() -> impl Fn() -> Make<Handle<C>> {
        || {
            let clock = Arc::new(C::new());
            Box::new(move || Handle(Arc::clone(&clock)))
        }
    }
}

impl<C: SharedSubject> Subject for Handle<C> {
    const NAME: &'static str = C::NAME;
    type Unit = C::Unit;
    type Remote = C::Remote;

    fn new() -> Self {
        Self(Arc::new(C::new()))
    }

    fn set_wall(&mut self, steps: u64) {
        self.0.set_wall(steps);
    }

    #[inline]
    fn step_wall(&mut self) {
        self.0.step_wall();
    }

    #[inline]
    fn tick(&mut self) {
        self.0.tick();
    }

    fn remote(steps: u64) -> Self::Remote {
        C::remote(steps)
    }

    #[inline]
    fn receive(&mut self, remote: &Self::Remote) {
        self.0.receive(remote);
    }

    #[inline]
    fn take_over(&mut self, remote: &Self::Remote) {
        self.0.take_over(remote);
    }
}

/// A clock that isn't shared, shared. A name for each: constants can't be put together.
pub(super) struct Locked<C>(Mutex<C>);

pub(super) trait LockedName {
    const NAME: &'static str;
}

impl<C: Subject + LockedName + Send> SharedSubject for Locked<C> {
    const NAME: &'static str = <C as LockedName>::NAME;
    type Unit = C::Unit;
    type Remote = C::Remote;

    fn new() -> Self {
        Self(Mutex::new(C::new()))
    }

    #[inline]
    fn tick(&self) {
        self.0.lock().tick();
    }

    fn remote(steps: u64) -> Self::Remote {
        C::remote(steps)
    }

    #[inline]
    fn receive(&self, remote: &Self::Remote) {
        self.0.lock().receive(remote);
    }

    #[inline]
    fn take_over(&self, remote: &Self::Remote) {
        self.0.lock().take_over(remote);
    }
}

/// Two cases: the wall stands still during a slice, or moves before every call.
pub(super) fn tick_cases<S: Subject>(share: impl Fn() -> Make<S>) -> Vec<Case> {
    let make = share();
    let still = Case::new(S::NAME, STILL, move || {
        worker(
            (make(), 0),
            |(_, steps), at, _| *steps = at,
            |(subject, steps), calls| {
                *steps += 1;
                subject.set_wall(*steps);
                for _ in 0..calls {
                    subject.tick();
                }
            },
        )
    });
    vec![still, tick_case_raised(RAISED, share)]
}

pub(super) fn tick_case_raised<S: Subject>(job: &'static str, share: impl Fn() -> Make<S>) -> Case {
    let make = share();
    Case::new(S::NAME, job, move || {
        worker(
            (make(), 0),
            |(_, steps), at, _| *steps = at,
            |(subject, steps), calls| {
                subject.set_wall(*steps);
                for _ in 0..calls {
                    subject.step_wall();
                    subject.tick();
                }
                *steps += calls as u64;
            },
        )
    })
}

/// Three cases, each on a table of remote timestamps that is made before the slice.
pub(super) fn receive_cases<S: Subject>(share: impl Fn() -> Make<S>) -> Vec<Case> {
    let case = |job, remote: fn(u64, u64) -> u64, call: fn(&mut S, &[S::Remote])| {
        // `call` is a pointer to a loop, so that what is called in it can be inlined all the same.
        let make = share();
        Case::new(S::NAME, job, move || {
            worker(
                (make(), Vec::new(), 0),
                move |(subject, table, next), at, calls| {
                    assert!(calls < 80_000, "the bound on drift allows no more in one slice");
                    subject.set_wall(at);
                    table.clear();
                    table.extend((0..calls as u64).map(|i| S::remote(remote(at, i))));
                    *next = 0;
                },
                move |(subject, table, next), calls| {
                    call(subject, &table[*next..*next + calls]);
                    *next += calls;
                },
            )
        })
    };
    vec![
        case(
            BEHIND,
            |now, _| now,
            |subject, table| {
                for remote in table {
                    subject.receive(remote);
                }
            },
        ),
        case(
            AHEAD,
            |now, i| now + 1 + i,
            |subject, table| {
                for remote in table {
                    subject.receive(remote);
                }
            },
        ),
        case(
            TAKE_OVER,
            |now, i| now + 1 + i,
            |subject, table| {
                for remote in table {
                    subject.take_over(remote);
                }
            },
        ),
    ]
}

/// A bound on drift that honest remotes of a slice don't reach.
pub(super) const DAY: Duration = Duration::from_secs(86_400);
