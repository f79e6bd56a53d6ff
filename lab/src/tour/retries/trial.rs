use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use spacelike::machine::NodeId;
use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

use crate::clocks::OsClocks;
use crate::net::{Config, Listener, Node, NoteAt, Runnable, Slots};
use crate::slots::{Folder, Identity, OpenError, load};
use crate::tour::retries::book::{Book, Life, Pens};
use crate::tour::retries::client::{Client, Finish};
use crate::tour::retries::server::{self, Fall, Fallen, Server};
use crate::tour::retries::{Crash, Habit, Ledger, Naive, Record, Retried, Slot, TrialError, Workload};

/// A server and its clients that have their ports and wait to be run.
///
/// # Examples
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use spacelike_lab::tour::retries::{Trial, Workload};
///
/// let home = tempfile::tempdir()?;
/// let workload = Workload { requests: 20, ..Workload::default() };
/// let retried = Trial::bind(workload, 7, home.path())?.run().await?;
///
/// assert_eq!(retried.verdict(), Ok(()));
/// assert_eq!(retried.ledger.deposits.len(), 20);
/// assert!(retried.naive_effects() > 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Trial {
    workload: Workload,
    seed: u64,
    folder: PathBuf,
    habit: Habit,
    patience: Duration,
    of_clients: Listener,
    of_server: Listener,
}

impl Trial {
    /// Takes the ports, any that are free, and the folder where the server's slots will be. Slots of an earlier trial in it are
    /// removed.
    ///
    /// # Errors
    /// [`TrialError`] if the workload can't be run, there is no port, or the folder can't be used or has the slots of another
    /// node in it.
    pub fn bind(workload: Workload, seed: u64, folder: impl Into<PathBuf>) -> Result<Self, TrialError> {
        workload.check()?;
        let folder = folder.into();
        let listener = || Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let (of_clients, of_server) = (listener()?, listener()?);
        clear(&folder)?;
        Ok(Self { workload, seed, folder, habit: Habit::Careful, patience: PATIENCE, of_clients, of_server })
    }

    /// The same with a server that does something wrong, so that the verdict has something to find.
    #[must_use]
    pub fn with_habit(self, habit: Habit) -> Self {
        Self { habit, ..self }
    }

    /// The same with another limit to how long it may take. Two minutes unless set, which is long for what takes a few seconds.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Runs the clients until all are answered, or its time is over; kills the server on the way, and starts it again.
    ///
    /// When the future is dropped the nodes are stopped in the background.
    ///
    /// # Errors
    /// [`TrialError`] if a node doesn't start or stops by itself, or what the server has on its disk can't be read.
    pub async fn run(self) -> Result<Retried, TrialError> {
        let (workload, seed, patience, folder) =
            (self.workload, self.seed, self.patience, self.folder.clone());
        let (mut book, pens) = Book::new();
        let mut crash = None;
        // Where its time is over the table has what there is.
        if let Ok(ended) = timeout(patience, self.play(pens, &mut crash)).await {
            ended?;
        }
        let Found { ledger, naive, .. } = read(&folder).await?;
        book.read();
        let crash = crash.map(|Killed { fallen: Fallen { id, cut_short }, is_durable, is_clean }| Crash {
            id,
            cut_short,
            is_durable,
            is_clean,
            told_before: book.told(Life::First, id),
            replays: book.replayed(Life::Second, id),
        });
        let Book { amounts, answers, sent, lost, doubled, refused, tally, .. } = book;
        Ok(Retried {
            workload,
            seed,
            amounts,
            answers,
            sent,
            lost,
            doubled,
            refused,
            tally,
            ledger,
            naive,
            crash,
            patience,
        })
    }

    async fn play(self, pens: Pens, crash: &mut Option<Killed>) -> Result<(), TrialError> {
        let Self { workload, seed, folder, habit, of_clients, of_server, .. } = self;
        let [at_clients, at_server] = [&of_clients, &of_server].map(Listener::local_addr);
        let again = of_server.try_clone()?;
        let config = |slots| {
            let mut config = config(SERVER, CLIENTS, at_clients, seed);
            config.slots = slots;
            config
        };
        let server = |life: u64| Server::new(workload, !seed.wrapping_add(life)).with_habit(habit);

        let slots = Slots::Folder(folder.clone());
        let mortal = server(1).falling_after(workload.fatal_effect());
        let first = Mortal::start(of_server, config(slots), mortal, pens.server(Life::First)).await?;
        let machine = Client::new(SERVER, workload, seed);
        let clients =
            start(of_clients, self::config(CLIENTS, SERVER, at_server, seed), machine, pens.client()).await?;
        let fallen = tokio::select! {
            fallen = ask(SERVER, &first.node, Fall) => fallen?,
            error = clients.halted() => return Err(TrialError::Halted { node: CLIENTS, error }),
        };
        first.kill().await?;
        let Found { ledger, is_clean, .. } = read(&folder).await?;
        let is_durable = ledger.deposits.iter().any(|deposit| deposit.id == fallen.id);
        *crash = Some(Killed { fallen, is_durable, is_clean });

        let slots = Slots::Folder(folder);
        let second = tokio::select! {
            second = start(again, config(slots), server(2), pens.server(Life::Second)) => second?,
            error = clients.halted() => return Err(TrialError::Halted { node: CLIENTS, error }),
        };
        tokio::select! {
            finished = ask(CLIENTS, &clients, Finish) => finished?,
            error = second.halted() => return Err(TrialError::Halted { node: SERVER, error }),
        }
        let halted = |node| move |error| TrialError::Halted { node, error };
        clients.shutdown().await.map_err(halted(CLIENTS))?;
        second.shutdown().await.map_err(halted(SERVER))?;
        Ok(())
    }
}

