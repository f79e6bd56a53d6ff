use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;
use core::time::Duration;
use std::thread;

use super::setting::LEASE;
use super::{Harness, Setting, Skipped};
use crate::store::{Begun, Call, Execution, LeaseLost, NotForgotten, NotKept, NotSettled, Store, Swept};
use crate::{Fingerprint, Key, Scope, Token};

/// What is answered, with plain bytes.
pub(super) type Answer = Begun<Vec<u8>, Vec<u8>>;

/// A store under test, and short names for what is done to it. All requests are the same one, unless a method says
/// otherwise.
pub(super) struct Probe<'h, H: Harness> {
    pub(super) harness: &'h H,
    pub(super) store: H::Store,
    pub(super) unit: Duration,
    pub(super) lease: Duration,
    pub(super) retention: Duration,
    pub(super) skew: Duration,
}

impl<'h, H: Harness> Probe<'h, H> {
    pub(super) fn new(harness: &'h H, setting: impl FnOnce(Setting) -> Setting) -> Result<Self, Skipped> {
        let unit = harness.resolution();
        let setting = setting(Setting::of(unit));
        let store = harness.store(&setting).ok_or(Skipped::Setting)?;
        let (retention, skew) = (setting.policy.retention, setting.policy.skew);
        Ok(Self { harness, store, unit, lease: unit * LEASE, retention, skew })
    }

    /// Lets time pass.
    pub(super) fn pass(&self, time: Duration) -> Result<(), Skipped> {
        if self.harness.advance(&self.store, time) { Ok(()) } else { Err(Skipped::Time) }
    }

    /// Lets time pass up to the instant before what is so long is over.
    pub(super) fn pass_to_the_last_instant_of(&self, time: Duration) -> Result<(), Skipped> {
        self.pass(time.saturating_sub(self.unit))
    }

    pub(super) fn go_back(&self, time: Duration) -> Result<(), Skipped> {
        if self.harness.rewind(&self.store, time) { Ok(()) } else { Err(Skipped::Time) }
    }

    pub(super) fn now(&self) -> Duration {
        self.harness.now(&self.store)
    }

    #[track_caller]
    pub(super) fn begin_with(&self, key: &Key<'_>, fingerprint: Fingerprint, reserve: u32) -> Answer {
        let call = Call { fingerprint, lease: self.lease, reserve };
        plain(self.harness.block_on(self.store.begin(key, call)).unwrap())
    }

    #[track_caller]
    pub(super) fn begin_key(&self, key: &Key<'_>) -> Answer {
        self.begin_with(key, REQUEST, RESERVE)
    }

    #[track_caller]
    pub(super) fn begin(&self, name: &[u8]) -> Answer {
        self.begin_key(&key(name))
    }

    /// Another request under the same key.
    #[track_caller]
    pub(super) fn begin_other(&self, name: &[u8]) -> Answer {
        self.begin_with(&key(name), OTHER_REQUEST, RESERVE)
    }

    #[track_caller]
    pub(super) fn execute(&self, name: &[u8]) -> Execution<Vec<u8>> {
        execution(self.begin(name))
    }

    /// Someone executes it and says that the effect begins.
    #[track_caller]
    pub(super) fn start(&self, name: &[u8]) -> Token {
        let token = self.execute(name).token;
        assert_eq!(self.effect_started(name, token), Ok(()));
        token
    }

    /// Someone executes it to its end.
    #[track_caller]
    pub(super) fn finish(&self, name: &[u8], outcome: &[u8]) -> Token {
        let token = self.start(name);
        assert_eq!(self.complete(name, token, outcome), Ok(()));
        token
    }

    /// Someone begins its effect and is never heard of again.
    #[track_caller]
    pub(super) fn vanish(&self, name: &[u8]) -> Result<Token, Skipped> {
        let token = self.start(name);
        self.pass(self.lease)?;
        assert_eq!(self.begin(name), Begun::Indeterminate { attempts: token.attempt });
        Ok(token)
    }

    #[track_caller]
    pub(super) fn effect_started(&self, name: &[u8], token: Token) -> Result<(), LeaseLost> {
        self.harness.block_on(self.store.effect_started(&key(name), token)).unwrap()
    }

