use serde::{Deserialize, Serialize};

/// A client asked, or heard what came of it: one line of a [`History`](crate::check::History).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event<O, A> {
    /// Nanoseconds since the run began, on one clock for all clients.
    pub time_ns: u64,
    /// Which client.
    pub client: u64,
    /// What happened.
    pub what: What<O, A>,
}

/// What happened at a client.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What<O, A> {
    /// It asked for this.
    Invoke(O),
    /// What it asked for took effect, and this is the answer.
    Ok(A),
    /// What it asked for did not take effect, and never will.
    Fail,
    /// It gave up: what it asked for may take effect at any later time, or never.
    Unknown,
}
