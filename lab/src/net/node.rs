use core::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use spacelike::machine::{Machine, NodeId, Now};

use crate::clocks::Clocks;
use crate::net::{Config, Halted, Listener, RequestError, StartError, Stats};

/// What goes over a wire or to a disk. Implemented for all that can be.
pub trait Wire: Serialize + DeserializeOwned + Send + 'static {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Wire for T {}

/// A machine that this driver can run. Implemented for all that it can.
pub trait Runnable:
    Machine<
        Message: Wire,
        Timer: Send + 'static,
        Request: Send + 'static,
        Response: Send + 'static,
        Slot: Wire,
        Record: Wire,
        Note: Send + 'static,
    > + Send
    + 'static
{
}

impl<M> Runnable for M where
    M: Machine<
            Message: Wire,
            Timer: Send + 'static,
            Request: Send + 'static,
            Response: Send + 'static,
            Slot: Wire,
            Record: Wire,
            Note: Send + 'static,
        > + Send
        + 'static
{
}

/// A note, and the step that left it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct NoteAt<N> {
    /// Which node.
    pub node: NodeId,
    /// When.
    pub now: Now,
    /// What.
    pub note: N,
}

/// A running node.
#[derive(Debug)]
pub struct Node<M: Machine> {
    machine: PhantomData<fn() -> M>,
}

impl<M: Runnable> Node<M> {
    /// Starts a machine.
    ///
    /// # Errors
    /// [`StartError`].
    #[expect(clippy::unused_async, reason = "a skeleton")]
    pub async fn start(
        _listener: Listener,
        _config: Config,
        _machine: M,
        _clocks: impl Clocks,
        _notes: impl FnMut(NoteAt<M::Note>) + Send + 'static,
    ) -> Result<Self, StartError> {
        unimplemented!()
    }

    /// Asks the machine.
    ///
    /// # Errors
    /// [`RequestError`].
    #[expect(clippy::unused_async, reason = "a skeleton")]
    pub async fn request(&self, _request: M::Request) -> Result<M::Response, RequestError> {
        unimplemented!()
    }

    /// Counters so far.
    pub fn stats(&self) -> Stats {
        unimplemented!()
    }

    /// Stops cleanly.
    ///
    /// # Errors
    /// [`Halted`].
    #[expect(clippy::unused_async, reason = "a skeleton")]
    pub async fn shutdown(self) -> Result<Stats, Halted> {
        unimplemented!()
    }

    /// Resolves if the node halts.
    #[expect(clippy::unused_async, reason = "a skeleton")]
    pub async fn halted(&self) -> Halted {
        unimplemented!()
    }
}
