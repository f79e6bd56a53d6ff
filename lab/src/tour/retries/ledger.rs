use core::time::Duration;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spacelike::idempotency::{Entry, SessionTable, SnapshotError};

use crate::tour::retries::{Order, OrderId, Workload};

/// The server's durable records.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Slot {
    /// What the server did that keeps sessions.
    Ledger,
    /// What it would have done without.
    Naive,
}

/// What is in them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Record {
    /// Of [`Slot::Ledger`].
    Ledger(Ledger),
    /// Of [`Slot::Naive`].
    Naive(Naive),
}

/// The account, and who was answered what: one record, so that a crash keeps an effect and its answer, or neither.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// What is in the account.
    pub balance: u64,
    /// All that was done to it, in order.
    pub deposits: Vec<Deposit>,
    /// The sessions of the clients, as their table [writes](SessionTable::write) them.
    pub sessions: Vec<u8>,
}

/// An effect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Deposit {
    /// Of which request.
    pub id: OrderId,
    /// What was added.
    pub amount: u64,
    /// What was in the account then: the answer.
    pub balance: u64,
}

/// An account of a server that executes whatever comes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Naive {
    /// What is in the account.
    pub balance: u64,
    /// How often each request was executed.
    pub effects: BTreeMap<OrderId, u64>,
}

impl Naive {
    /// Executes a request, again if it was before.
    pub fn execute(&mut self, order: &Order) {
        self.balance = self.balance.saturating_add(order.amount);
        *self.effects.entry(order.id).or_default() += 1;
    }
}

/// The sessions of all clients: each may wait for so many answers, of so many bytes.
pub(super) type Sessions = SessionTable<Vec<Option<Entry<WINDOW, ANSWER>>>, WINDOW, ANSWER>;

/// As clients find them when they ask for the first time: client `n` has session `n`.
pub(super) fn open_sessions(now: Duration) -> Sessions {
    let mut sessions = Sessions::new(room());
    for _ in 0..Workload::CLIENTS {
        sessions.open(now).expect("there is room for each client");
    }
    sessions
}

/// As an earlier life left them. What it was executing had no effect, since that would be in the same record, and nobody
/// executes it any more: the next copy is executed.
pub(super) fn restore_sessions(mut bytes: &[u8], now: Duration) -> Result<Sessions, SnapshotError> {
    let mut sessions = Sessions::read(room(), &mut bytes)?;
    let ids: Vec<_> = sessions.iter().map(|(id, ..)| id).collect();
    for id in ids {
        let Ok(session) = sessions.get(id, now) else { continue };
        let executing: Vec<_> = session.executing().collect();
        for sequence in executing {
            if let Some(ticket) = session.reclaim(sequence) {
                session.abort(ticket).expect("it was given out just now");
            }
        }
    }
    Ok(sessions)
}

fn room() -> Vec<Option<Entry<WINDOW, ANSWER>>> {
    (0..Workload::CLIENTS).map(|_| None).collect()
}

/// How many answers a client waits for at once.
pub(super) const WINDOW: usize = 4;

/// An answer is a balance.
pub(super) const ANSWER: usize = size_of::<u64>();
