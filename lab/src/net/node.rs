use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use spacelike::hlc::Stored;
use spacelike::machine::{Machine, NodeId, Now};
use spacelike::monitor::{Change, Monitor, Settings};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument;

use crate::clocks::Clocks;
use crate::net::accept::{Acceptor, Doors, Local};
use crate::net::backoff::Backoff;
use crate::net::dial::Dialer;
use crate::net::engine::{Arrived, Engine, State};
use crate::net::frame::from_bytes;
use crate::net::health::Views;
use crate::net::pauses::Pauses;
use crate::net::pulses::Pulses;
use crate::net::queue::Queue;
use crate::net::random::{from_os, generator, incarnation};
use crate::net::stats::Counts;
use crate::net::storage::Storage;
use crate::net::{Config, Halted, Health, Limits, Listener, RequestError, Slots, StartError, Stats};
use crate::slots::{Contents, Disk, Folder, Identity, Store, load};

/// What goes over a wire or to a disk. Implemented for all that can be.
pub trait Wire: Serialize + DeserializeOwned + Send + 'static {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Wire for T {}

/// A machine that this driver can run. Implemented for all that it can.
///
/// A peer may send any bytes, and they are decoded before the machine sees them. Don't let a `Message` be a collection
/// of values that take no bytes (`Vec<()>`: one of four billion fits into a few bytes), and don't let it contain itself
/// (a nest of a million boxes overflows the stack).
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
    /// The step's.
    pub now: Now,
    /// What the machine noted.
    pub note: N,
}

/// A running node: a machine, its connections, its disk.
///
/// A node that has halted lets go of its disk as soon as what is being written there is done.
///
/// Dropping it stops the node as [`shutdown`](Self::shutdown) does, in the background: nobody learns when it is done, and
/// a runtime that ends first cuts it short like a crash.
#[derive(Debug)]
pub struct Node<M: Machine> {
    incarnation: u64,
    requests: mpsc::Sender<Arrived<M>>,
    /// As many as may be under way.
    permits: Arc<Semaphore>,
    counts: Counts,
    views: Views,
    pauses: Pauses,
    outcome: watch::Receiver<Option<Result<(), Halted>>>,
    stop: DropGuard,
}

