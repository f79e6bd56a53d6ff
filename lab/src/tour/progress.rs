use std::time::Duration;

/// How far a tour has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub struct Progress {
    /// Since the nodes were started.
    pub elapsed: Duration,
    /// Messages sent.
    pub sent: u64,
    /// Messages received.
    pub received: u64,
    /// Messages received at a wall clock that read less than the one at which they were sent.
    pub inverted: u64,
    /// Messages that a machine ignored, as no honest peer's. All peers are honest, so it is a fault if there are any.
    pub refused: u64,
}