fn config(node: NodeId, peer: NodeId, address: SocketAddr, seed: u64) -> Config {
    let mut config = Config::new(CLUSTER, node, BTreeMap::from([(peer, address)]));
    config.seed = seed;
    (config.drift_max, config.reserve) = (DRIFT_MAX, RESERVE);
    config.limits.backoff_max = Duration::from_millis(200);
    config
}

async fn start<M: Runnable>(
    listener: Listener,
    config: Config,
    machine: M,
    notes: impl FnMut(NoteAt<M::Note>) + Send + 'static,
) -> Result<Node<M>, TrialError> {
    let node = config.node;
    let started = Node::start(listener, config, machine, OsClocks::new(), notes).await;
    started.map_err(|error| TrialError::Start { node, error })
}

async fn ask<M: Runnable>(
    id: NodeId,
    node: &Node<M>,
    request: M::Request,
) -> Result<M::Response, TrialError> {
    match node.request(request).await {
        Ok(response) => Ok(response),
        Err(_) => Err(TrialError::Halted { node: id, error: node.halted().await }),
    }
}

/// A server with a runtime of its own, so that it can be killed.
struct Mortal {
    node: Node<Server>,
    runtime: Dying,
}

/// A runtime that may be dropped anywhere.
struct Dying(Option<Runtime>);

impl Mortal {
    async fn start(
        listener: Listener,
        config: Config,
        machine: Server,
        notes: impl FnMut(NoteAt<server::Note>) + Send + 'static,
    ) -> Result<Self, TrialError> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let starting = runtime.spawn(start(listener, config, machine, notes));
        let runtime = Dying(Some(runtime));
        Ok(Self { node: starting.await.map_err(io::Error::other)??, runtime })
    }

    /// Ends all that runs of it, where it is. Nothing is flushed, no connection closed with a word, and no end written to the
    /// disk. The node is let go afterwards: before, that would be a clean end.
    async fn kill(mut self) -> Result<(), TrialError> {
        if let Some(runtime) = self.runtime.0.take() {
            spawn_blocking(move || runtime.shutdown_timeout(PATIENCE)).await.map_err(io::Error::other)?;
        }
        drop(self.node);
        Ok(())
    }
}

impl Drop for Dying {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// What is known when the server was killed.
struct Killed {
    fallen: Fallen,
    is_durable: bool,
    is_clean: bool,
}

/// What the server has on its disk.
#[derive(Default)]
struct Found {
    ledger: Ledger,
    naive: Naive,
    is_clean: bool,
}

/// Waits until nobody has the folder any more: the thread of a killed node's disk finishes what it is writing.
async fn read(folder: &Path) -> Result<Found, TrialError> {
    let end = Instant::now() + PATIENCE;
    loop {
        let folder = folder.to_owned();
        let found = spawn_blocking(move || Found::read(&folder)).await.map_err(io::Error::other)?;
        match found {
            Err(TrialError::Folder(OpenError::Locked { .. })) if Instant::now() < end => sleep(GLANCE).await,
            found => return found,
        }
    }
}

impl Found {
    fn read(path: &Path) -> Result<Self, TrialError> {
        let mut folder = Folder::open(path)?;
        let loaded = load(&mut folder, IDENTITY);
        let contents = loaded.map_err(|error| TrialError::Load { folder: path.to_owned(), error })?;
        let mut found = Self { is_clean: contents.ended, ..Self::default() };
        for (slot, record) in &contents.slots {
            match (postcard::from_bytes(slot)?, postcard::from_bytes(record)?) {
                (Slot::Ledger, Record::Ledger(ledger)) => found.ledger = ledger,
                (Slot::Naive, Record::Naive(naive)) => found.naive = naive,
                (Slot::Ledger | Slot::Naive, _) => return Err(postcard::Error::SerdeDeCustom.into()),
            }
        }
        Ok(found)
    }
}

/// Removes the slots of an earlier trial, and of nobody else.
fn clear(path: &Path) -> Result<(), TrialError> {
    let mut folder = Folder::open(path)?;
    load(&mut folder, IDENTITY).map_err(|error| TrialError::Load { folder: path.to_owned(), error })?;
    match fs::remove_file(path.join("slots")) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Keeps nodes of other programs on this machine out.
const CLUSTER: u64 = u64::from_be_bytes(*b"retrying");

const CLIENTS: NodeId = NodeId(1);
const SERVER: NodeId = NodeId(2);
const IDENTITY: Identity = Identity { cluster: CLUSTER, node: SERVER };

/// After a crash a node waits until its wall clock is past what it had reserved: a second, here.
const DRIFT_MAX: Duration = Duration::from_millis(250);
const RESERVE: Duration = Duration::from_millis(750);

/// Long for what takes a few seconds, so that a busy machine makes no fault.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a folder is looked after that somebody has.
const GLANCE: Duration = Duration::from_millis(5);
