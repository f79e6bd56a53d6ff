use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::BytesMut;
use futures_util::StreamExt;
use spacelike::machine::NodeId;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_util::codec::{FramedRead, LengthDelimitedCodec};

use crate::net::accept::Local;
use crate::net::backoff::Backoff;
use crate::net::frame::{Answer, Frame, HELLO, HELLO_MAX, Hello, VERSION, codec, from_bytes, to_frame};
use crate::net::queue::{Popped, Queue};
use crate::net::stats::Counts;
use crate::net::{Limits, Refusal};

/// Keeps a connection to one peer, and sends it what waits in its queue.
pub(super) struct Dialer {
    pub(super) local: Local,
    pub(super) peer: NodeId,
    pub(super) address: SocketAddr,
    pub(super) queue: Arc<Queue>,
    pub(super) limits: Limits,
    pub(super) backoff: Backoff,
    pub(super) counts: Counts,
}

struct Connection {
    frames: FramedRead<OwnedReadHalf, LengthDelimitedCodec>,
    write: OwnedWriteHalf,
}

/// Why there is no connection, or none any more.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("connection closed")]
    Closed,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("no answer in time")]
    Timeout,
    #[error("nothing heard for too long")]
    Silent,
    #[error("the peer refused us: {0}")]
    Refused(Refusal),
    #[error("another node answers there")]
    Stranger,
    #[error("what answers there is no node of this version")]
    Garbage,
}

impl Dialer {
    /// Runs until the queue is closed and, if there is a connection, empty.
    pub(super) async fn run(mut self) {
        for attempt in 1.. {
            let connected = tokio::select! {
                connected = timeout(self.limits.hello_timeout, self.connect(attempt)) => {
                    connected.unwrap_or(Err(Lost::Timeout))
                }
                // With something to send, a connection that is being made may still be.
                () = self.queue.done() => return,
            };
            match connected {
                Ok(connection) => {
                    tracing::info!(attempt, "connected");
                    self.counts.count(|stats| {
                        stats.connects += 1;
                        stats.dialed.insert(self.peer);
                    });
                    let since = Instant::now();
                    let lost = self.serve(connection).await;
                    self.counts.count(|stats| {
                        stats.dialed.remove(&self.peer);
                        stats.half_open += u64::from(matches!(lost, Lost::Silent));
                    });
                    tracing::info!("connection lost: {lost}");
                    // One that is closed as soon as it is open doesn't make the next come sooner.
                    if since.elapsed() >= self.limits.backoff_max {
                        self.backoff.reset();
                    }
                }
                Err(error @ (Lost::Refused(_) | Lost::Stranger | Lost::Garbage)) => {
                    tracing::warn!(attempt, "can't connect: {error}");
                }
                Err(error) => tracing::debug!(attempt, "can't connect: {error}"),
            }
            tokio::select! {
                () = sleep(self.backoff.failed()) => {}
                () = self.queue.closed() => return,
            }
            self.counts.count(|stats| stats.reconnects += 1);
        }
    }

    async fn connect(&self, attempt: u64) -> Result<Connection, Lost> {
        let stream = TcpStream::connect(self.address).await?;
        // A port that nobody listens on can be our own end as well.
        if stream.local_addr()? == stream.peer_addr()? {
            return Err(Lost::Stranger);
        }
        stream.set_nodelay(true)?;
        let (read, mut write) = stream.into_split();
        let hello = Hello {
            mark: HELLO,
            version: VERSION,
            cluster: self.local.cluster,
            from: self.local.node,
            to: self.peer,
            incarnation: self.local.incarnation,
            attempt,
        };
        write.write_all(&to_frame(&hello, HELLO_MAX).map_err(|_| Lost::Garbage)?).await?;
        let mut frames = FramedRead::new(read, codec(HELLO_MAX));
        let answer = match frames.next().await {
            None => return Err(Lost::Closed),
            Some(bytes) => Answer::read(&bytes?).ok_or(Lost::Garbage)?,
        };
        let welcome = answer.verdict.map_err(Lost::Refused)?;
        if (welcome.cluster, welcome.node) != (self.local.cluster, self.peer) {
            return Err(Lost::Stranger);
        }
        Ok(Connection { frames, write })
    }

    /// Sends until the connection is lost, or everything is sent and the peer has closed in turn.
    async fn serve(&self, connection: Connection) -> Lost {
        let Connection { mut frames, mut write } = connection;
        tokio::select! {
            lost = self.listen(&mut frames) => lost,
            // When all is sent, this branch is out, and the other one waits for the peer to close.
            Err(error) = self.send(&mut write) => error.into(),
        }
    }

    async fn send(&self, write: &mut OwnedWriteHalf) -> io::Result<()> {
        let every = self.limits.keepalive;
        let keepalive = to_frame(&Frame::<()>::Keepalive, HELLO_MAX).map_err(io::Error::other)?;
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut chunk = BytesMut::new();
        loop {
            let popped = tokio::select! {
                popped = self.queue.pop(CHUNK_LEN) => popped,
                _ = ticks.tick() => {
                    write.write_all(&keepalive).await?;
                    continue;
                }
            };
            let Some(Popped { beat, frames }) = popped else { break };
            chunk.clear();
            for frame in beat.iter().chain(&frames) {
                chunk.extend_from_slice(frame);
            }
            write.write_all(&chunk).await?;
            self.counts.count(|stats| {
                stats.sent += frames.len() as u64;
                stats.beats_sent += u64::from(beat.is_some());
            });
        }
        // The peer closes when it has read all. Closing both ways at once could reset what it hasn't read yet.
        write.shutdown().await
    }

    /// The peer answers keepalives, and says nothing else.
    async fn listen(&self, frames: &mut FramedRead<OwnedReadHalf, LengthDelimitedCodec>) -> Lost {
        loop {
            match timeout(self.limits.idle_timeout, frames.next()).await {
                Err(_) => return Lost::Silent,
                Ok(None) => return Lost::Closed,
                Ok(Some(Err(error))) => return error.into(),
                Ok(Some(Ok(bytes))) => {
                    if from_bytes::<Frame<()>>(&bytes) != Some(Frame::Keepalive) {
                        return Lost::Garbage;
                    }
                }
            }
        }
    }
}

/// How many bytes of frames are written at once, or one frame.
const CHUNK_LEN: usize = 64 << 10;
