/// What a client asked, when, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Call<O, A> {
    /// Who asked.
    pub client: u64,
    /// What was asked for.
    pub operation: O,
    /// When.
    pub invoked: Moment,
    /// What came of it.
    pub outcome: Outcome<A>,
    /// When the client heard of the outcome, or gave up; `None` if it still waited at the end.
    pub completed: Option<Moment>,
}

/// When an event happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub struct Moment {
    /// How many events happened before: decides which of two events was first.
    pub index: usize,
    /// Nanoseconds since the run began. Grows with `index`, but not strictly.
    pub time_ns: u64,
}

/// What came of a call.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Outcome<A> {
    /// It took effect between invocation and completion, and this was the answer.
    Ok(A),
    /// It did not take effect, and never will.
    Fail,
    /// Nobody knows: it may take effect at any time after its invocation, or never.
    Unknown,
}
