use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use spacelike::machine::NodeId;
use spacelike::monitor::Heartbeat;
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::codec::{FramedRead, LengthDelimitedCodec, LengthDelimitedCodecError};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::net::engine::Arrived;
use crate::net::frame::{
    ANSWER, Answer, Frame, HELLO_MAX, Hello, VERSION, Welcome, codec, from_bytes, to_frame,
};
use crate::net::pauses::Pauses;
use crate::net::pulses::{Pulse, Pulses};
use crate::net::stats::Counts;
use crate::net::{Limits, Refusal, Runnable};

/// Who we are, as hellos say it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local {
    pub(super) cluster: u64,
    pub(super) node: NodeId,
    pub(super) incarnation: u64,
}

/// Takes connections, asks who they are, and reads peers' messages.
pub(super) struct Acceptor<M: Runnable> {
    pub(super) local: Local,
    pub(super) peers: Vec<NodeId>,
    pub(super) limits: Limits,
    pub(super) inbox: mpsc::Sender<Arrived<M>>,
    /// Bytes that the inbox may still take.
    pub(super) budget: Arc<Semaphore>,
    pub(super) pulses: Arc<Pulses>,
    pub(super) pauses: Pauses,
    pub(super) counts: Counts,
    pub(super) doors: Doors,
}

/// The connections that are open.
#[derive(Clone, Debug, Default)]
pub(super) struct Doors(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    /// Those that haven't said hello, in the order in which they came.
    strangers: BTreeMap<u64, CancellationToken>,
    /// Those that have.
    seated: BTreeMap<NodeId, Seated>,
    /// How many were ever seated.
    seats: u64,
}

#[derive(Debug)]
struct Seated {
    connection: u64,
    /// The peer's life, and which of its attempts in it this was.
    age: (u64, u64),
    close: CancellationToken,
}

