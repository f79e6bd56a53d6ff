use core::convert::Infallible;
use core::time::Duration;

use crate::store::{Begun, Execution, LeaseLost, NotForgotten, NotKept, NotSettled, Store};
use crate::table::attempt::fits;
use crate::table::shard;
use crate::table::{Call, Clock, Swept, Table, Weigh};
use crate::{Event, Key, Reply, Token};

/// Everything is done when the future is first polled. What a guard does when it is dropped, nobody does here.
impl<O, C, K> Store for Table<O, C, K>
where
    O: Clone + Weigh + Send,
    C: Clone + Weigh + Send,
    K: Clock + Send + Sync,
{
    type Outcome = O;
    type Checkpoint = C;
    type Error = Infallible;

    async fn begin(&self, key: &Key<'_>, call: Call) -> Result<Begun<O, C>, Infallible> {
        Ok(match self.find_room_and_begin(self.name(key), call, None) {
            shard::Begun::Execute(execution) => Begun::Execute(public(execution)),
            shard::Begun::Saturated => Begun::Saturated { retry_after: call.lease },
            shard::Begun::Answer(reply) => match reply {
                Reply::InProgress { retry_after } => Begun::InProgress { retry_after },
                Reply::Replay(outcome) => Begun::Replay(outcome),
                Reply::Mismatch => Begun::Mismatch,
                Reply::Indeterminate { attempts } => Begun::Indeterminate { attempts },
                Reply::Dead { attempts } => Begun::Dead { attempts },
                Reply::Expired => Begun::Expired,
                Reply::Execute { .. } | Reply::Done | Reply::LeaseLost | Reply::Refused => {
                    unreachable!("the rules answer a begin otherwise")
                }
            },
        })
    }

    async fn effect_started(&self, key: &Key<'_>, token: Token) -> Result<Result<(), LeaseLost>, Infallible> {
        Ok(self.hold(key, token, Event::EffectStarted { token }))
    }

    async fn checkpoint(
        &self,
        key: &Key<'_>,
        token: Token,
        checkpoint: C,
    ) -> Result<Result<(), NotKept>, Infallible> {
        let hash = self.name(key).hash;
        let weight = checkpoint.weight();
        let mut checkpoint = Some(checkpoint);
        Ok(self.0.with(hash, |shard, now, shared, after| {
            if shard.is_lost(hash, token, now, shared) {
                return Err(LeaseLost { token }.into());
            }
            let room = shard.held(hash);
            let bytes = fits(weight, room).ok_or_else(|| too_large(weight, room))?;
            if let Some(checkpoint) = checkpoint.take() {
                shard.checkpoint(hash, token, (checkpoint, bytes), now, shared, after);
            }
            Ok(())
        }))
    }

    async fn renew(
        &self,
        key: &Key<'_>,
        token: Token,
        lease: Duration,
    ) -> Result<Result<(), LeaseLost>, Infallible> {
        Ok(self.hold(key, token, Event::Renew { token, lease }))
    }

    async fn complete(
        &self,
        key: &Key<'_>,
        token: Token,
        outcome: O,
    ) -> Result<Result<(), NotKept>, Infallible> {
        let hash = self.name(key).hash;
        let weight = outcome.weight();
        let mut outcome = Some(outcome);
        Ok(self.0.with(hash, |shard, now, shared, after| {
            let room = shard.held(hash);
            let bytes = match fits(weight, room) {
                Some(bytes) => bytes,
                // Who has lost the lease, or has completed it before, needs no room.
                None if shard.is_lost(hash, token, now, shared) => 0,
                None => return Err(too_large(weight, room)),
            };
            let event = Event::Complete { token, outcome: () };
            let is_kept = outcome
                .take()
                .is_some_and(|outcome| shard.complete(hash, event, (outcome, bytes), now, shared, after));
            if is_kept { Ok(()) } else { Err(LeaseLost { token }.into()) }
        }))
    }

    async fn abort(
        &self,
        key: &Key<'_>,
        token: Token,
        counts: bool,
    ) -> Result<Result<(), LeaseLost>, Infallible> {
        Ok(self.hold(key, token, Event::Abort { token, counts }))
    }

    async fn settle(&self, key: &Key<'_>, outcome: O) -> Result<Result<(), NotSettled>, Infallible> {
        Ok(Table::settle(self, key, outcome))
    }

    async fn reexecute(
        &self,
        key: &Key<'_>,
        lease: Duration,
    ) -> Result<Result<Execution<C>, NotSettled>, Infallible> {
        let name = self.name(key);
        let execution = self
            .0
            .with(name.hash, |shard, now, shared, after| shard.reexecute(name, lease, now, shared, after));
        Ok(execution.map(public).ok_or(NotSettled::NotIndeterminate))
    }

    async fn forget(&self, key: &Key<'_>) -> Result<Result<(), NotForgotten>, Infallible> {
        Ok(Table::forget(self, key).map(|_| ()))
    }

    async fn sweep(&self, steps: u32) -> Result<Swept, Infallible> {
        Ok(Table::sweep(self, steps))
    }
}

impl<O, C, K: Clock> Table<O, C, K> {
    fn hold(&self, key: &Key<'_>, token: Token, event: Event<(), ()>) -> Result<(), LeaseLost> {
        let hash = self.name(key).hash;
        let is_held =
            self.0.with(hash, |shard, now, shared, after| shard.hold(hash, event, now, shared, after));
        if is_held { Ok(()) } else { Err(LeaseLost { token }) }
    }
}

fn public<C>(execution: shard::Execution<C>) -> Execution<C> {
    let shard::Execution { token, checkpoint, started_before, reserved: _ } = execution;
    Execution { token, checkpoint, started_before }
}

fn too_large(weight: usize, room: u32) -> NotKept {
    NotKept::TooLarge { weight, room: room as usize }
}
