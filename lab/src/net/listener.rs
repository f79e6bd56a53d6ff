use std::net::{SocketAddr, TcpListener};

use crate::net::BindError;
use crate::net::config::is_loopback;

/// A socket on which a node will listen. Bound first, so that the peers can be told a port that the system chose.
///
/// # Examples
/// ```
/// use spacelike_lab::net::{BindError, Listener};
///
/// let listener = Listener::bind("127.0.0.1:0".parse()?)?;
/// assert_ne!(listener.local_addr().port(), 0);
///
/// let everyone = Listener::bind("0.0.0.0:0".parse()?);
/// assert!(matches!(everyone, Err(BindError::NotLoopback { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Listens on a loopback address; port 0 lets the system choose one.
    ///
    /// # Errors
    /// [`BindError::NotLoopback`] for any other address, [`BindError::Io`] if the system refuses.
    pub fn bind(address: SocketAddr) -> Result<Self, BindError> {
        if !is_loopback(address) {
            return Err(BindError::NotLoopback { address });
        }
        let refused = |error| BindError::Io { address, error };
        let socket = TcpListener::bind(address).map_err(refused)?;
        socket.set_nonblocking(true).map_err(refused)?;
        let address = socket.local_addr().map_err(refused)?;
        Ok(Self { socket, address })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The same socket once more, for the next life of a node that is to be killed: nobody else can have the port meanwhile, and
    /// who connects waits.
    #[cfg(feature = "trace")]
    pub(crate) fn try_clone(&self) -> std::io::Result<Self> {
        Ok(Self { socket: self.socket.try_clone()?, address: self.address })
    }
}