impl<M: Runnable> Node<M> {
    /// Starts a node on a listener: reads what earlier lives made durable, makes a new life durable, and then runs
    /// `machine`, which must be pristine. `notes` gets the machine's notes, in order, on the task that steps it, and must
    /// not block.
    ///
    /// After a crash it waits until the wall clock has passed what the last life had reserved for its stamps, which takes
    /// up to [`Config::reserve`] and [`Config::drift_max`]: peers would refuse stamps that far ahead. After a clean
    /// shutdown there is nothing to wait for.
    ///
    /// Must be called inside a tokio runtime with time and I/O enabled.
    ///
    /// # Errors
    /// [`StartError`]. The machine was not called, and nothing was sent.
    ///
    /// # Examples
    /// The [module](crate::net) has one.
    #[expect(clippy::missing_panics_doc, reason = "only a bug of the monitor's would")]
    pub async fn start(
        listener: Listener,
        config: Config,
        machine: M,
        mut clocks: impl Clocks,
        notes: impl FnMut(NoteAt<M::Note>) + Send + 'static,
    ) -> Result<Self, StartError> {
        config.check()?;
        let reading = clocks.reading()?;
        let counts = Counts::default();

        let identity = Identity { cluster: config.cluster, node: config.node };
        let (disk, found) = open(config.slots, identity).await?;
        if let Some(torn) = found.torn {
            tracing::warn!(node = %config.node, ?torn, "dropped a batch that a crash had cut short");
        }
        let durable = decode::<M>(&found)?;
        let incarnation =
            incarnation(found.incarnation, reading.wall, from_os().map_err(StartError::Random)?)
                .ok_or(crate::slots::LoadError::Incarnations(found.incarnation))?;

        let Config { drift_max, reserve, detection, .. } = config;
        let settings = Settings { drift_max, reserve, detection };
        let mut monitor = Monitor::new(config.peers.keys().copied(), settings, found.bound);
        let wait = if found.ended { Duration::ZERO } else { monitor.settle(reading) };
        settle(config.node, wait).await;
        let reading = clocks.reading()?;
        let reservation = monitor.reserve(reading)?.expect("a reservation is due at the start of every life");
        let storage = match disk {
            Some(disk) => {
                let (bound, salt) = (reservation.bound(), from_os().map_err(StartError::Random)?);
                let store =
                    blocking(move || Ok(Store::begin(disk, identity, found, incarnation, bound, salt)?))
                        .await?;
                Storage::disk(store, counts.clone())?
            }
            None => Storage::memory(),
        };
        monitor.confirm(reservation);

        let listener = TcpListener::from_std(listener.socket)?;
        let local = Local { cluster: config.cluster, node: config.node, incarnation };
        let limits = &config.limits;
        let (inbox_in, inbox) = mpsc::channel(limits.inbox_max);
        let (requests_in, requests) = mpsc::channel(limits.requests_max);
        let (pulses, views, pauses) = (Arc::<Pulses>::default(), Views::default(), Pauses::new());

        let mut dialers = JoinSet::new();
        let mut links = BTreeMap::new();
        for (&peer, &address) in &config.peers {
            let queue = Arc::new(Queue::new(limits.queue_max, limits.queue_bytes_max));
            links.insert(peer, Arc::clone(&queue));
            let random = generator(config.seed, u64::from(config.node.0) << 32 | u64::from(peer.0));
            let backoff = Backoff::new(limits.backoff_min, limits.backoff_max, random);
            let dialer = Dialer {
                local,
                peer,
                address,
                queue,
                limits: limits.clone(),
                backoff,
                counts: counts.clone(),
            };
            let running = pauses.clone().run(dialer.run());
            dialers.spawn(running.instrument(tracing::info_span!("dial", node = %config.node, %peer)));
        }
        let acceptor = Acceptor {
            local,
            peers: config.peers.keys().copied().collect(),
            limits: limits.clone(),
            inbox: inbox_in,
            budget: Arc::new(Semaphore::new(limits.inbox_bytes_max)),
            pulses: Arc::clone(&pulses),
            pauses: pauses.clone(),
            counts: counts.clone(),
            doors: Doors::default(),
        };
        let queues = links.values().cloned().collect();
        let engine = Engine {
            node: config.node,
            machine,
            monitor,
            clocks,
            notes,
            storage,
            links,
            pulses,
            views: views.clone(),
            // A peer's stream has its id in the low half; our own id there is nobody's.
            random: generator(config.seed, u64::from(config.node.0) << 32 | u64::from(config.node.0)),
            on_drift: config.on_drift,
            limits: limits.clone(),
            counts: counts.clone(),
            state: State::new(),
        };

        let stop = CancellationToken::new();
        let span = tracing::info_span!("node", node = %config.node, incarnation);
        let running = engine.run(incarnation, durable, inbox, requests, stop.clone());
        let tasks = Tasks {
            engine: tokio::spawn(pauses.clone().run(running).instrument(span.clone())),
            acceptor: JoinSet::from_iter([pauses.clone().run(acceptor.run(listener))]),
            dialers,
            queues,
        };
        let (outcome_in, outcome) = watch::channel(None);
        let permits = Arc::new(Semaphore::new(limits.requests_max));
        tokio::spawn(tasks.run(config.limits, counts.clone(), outcome_in).instrument(span));
        let stop = stop.drop_guard();
        Ok(Self { incarnation, requests: requests_in, permits, counts, views, pauses, outcome, stop })
    }

    /// Asks the machine, and waits for its answer. When [`Limits::requests_max`] are under way, waits for one of them
    /// first.
    ///
    /// # Errors
    /// [`RequestError::Stopped`] if the node halts or is shut down first. A machine need not answer; whoever asks may
    /// give up by dropping the future, which takes nothing back.
    pub async fn request(&self, request: M::Request) -> Result<M::Response, RequestError> {
        let _permit = self.permits.acquire().await.map_err(|_| RequestError::Stopped)?;
        let (reply, response) = oneshot::channel();
        let asked = self.requests.send(Arrived::Request { request, reply }).await;
        asked.map_err(|_| RequestError::Stopped)?;
        response.await.map_err(|_| RequestError::Stopped)
    }
}

impl<M: Machine> Node<M> {
    /// This life's number, as the machine was told it.
    pub fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// What the node has done so far.
    pub fn stats(&self) -> Stats {
        self.counts.get()
    }

    /// What it thinks of its peers, as of its latest heartbeat of its own: phi of each is never older than a
    /// [period](spacelike::monitor::Detection::period), if the node isn't stopped or paused. Empty before the first.
    pub fn peers(&self) -> BTreeMap<NodeId, Health> {
        self.views.peers()
    }

    /// Whose suspicion came to another level, and when: the latest 1,024, in their order.
    pub fn changes(&self) -> Vec<Change> {
        self.views.changes()
    }

    /// Stops the node for so long, or until the future is dropped, and lets it go on: much as SIGSTOP and SIGCONT do to a
    /// process. Meanwhile it reads nothing, sends nothing and accepts nobody, its machine takes no step, and its timers wait,
    /// while the system keeps its connections up, and takes what peers send until the sockets are full. What became due is
    /// done afterwards, all at once.
    ///
    /// What is different: a task stops where it waits, so that a step which has begun is taken to its end; the thread of the
    /// disk finishes what it was handed; and the clocks are those of the process, which go on, as they do for one that is
    /// stopped.
    pub async fn pause(&self, time: Duration) {
        let _paused = self.pauses.begin();
        sleep(time).await;
    }