impl<M: Runnable> Acceptor<M> {
    /// Takes connections until it is dropped, which closes them.
    pub(super) async fn run(self, listener: TcpListener) {
        let this = Arc::new(self);
        let mut connections = JoinSet::new();
        for connection in 0_u64.. {
            let (stream, remote) = loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok(accepted) => break accepted,
                        // One that is gone again, or no file descriptors left: try again, not at once.
                        Err(error) => {
                            tracing::warn!("can't accept a connection: {error}");
                            sleep(this.limits.backoff_min).await;
                        }
                    },
                    Some(_) = connections.join_next() => {}
                }
            };
            let close = CancellationToken::new();
            if this.doors.enter(connection, close.clone(), this.limits.strangers_max) {
                this.refused(Refusal::Crowded);
            }
            let this = Arc::clone(&this);
            let pauses = this.pauses.clone();
            let span =
                tracing::info_span!("accept", node = %this.local.node, %remote, peer = tracing::field::Empty);
            let serve = async move {
                tokio::select! {
                    () = close.cancelled() => tracing::debug!("closed for another"),
                    () = this.serve(stream, connection, close.clone()) => {}
                }
                this.doors.leave(connection, &this.counts);
            };
            connections.spawn(pauses.run(serve).instrument(span));
        }
    }

    async fn serve(&self, stream: TcpStream, connection: u64, close: CancellationToken) {
        let (read, mut write) = stream.into_split();
        let mut frames = FramedRead::new(read, codec(HELLO_MAX));
        let verdict = self.greet(&mut frames, connection, close).await;
        let answer = match verdict {
            Ok(_) => Ok(Welcome {
                cluster: self.local.cluster,
                node: self.local.node,
                incarnation: self.local.incarnation,
            }),
            Err(refusal) => {
                self.refused(refusal);
                // Whoever doesn't speak our language is told nothing.
                if matches!(refusal, Refusal::Garbage | Refusal::Closed | Refusal::Timeout) {
                    return;
                }
                Err(refusal)
            }
        };
        let answered =
            self.write(&mut write, &Answer { mark: ANSWER, version: VERSION, verdict: answer }).await;
        if let (Ok((peer, seat)), true) = (verdict, answered) {
            frames.decoder_mut().set_max_frame_length(self.limits.frame_max);
            self.receive(peer, seat, &mut frames, &mut write).await;
        }
    }

    /// Reads a hello and, if it is a peer's, gives it the peer's seat, whose number is greater than all before.
    async fn greet(
        &self,
        frames: &mut FramedRead<OwnedReadHalf, LengthDelimitedCodec>,
        connection: u64,
        close: CancellationToken,
    ) -> Result<(NodeId, u64), Refusal> {
        let hello = match timeout(self.limits.hello_timeout, frames.next()).await {
            Err(_) => return Err(Refusal::Timeout),
            Ok(Some(Err(error))) if is_too_long(&error) => return Err(Refusal::Garbage),
            Ok(None | Some(Err(_))) => return Err(Refusal::Closed),
            Ok(Some(Ok(bytes))) => Hello::read(&bytes)?,
        };
        tracing::Span::current().record("peer", tracing::field::display(hello.from));
        if hello.cluster != self.local.cluster {
            return Err(Refusal::Cluster);
        }
        if hello.from == self.local.node {
            return Err(Refusal::OwnId);
        }
        if !self.peers.contains(&hello.from) {
            return Err(Refusal::Unknown);
        }
        if hello.to != self.local.node {
            return Err(Refusal::Misdirected);
        }
        let age = (hello.incarnation, hello.attempt);
        let seat = self.doors.seat(hello.from, Seated { connection, age, close }, &self.counts)?;
        tracing::info!(incarnation = hello.incarnation, "peer connected");
        Ok((hello.from, seat))
    }

    /// Takes a peer's messages until it goes, falls silent or sends what is none.
    async fn receive(
        &self,
        peer: NodeId,
        seat: u64,
        frames: &mut FramedRead<OwnedReadHalf, LengthDelimitedCodec>,
        write: &mut OwnedWriteHalf,
    ) {
        loop {
            let bytes = match timeout(self.limits.idle_timeout, frames.next()).await {
                Err(_) => {
                    tracing::warn!("peer fell silent");
                    self.counts.count(|stats| stats.half_open += 1);
                    return;
                }
                Ok(None) => return tracing::debug!("peer closed"),
                Ok(Some(Err(error))) if is_too_long(&error) => {
                    tracing::warn!("refused a frame: {error}");
                    self.counts.count(|stats| stats.refused_frames += 1);
                    return;
                }
                Ok(Some(Err(error))) => return tracing::debug!("connection lost: {error}"),
                Ok(Some(Ok(bytes))) => bytes,
            };
            match from_bytes::<Frame<M::Message>>(&bytes) {
                Some(Frame::Message { stamp, message }) => {
                    // Bounded by `frame_max`, which the budget is never below.
                    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                    drop(bytes);
                    let Ok(permit) = Arc::clone(&self.budget).acquire_many_owned(len).await else { return };
                    if self.inbox.send(Arrived::Message { from: peer, stamp, message, permit }).await.is_err()
                    {
                        return;
                    }
                }
                Some(Frame::Beat { sequence, sent }) => {
                    let heartbeat = Heartbeat { sequence, sent: Duration::from_nanos(sent) };
                    self.pulses.put(peer, Pulse { seat, heartbeat });
                }
                Some(Frame::Keepalive) => {
                    if !self.write(write, &Frame::<()>::Keepalive).await {
                        return;
                    }
                }
                None => {
                    tracing::warn!(len = bytes.len(), "refused a frame that is none");
                    self.counts.count(|stats| stats.refused_frames += 1);
                    return;
                }
            }
        }
    }

    /// A peer that doesn't read what we answer is half-open, too.
    async fn write(&self, write: &mut OwnedWriteHalf, frame: &impl serde::Serialize) -> bool {
        let Ok(frame) = to_frame(frame, HELLO_MAX) else { return false };
        let written = timeout(self.limits.idle_timeout, write.write_all(&frame)).await;
        if written.is_err() {
            self.counts.count(|stats| stats.half_open += 1);
        }
        matches!(written, Ok(Ok(())))
    }

    fn refused(&self, refusal: Refusal) {
        tracing::warn!("refused a connection: {refusal}");
        self.counts.count(|stats| *stats.refused_hellos.entry(refusal).or_default() += 1);
    }
}

impl Doors {
    /// A stranger came. Returns whether the oldest had to go for it.
    fn enter(&self, connection: u64, close: CancellationToken, strangers_max: usize) -> bool {
        let strangers = &mut self.lock().strangers;
        strangers.insert(connection, close);
        if strangers.len() <= strangers_max {
            return false;
        }
        if let Some((_, oldest)) = strangers.pop_first() {
            oldest.cancel();
        }
        true
    }

    /// A stranger turned out to be `peer`. It takes the seat from a connection of an earlier life or attempt of the same
    /// peer, and from no other.
    fn seat(&self, peer: NodeId, seated: Seated, counts: &Counts) -> Result<u64, Refusal> {
        let mut open = self.lock();
        if open.seated.get(&peer).is_some_and(|other| other.age >= seated.age) {
            return Err(Refusal::Stale);
        }
        open.strangers.remove(&seated.connection);
        let replaced = open.seated.insert(peer, seated);
        counts.count(|stats| {
            stats.accepted.insert(peer);
            stats.replaced += u64::from(replaced.is_some());
        });
        if let Some(replaced) = replaced {
            replaced.close.cancel();
        }
        open.seats += 1;
        Ok(open.seats)
    }

    fn leave(&self, connection: u64, counts: &Counts) {
        let mut open = self.lock();
        open.strangers.remove(&connection);
        open.seated.retain(|peer, seated| {
            let stays = seated.connection != connection;
            if !stays {
                counts.count(|stats| stats.accepted.remove(peer));
            }
            stays
        });
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_too_long(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<LengthDelimitedCodecError>)
}
