use core::fmt::{self, Display};

use serde::{Deserialize, Serialize};
use spacelike::idempotency::{Fingerprint, Request};

/// What client and server tell each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Message {
    /// To the server, once or more often.
    Ask(Order),
    /// To the client.
    Tell {
        /// Of which request.
        id: OrderId,
        /// What became of it.
        answer: Answer,
    },
}

/// A request to add to the account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Order {
    /// Its name: the same in each copy.
    pub id: OrderId,
    /// The client has the answers to all its requests below this one.
    pub acknowledged: u64,
    /// How much to add.
    pub amount: u64,
}

/// The name of a request: `3.12` is the thirteenth of client 3.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct OrderId {
    /// Whose, from zero on. It is also the name of the client's session.
    pub client: u32,
    /// Which of them, from zero on.
    pub sequence: u64,
}

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// It was executed, and the account had so much afterwards.
    Done {
        /// How much.
        balance: u64,
    },
    /// It is being executed.
    InProgress,
}

impl Order {
    /// As the client's session knows it.
    pub fn request(&self) -> Request {
        let &Self { id: OrderId { client, sequence }, acknowledged, amount } = self;
        // All that is asked for, as it is: no hash is needed for so little.
        let fingerprint = Fingerprint(u128::from(client) << 64 | u128::from(amount));
        Request { epoch: 0, sequence, acknowledged, fingerprint }
    }
}

impl Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.client, self.sequence)
    }
}