    #[track_caller]
    pub(super) fn checkpoint(&self, name: &[u8], token: Token, checkpoint: &[u8]) -> Result<(), NotKept> {
        let checkpoint = checkpoint.to_vec().into();
        self.harness.block_on(self.store.checkpoint(&key(name), token, checkpoint)).unwrap()
    }

    #[track_caller]
    pub(super) fn renew(&self, name: &[u8], token: Token, lease: Duration) -> Result<(), LeaseLost> {
        self.harness.block_on(self.store.renew(&key(name), token, lease)).unwrap()
    }

    #[track_caller]
    pub(super) fn complete_key(&self, key: &Key<'_>, token: Token, outcome: &[u8]) -> Result<(), NotKept> {
        self.harness.block_on(self.store.complete(key, token, outcome.to_vec().into())).unwrap()
    }

    #[track_caller]
    pub(super) fn complete(&self, name: &[u8], token: Token, outcome: &[u8]) -> Result<(), NotKept> {
        self.complete_key(&key(name), token, outcome)
    }

    #[track_caller]
    pub(super) fn abort(&self, name: &[u8], token: Token, counts: bool) -> Result<(), LeaseLost> {
        self.harness.block_on(self.store.abort(&key(name), token, counts)).unwrap()
    }

    #[track_caller]
    pub(super) fn settle(&self, name: &[u8], outcome: &[u8]) -> Result<(), NotSettled> {
        self.harness.block_on(self.store.settle(&key(name), outcome.to_vec().into())).unwrap()
    }

    #[track_caller]
    pub(super) fn reexecute(&self, name: &[u8]) -> Result<Execution<Vec<u8>>, NotSettled> {
        let execution = self.harness.block_on(self.store.reexecute(&key(name), self.lease)).unwrap()?;
        Ok(plain_execution(execution))
    }

    #[track_caller]
    pub(super) fn forget(&self, name: &[u8]) -> Result<(), NotForgotten> {
        self.harness.block_on(self.store.forget(&key(name))).unwrap()
    }

    #[track_caller]
    pub(super) fn sweep(&self, steps: u32) -> Swept {
        self.harness.block_on(self.store.sweep(steps)).unwrap()
    }

    /// Whatever `token` tries, it is told that it is lost.
    #[track_caller]
    pub(super) fn is_lost(&self, name: &[u8], token: Token) {
        let lost = LeaseLost { token };
        assert_eq!(self.effect_started(name, token), Err(lost), "a lost attempt started");
        assert_eq!(
            self.checkpoint(name, token, b"lost"),
            Err(lost.into()),
            "a lost attempt left a checkpoint"
        );
        assert_eq!(self.renew(name, token, self.lease * 9), Err(lost), "a lost attempt was renewed");
        assert_eq!(self.abort(name, token, true), Err(lost), "a lost attempt was aborted");
        assert_eq!(self.complete(name, token, b"lost"), Err(lost.into()), "a lost attempt completed");
        let large = vec![0; TOO_LARGE];
        assert_eq!(self.complete(name, token, &large), Err(lost.into()), "a lost attempt was told of room");
    }

    /// It is being executed, for a lease at most.
    #[track_caller]
    pub(super) fn is_in_progress(&self, name: &[u8]) {
        let answer = self.begin(name);
        let Begun::InProgress { retry_after } = answer else { panic!("in progress, not {answer:?}") };
        assert!(!retry_after.is_zero() && retry_after <= self.lease, "come again after {retry_after:?}");
    }

    #[track_caller]
    pub(super) fn is_saturated(&self, key: &Key<'_>) {
        let answer = self.begin_key(key);
        assert!(matches!(answer, Begun::Saturated { .. }), "there is no room, but {answer:?}");
    }

