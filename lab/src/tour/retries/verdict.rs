use std::time::Duration;

use crate::tour::retries::{OrderId, Retried};

/// Why a trial proves nothing for sessions, or something against them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Verdict {
    /// A request had not exactly one effect, though all are answered.
    #[error("request {id} had {effects} effects, and one is what it should have")]
    Effects {
        /// Which.
        id: OrderId,
        /// How many.
        effects: u64,
    },
    /// A client was told something else than what came of the request's effect, or different things.
    #[error("request {id} was answered otherwise than its effect")]
    Answers {
        /// Which.
        id: OrderId,
    },
    /// The account is not the sum of what was asked for.
    #[error("the account has {balance}, and the requests add up to {sum}")]
    Balance {
        /// What is in it.
        balance: u64,
        /// What should be.
        sum: u64,
    },
    /// Messages of honest nodes were refused.
    #[error("honest messages were refused: {messages}")]
    Refused {
        /// How many.
        messages: u64,
    },
    /// The time was over before all was answered.
    #[error(
        "after {} s {answered} of {requests} requests were answered: the machine is too busy, or a node is stuck",
        patience.as_secs_f64()
    )]
    Unanswered {
        /// How many were.
        answered: usize,
        /// How many should have been.
        requests: usize,
        /// How long they had.
        patience: Duration,
    },
    /// The server was not killed.
    #[error("the server was not killed")]
    NotKilled,
    /// The server was killed, but the effect was not on the disk.
    #[error("the server was killed before the effect of request {id} was durable, and not after it")]
    KilledEarly {
        /// The last request.
        id: OrderId,
    },
    /// The server was killed, but the answer had left it.
    #[error("the server was killed after it had answered request {id}, and not before")]
    KilledLate {
        /// The last request.
        id: OrderId,
    },
    /// The server had the time to end its life as it should.
    #[error("the server was stopped cleanly, and not killed")]
    Stopped,
    /// The answer that was due when the server was killed did not come from what the next life found on the disk.
    #[error(
        "request {id}, which was not answered when the server was killed, was not answered from its slots"
    )]
    NotReplayed {
        /// The last request.
        id: OrderId,
    },
    /// What became of the requests that came doesn't add up.
    #[error("{deliveries} requests were delivered, and {accounted} of them are accounted for")]
    Unaccounted {
        /// How many came.
        deliveries: u64,
        /// How many of them were executed, answered again, in progress or stale.
        accounted: u64,
    },
    /// Without sessions the server did nothing twice, so that they made no difference.
    #[error("nothing was executed twice without sessions either: the trial shows nothing")]
    Harmless,
}

impl Verdict {
    /// What is wrong with a trial, the worst first: effects, then what clients were told, then whether there was anything to see.
    pub(super) fn of(retried: &Retried) -> Result<(), Self> {
        let all_answered = retried.answered() == retried.orders();
        for (&id, amount) in &retried.amounts {
            let effects: Vec<_> = retried.ledger.deposits.iter().filter(|deposit| deposit.id == id).collect();
            match (&effects[..], retried.answers.get(&id)) {
                ([], None) => {}
                ([deposit], told) => {
                    let is_told = |told: &[u64]| told.iter().all(|balance| *balance == deposit.balance);
                    if deposit.amount != *amount || told.is_some_and(|told| !is_told(told)) {
                        return Err(Self::Answers { id });
                    }
                }
                (effects, _) => return Err(Self::Effects { id, effects: effects.len() as u64 }),
            }
        }
        let refused = retried.refused + retried.tally.refused;
        if refused > 0 {
            return Err(Self::Refused { messages: refused });
        }
        if !all_answered {
            let (answered, requests) = (retried.answered(), retried.orders());
            return Err(Self::Unanswered { answered, requests, patience: retried.patience });
        }
        let (balance, sum) = (retried.ledger.balance, retried.sum());
        if balance != sum {
            return Err(Self::Balance { balance, sum });
        }
        let crash = retried.crash.ok_or(Self::NotKilled)?;
        let id = crash.id;
        if !crash.is_durable {
            return Err(Self::KilledEarly { id });
        }
        if crash.told_before > 0 {
            return Err(Self::KilledLate { id });
        }
        if crash.is_clean {
            return Err(Self::Stopped);
        }
        if crash.replays == 0 {
            return Err(Self::NotReplayed { id });
        }
        let (deliveries, accounted) = (retried.deliveries(), retried.accounted());
        if deliveries != accounted || deliveries != retried.naive_effects() {
            return Err(Self::Unaccounted { deliveries, accounted });
        }
        if retried.naive_repeated() == 0 {
            return Err(Self::Harmless);
        }
        Ok(())
    }
}