    /// Stops cleanly: takes no further input, waits as long as the disk needs for what was persisted, hands out the
    /// replies and sends that waited for it, gives peers that can be reached up to [`Limits::flush_timeout`] to read what
    /// waits for them, and closes every connection. The folder is free and the port closed when this returns.
    ///
    /// Requests that the machine hasn't answered get [`RequestError::Stopped`].
    ///
    /// # Errors
    /// [`Halted`] if the node had halted before, or does on the way.
    pub async fn shutdown(self) -> Result<Stats, Halted> {
        let Self { counts, mut outcome, stop, .. } = self;
        drop(stop);
        ended(&mut outcome).await.map(|()| counts.get())
    }

    /// Waits until the node halts: for as long as it runs, that is.
    pub async fn halted(&self) -> Halted {
        match ended(&mut self.outcome.clone()).await {
            Err(halted) => halted,
            // Only a shutdown ends well, and that takes the node.
            Ok(()) => std::future::pending().await,
        }
    }
}

async fn ended(outcome: &mut watch::Receiver<Option<Result<(), Halted>>>) -> Result<(), Halted> {
    match outcome.wait_for(Option::is_some).await {
        Ok(ended) => ended.clone().unwrap_or(Ok(())),
        Err(_) => Err(Halted::Panicked("the runtime ended before the node".into())),
    }
}

/// What runs for a node.
struct Tasks {
    engine: JoinHandle<Result<(), Halted>>,
    /// One.
    acceptor: JoinSet<()>,
    dialers: JoinSet<()>,
    queues: Vec<Arc<Queue>>,
}

impl Tasks {
    async fn run(
        mut self,
        limits: Limits,
        counts: Counts,
        outcome: watch::Sender<Option<Result<(), Halted>>>,
    ) {
        let ended = tokio::select! {
            ended = &mut self.engine => ended.unwrap_or_else(|error| Err(Halted::Panicked(panic_text(error)))),
            // Neither ends before the engine, unless by a bug of ours. Without them the node would be deaf or mute.
            Some(Err(error)) = self.acceptor.join_next() => Err(Halted::Panicked(panic_text(error))),
            Some(Err(error)) = self.dialers.join_next() => Err(Halted::Panicked(panic_text(error))),
        };
        self.engine.abort();
        self.acceptor.abort_all();
        match &ended {
            Ok(()) => {
                for queue in &self.queues {
                    queue.close();
                }
                let flushed = async { while self.dialers.join_next().await.is_some() {} };
                if timeout(limits.flush_timeout, flushed).await.is_err() {
                    tracing::warn!("a peer has not read all that was sent to it");
                }
            }
            Err(halted) => tracing::error!("{halted}"),
        }
        self.dialers.shutdown().await;
        // Whether it was aborted or had ended, the listener is closed now.
        self.acceptor.shutdown().await;
        counts.count(|stats| {
            stats.dialed.clear();
            stats.accepted.clear();
        });
        outcome.send_replace(Some(ended));
    }
}

fn panic_text(error: tokio::task::JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
            (Some(text), _) => (*text).to_owned(),
            (_, Some(text)) => text.clone(),
            _ => "of an unknown kind".into(),
        },
        Err(error) => error.to_string(),
    }
}

async fn settle(node: NodeId, wait: Duration) {
    if !wait.is_zero() {
        tracing::info!(%node, ?wait, "waiting until what a crashed life had reserved has passed");
        sleep(wait).await;
    }
}

type Opened = (Option<Box<dyn Disk>>, Contents);

async fn open(slots: Slots, identity: Identity) -> Result<Opened, StartError> {
    match slots {
        Slots::Memory => {
            let nothing = Contents::default();
            debug_assert_eq!(nothing.bound, Stored::Never);
            Ok((None, nothing))
        }
        Slots::Folder(path) => {
            blocking(move || {
                let mut folder = Folder::open(path)?;
                let found = load(&mut folder, identity)?;
                Ok((Some(Box::new(folder) as Box<dyn Disk>), found))
            })
            .await
        }
        Slots::Disk(mut disk) => {
            blocking(move || {
                let found = load(&mut disk, identity)?;
                Ok((Some(disk), found))
            })
            .await
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StartError> + Send + 'static,
) -> Result<T, StartError> {
    spawn_blocking(work).await.map_err(|error| StartError::Io(std::io::Error::other(error)))?
}

fn decode<M: Runnable>(found: &Contents) -> Result<BTreeMap<M::Slot, M::Record>, StartError> {
    let unreadable = |slot: &Vec<u8>| StartError::Record { slot: slot.clone() };
    found
        .slots
        .iter()
        .map(|(slot, record)| {
            let key = from_bytes(slot).ok_or_else(|| unreadable(slot))?;
            Ok((key, from_bytes(record).ok_or_else(|| unreadable(slot))?))
        })
        .collect()
}
