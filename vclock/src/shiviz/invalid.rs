/// Why ShiViz would not draw a log, or draw what can't have happened. Events are counted from 0 in the order in which they
/// were given: the host's line of event `n` of a log is its line `2 * n + 3`, if there is but one execution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid<A> {
    /// There is no event.
    #[error("the log is empty: ShiViz wants at least one event")]
    Empty,
    /// Two hosts have one name, so that ShiViz can't tell them apart.
    #[error("two hosts are both written as {host}: give them different names")]
    SameName {
        /// One of them.
        host: A,
    },
    /// The clock of an event doesn't count it.
    #[error("event {event}: the clock has no entry for {host}, whose event it is: tick before logging")]
    NoOwnEntry {
        /// Which.
        event: usize,
        /// Its host.
        host: A,
    },
    /// The events of a host are not counted 1, 2, 3 and so on.
    #[error("event {event} is number {found} of {host}, where {expected} is wanted: renumber the log")]
    Numbering {
        /// The first that is wrong, in the order of the host's counters.
        event: usize,
        /// Its host.
        host: A,
        /// What its own counter is.
        found: u64,
        /// What it has to be.
        expected: u64,
    },
    /// A clock names a host that has no event in the log.
    #[error("event {event}: the clock names {host}, of which no event is in the log: renumber the log")]
    UnknownHost {
        /// Which.
        event: usize,
        /// Who has no event.
        host: A,
    },
    /// A clock has seen more events of a host than the log has.
    #[error(
        "event {event} has seen event {found} of {host}, of which only {logged} are in the log: renumber the log"
    )]
    Unlogged {
        /// Which.
        event: usize,
        /// Of whom it has seen too many.
        host: A,
        /// Up to which event.
        found: u64,
        /// How many there are.
        logged: u64,
    },
    /// Two events have each seen the other.
    #[error("events {event} and {cause} have each seen the other: one of their clocks is wrong")]
    Cycle {
        /// One.
        event: usize,
        /// The other.
        cause: usize,
    },
    /// An event has seen another, or comes after it on one host, but hasn't seen all that the other has.
    #[error(
        "event {event} has seen event {cause}, but not all that {cause} had seen: one of their clocks is wrong"
    )]
    Forgotten {
        /// The later.
        event: usize,
        /// The earlier.
        cause: usize,
    },
}

impl<A> Invalid<A> {
    /// Whether ShiViz refuses the log. The rest, [`Cycle`](Self::Cycle) and [`Forgotten`](Self::Forgotten), it draws: but
    /// what it draws is no execution.
    pub const fn is_refused(&self) -> bool {
        !matches!(self, Self::Cycle { .. } | Self::Forgotten { .. })
    }
}