    /// A hundred copies at once, of several threads and several tasks of each. What was answered, in any order.
    pub(super) fn rush(&self, name: &[u8]) -> Vec<Answer> {
        let rush = || {
            let call = Call { fingerprint: REQUEST, lease: self.lease, reserve: RESERVE };
            let key = key(name);
            let begins = (0..100 / THREADS).map(|_| self.store.begin(&key, call)).collect();
            self.harness.block_on(all(begins)).into_iter().map(|answer| plain(answer.unwrap())).collect()
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(rush)).collect();
            threads.into_iter().flat_map(|thread| -> Vec<Answer> { thread.join().unwrap() }).collect()
        })
    }

    /// Whoever holds a lease does something, and is told whether he could, while copies come in: one before him if there
    /// is `one_before`, and one after. Each has a turn after the other's, also in the middle of what it does.
    pub(super) fn contend(
        &self,
        name: &[u8],
        one_before: bool,
        hold: impl AsyncFn() -> bool,
    ) -> (bool, Vec<Answer>) {
        let (key, his_turn) = (key(name), usize::from(one_before));
        let call = Call { fingerprint: REQUEST, lease: self.lease, reserve: RESERVE };
        let act = async |turn| {
            if turn == his_turn {
                Ok(hold().await)
            } else {
                Err(plain(self.store.begin(&key, call).await.unwrap()))
            }
        };
        let mut could = false;
        let told = self.harness.block_on(all((0..his_turn + 2).map(act).collect()));
        let answers = told.into_iter().filter_map(|each| each.map(|his| could = his).err()).collect();
        (could, answers)
    }

    /// Of a hundred copies at once, one is executed.
    #[track_caller]
    pub(super) fn one_executes(&self, name: &[u8]) -> Token {
        let answers = self.rush(name);
        let (executions, others): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| matches!(answer, Begun::Execute(_)));
        assert_eq!(executions.len(), 1, "one of a hundred copies is executed, not {executions:?}");
        let progresses = |answer: &Answer| matches!(answer, Begun::InProgress { .. });
        assert!(others.iter().all(progresses), "all others come again: {others:?}");
        execution(executions.into_iter().next().unwrap()).token
    }
}

/// A key of no tenant.
pub(super) fn key(name: &[u8]) -> Key<'_> {
    Key::new(Scope::Global, "conformance", name).unwrap()
}

#[track_caller]
pub(super) fn execution(answer: Answer) -> Execution<Vec<u8>> {
    let Begun::Execute(execution) = answer else { panic!("it is executed, not {answer:?}") };
    execution
}

pub(super) fn replay(outcome: &[u8]) -> Answer {
    Begun::Replay(outcome.to_vec())
}

fn plain<O: AsRef<[u8]>, C: AsRef<[u8]>>(begun: Begun<O, C>) -> Answer {
    match begun {
        Begun::Execute(execution) => Begun::Execute(plain_execution(execution)),
        Begun::Replay(outcome) => replay(outcome.as_ref()),
        Begun::InProgress { retry_after } => Begun::InProgress { retry_after },
        Begun::Mismatch => Begun::Mismatch,
        Begun::Indeterminate { attempts } => Begun::Indeterminate { attempts },
        Begun::Dead { attempts } => Begun::Dead { attempts },
        Begun::Expired => Begun::Expired,
        Begun::Saturated { retry_after } => Begun::Saturated { retry_after },
    }
}

fn plain_execution<C: AsRef<[u8]>>(execution: Execution<C>) -> Execution<Vec<u8>> {
    let Execution { token, checkpoint, started_before } = execution;
    Execution { token, checkpoint: checkpoint.map(|bytes| bytes.as_ref().to_vec()), started_before }
}

/// Waits for all of them, each polled in its turn.
async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut outputs = Vec::new();
    poll_fn(|context| {
        futures.retain_mut(|future| match future.as_mut().poll(context) {
            Poll::Ready(output) => {
                outputs.push(output);
                false
            }
            Poll::Pending => true,
        });
        if futures.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs
}

const REQUEST: Fingerprint = Fingerprint(0x5EED);
const OTHER_REQUEST: Fingerprint = Fingerprint(0x5EED << 64);
const RESERVE: u32 = 4_096;
const THREADS: usize = 4;
/// More bytes than are reserved.
pub(super) const TOO_LARGE: usize = 100_000;
