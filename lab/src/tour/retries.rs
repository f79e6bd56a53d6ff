//! Clients that retry, over a network that loses and doubles their messages on purpose, and a server that is killed between an
//! effect and its answer: how often each request takes effect, with sessions and without.
//!
//! ```text
//! Workload -> Trial -> Retried (the table) -> Verdict
//!
//! Client ──Ask──▶ Network ──TCP──▶ Server ─┬─ Ledger: the account, what was done to it, the sessions; one durable record
//!        ◀──────────TCP── Network ◀──Tell──┘─ Naive: executes whatever comes
//! ```
//!
//! [`Client`] and [`Server`] are [machines](spacelike::machine) on the driver of [`net`](crate::net). What is lost and doubled is
//! decided by the machines as they send, from a seed; TCP in between does neither.
//!
//! The server is killed for real, as far as one process can: the runtime that it has to itself is ended, nothing is flushed, and a
//! second life begins from the slots on the disk. The moment is the machine's: once it has persisted a certain effect it does
//! nothing more, and the driver hears of that when the effect is durable. So the answer was never sent.

pub use client::Client;
pub use error::TrialError;
pub use ledger::{Deposit, Ledger, Naive, Record, Slot};
pub use message::{Answer, Message, Order, OrderId};
pub use network::{Fate, Network};
pub use retried::{Crash, Retried, Tally};
pub use server::{Became, Habit, Server};
pub use trial::Trial;
pub use verdict::Verdict;
pub use workload::Workload;

mod book;
pub mod client;
mod error;
mod ledger;
mod message;
mod network;
mod retried;
pub mod server;
mod trial;
mod verdict;
mod workload;
