use std::collections::BTreeMap;
use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::mpsc::{self, Receiver};
use std::task::Poll;
use std::time::Duration;

use spacelike::machine::NodeId;
use spacelike::monitor::{Change, Detection, Level};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};

use crate::clocks::{Clocks, OsClocks, SkewedClocks};
use crate::net::{Config, Halted, Listener, Node, NoteAt, OnDrift, Stats};
use crate::tour::gossip::{Gossip, Note, Request, Stamps};
use crate::tour::{Options, Pause, Paused, Progress, TourError};
use crate::trace::{Event, Kind, MessageId, Trace};

/// Nodes that have their ports and wait to be run.
///
/// # Examples
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use std::time::Duration;
/// use spacelike_lab::analysis::Analysis;
/// use spacelike_lab::tour::{Options, Tour};
///
/// let options = Options::new(3, Duration::from_millis(200));
/// let run = Tour::bind(&options)?.run(std::future::pending(), |progress| println!("{progress:?}")).await?;
///
/// let analysis = Analysis::of(&run.trace);
/// assert_eq!(analysis.hlc.wrong(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Tour {
    options: Options,
    listeners: BTreeMap<NodeId, Listener>,
}

/// A tour that was run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Run {
    /// What happened.
    pub trace: Trace,
    /// Where it ended.
    pub progress: Progress,
    /// What each node's driver counted.
    pub stats: BTreeMap<NodeId, Stats>,
    /// Whom each node suspected and trusted again, in the order of its noticing.
    pub changes: BTreeMap<NodeId, Vec<Change>>,
    /// What became of the pause; `None` if there was none, or the tour was stopped before it began.
    pub paused: Option<Paused>,
    /// It was stopped before its time.
    pub interrupted: bool,
}

impl Tour {
    /// Takes the ports.
    ///
    /// # Errors
    /// [`TourError::Options`] if the options can't be run, [`TourError::Bind`] if a port can't be had.
    pub fn bind(options: &Options) -> Result<Self, TourError> {
        options.check()?;
        let listener = |node| {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port_of(node)));
            let listener = Listener::bind(address).map_err(|error| TourError::Bind { node, error })?;
            Ok((node, listener))
        };
        let listeners = options.ids().map(listener).collect::<Result<_, TourError>>()?;
        Ok(Self { options: options.clone(), listeners })
    }

    /// Runs the nodes for their time, or until `stop`, and stops them. `stop` is dropped when the nodes have talked, before
    /// they are stopped. `watch` is called about ten times a second.
    ///
    /// Not cancel safe: use `stop`.
    ///
    /// # Errors
    /// [`TourError::Start`] if a node doesn't start, [`TourError::Halted`] as soon as one stops by itself.
    pub async fn run(
        self,
        stop: impl Future<Output = ()>,
        watch: impl FnMut(Progress),
    ) -> Result<Run, TourError> {
        let plan = Plan { began: Instant::now(), duration: self.options.duration, pause: self.options.pause };
        let (nodes, book) = self.start().await?;
        talk(nodes, book, plan, stop, watch).await
    }

    async fn start(self) -> Result<(Nodes, Book), TourError> {
        let addresses: BTreeMap<_, _> =
            self.listeners.iter().map(|(&node, listener)| (node, listener.local_addr())).collect();
        let clocks = OsClocks::new(); // one origin, so that the readings of all nodes can be put in order
        let (sender, inbox) = mpsc::channel();
        let mut nodes = Nodes::new();
        for (node, socket) in self.listeners {
            let mut peers = addresses.clone();
            peers.remove(&node);
            let every = Duration::from_secs_f64(1.0 / self.options.rate);
            let machine = Gossip::new(node, peers.keys().copied(), every, self.options.seed);
            let mut config = Config::new(CLUSTER, node, peers);
            config.drift_max = self.options.drift_max;
            config.on_drift = OnDrift::Refuse;
            config.seed = self.options.seed;
            config.detection = DETECTION;
            if let Some(pause) = self.options.pause {
                // So that its connections outlive it.
                config.limits.idle_timeout += pause.time + PAUSE_PATIENCE;
            }
            let mut skewed = SkewedClocks::new(self.options.offset_ms(node)).on(clocks.clone());
            if let Some(step) = self.options.steps.get(&node) {
                skewed = skewed.step(Duration::from_millis(step.after_ms), step.by_ms);
            }
            // The receiver outlives the nodes, except when the tour is dropped: then nobody asks for notes any more.
            let sender = sender.clone();
            let keep = move |note| drop(sender.send(note));
            match Node::start(socket, config, machine, skewed, keep).await {
                Ok(started) => drop(nodes.insert(node, started)),
                Err(error) => {
                    shutdown(nodes).await?;
                    return Err(TourError::Start { node, error });
                }
            }
        }
        let trace = Trace { header: self.options.header(), events: Vec::new() };
        Ok((nodes, Book { inbox, trace, progress: Progress::default(), clocks }))
    }
}

type Nodes = BTreeMap<NodeId, Node<Gossip>>;

/// What is to be done with the nodes.
struct Plan {
    began: Instant,
    duration: Duration,
    pause: Option<Pause>,
}

/// What a run is once the nodes are started.
async fn talk(
    nodes: Nodes,
    mut book: Book,
    Plan { began, duration, pause }: Plan,
    stop: impl Future<Output = ()>,
    mut watch: impl FnMut(Progress),
) -> Result<Run, TourError> {
    let mut paused = None;
    let ended = {
        let mut pausing = pin!(pausing(&nodes, pause, began, book.clocks.clone(), &mut paused));
        let mut is_pausing = pause.is_some();
        // Dropped at the end of the block, so that its owner learns that nobody waits for it any more.
        let mut stop = pin!(stop);
        let mut halted = pin!(halted(&nodes));
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                error = &mut halted => break Err(error),
                () = &mut stop => break Ok(true),
                () = &mut pausing, if is_pausing => is_pausing = false,
                () = sleep_until(began + duration), if !is_pausing => break Ok(false),
                _ = tick.tick() => {
                    book.read();
                    let phi = nodes.keys().map(|&node| (node, phi_max(&nodes, node))).collect();
                    watch(Progress { elapsed: began.elapsed(), phi, ..book.progress.clone() });
                }
            }
        }
    };
    let interrupted = match ended {
        Ok(interrupted) => interrupted,
        Err(error) => {
            let _ = shutdown(nodes).await; // says the same, or names another node that has halted since
            return Err(error);
        }
    };
    if let (Some(paused), Ok(reading)) = (&mut paused, book.clocks.reading()) {
        // It goes on now, if it hasn't before.
        paused.until = paused.until.min(reading.monotonic);
    }
    let elapsed = began.elapsed();
    hush(&nodes, &mut book).await;
    let changes = nodes.iter().map(|(&node, running)| (node, running.changes())).collect();
    let stats = shutdown(nodes).await?;
    book.read();
    let progress = Progress { elapsed, ..book.progress.clone() };
    watch(progress.clone());
    Ok(Run { trace: book.close(), progress, stats, changes, paused, interrupted })
}

/// Stops a node for a while, until the others have noticed, and waits until they have noticed its return: so a slow machine
/// makes the tour longer and not wrong. What is known of it is there at any time, since the tour may be stopped meanwhile.
async fn pausing(
    nodes: &Nodes,
    pause: Option<Pause>,
    began: Instant,
    mut clocks: OsClocks,
    paused: &mut Option<Paused>,
) {
    let Some(Pause { node, after, time }) = pause else { return };
    let Some(running) = nodes.get(&node) else { return };
    sleep_until(began + after).await;
    let noticing = async {
        // A wall clock that can't be read halts the nodes.
        let from = clocks.reading().ok()?.monotonic;
        let is_over = false;
        let paused =
            paused.insert(Paused { node, from, until: Duration::MAX, phi_max: BTreeMap::new(), is_over });
        let end = Instant::now() + time;
        let noticed = async {
            loop {
                let noticed = all(nodes, node, |level| level >= Some(Level::Convict));
                // After that look, so that the phi which made the last of them notice is among them.
                for (&by, other) in nodes.iter().filter(|(by, _)| **by != node) {
                    let phi = other.peers().get(&node).map_or(0.0, |health| health.suspicion.phi);
                    paused.phi_max.entry(by).and_modify(|max| *max = max.max(phi)).or_insert(phi);
                }
                if noticed && Instant::now() >= end {
                    return;
                }
                sleep(GLANCE).await;
            }
        };
        let _ = timeout(time.saturating_add(PAUSE_PATIENCE), noticed).await; // the verdict sees it
        // While it is still stopped: nobody can have trusted it before.
        paused.until = clocks.reading().ok()?.monotonic;
        Some(paused)
    };
    let paused = tokio::select! {
        // It has begun before the time is taken.
        biased;
        () = running.pause(Duration::MAX) => None,
        paused = noticing => paused,
    };
    let Some(paused) = paused else { return };
    let trusting = async {
        while !all(nodes, node, |level| level.is_none()) {
            sleep(GLANCE).await;
        }
    };
    let _ = timeout(PAUSE_PATIENCE, trusting).await; // the verdict sees it
    paused.is_over = true;
}

/// Whether that is what all others last made of a node.
fn all(nodes: &Nodes, node: NodeId, holds: impl Fn(Option<Level>) -> bool) -> bool {
    let mut others = nodes.iter().filter(|(by, _)| **by != node);
    others.all(|(_, other)| {
        let last = other.changes().into_iter().rfind(|change| change.peer == node);
        holds(last.and_then(|change| change.to))
    })
}

/// The greatest phi that another node has of it.
fn phi_max(nodes: &Nodes, node: NodeId) -> f64 {
    let others = nodes.iter().filter(|(by, _)| **by != node);
    let phis = others.filter_map(|(_, other)| other.peers().get(&node).map(|health| health.suspicion.phi));
    phis.fold(0.0, f64::max)
}

/// Waits until a node stops by itself.
async fn halted(nodes: &Nodes) -> TourError {
    let mut waits: Vec<_> = nodes.iter().map(|(&node, running)| (node, Box::pin(running.halted()))).collect();
    poll_fn(|context| {
        let halted = waits.iter_mut().find_map(|(node, wait)| match wait.as_mut().poll(context) {
            Poll::Ready(error) => Some(TourError::Halted { node: *node, error }),
            Poll::Pending => None,
        });
        halted.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// Ends the sending and waits until what was sent has arrived, or won't.
async fn hush(nodes: &Nodes, book: &mut Book) {
    for node in nodes.values() {
        // A node that doesn't answer has halted, and says so when it is shut down.
        let _ = timeout(PATIENCE, node.request(Request::Hush)).await;
    }
    let mut news = ((0, 0, 0), Instant::now());
    loop {
        book.read();
        let Progress { sent, received, refused, .. } = book.progress;
        if (sent, received, refused) != news.0 {
            news = ((sent, received, refused), Instant::now());
        }
        if received + refused >= sent || news.1.elapsed() >= PATIENCE {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Stops all nodes at once. Reports the first, in node order, that had stopped by itself.
async fn shutdown(nodes: Nodes) -> Result<BTreeMap<NodeId, Stats>, TourError> {
    let mut stopping: JoinSet<(NodeId, Result<Stats, Halted>)> = JoinSet::new();
    for (node, running) in nodes {
        stopping.spawn(async move { (node, running.shutdown().await) });
    }
    let stopped: BTreeMap<_, _> = stopping.join_all().await.into_iter().collect();
    let stats = |(node, stopped): (_, Result<_, _>)| match stopped {
        Ok(stats) => Ok((node, stats)),
        Err(error) => Err(TourError::Halted { node, error }),
    };
    stopped.into_iter().map(stats).collect()
}

/// Turns the nodes' notes into the trace.
struct Book {
    inbox: Receiver<NoteAt<Note>>,
    trace: Trace,
    progress: Progress,
    /// Those of all nodes, but for what is wrong with their wall clocks.
    clocks: OsClocks,
}

impl Book {
    /// Takes the notes that are there.
    fn read(&mut self) {
        while let Ok(NoteAt { node, now, note }) = self.inbox.try_recv() {
            let event = |kind, message: MessageId, peer, at: Stamps| Event {
                time: now.monotonic,
                node,
                kind,
                message,
                peer,
                wall: at.wall,
                lamport: at.lamport,
                hlc: at.hlc,
                vector: at.vector,
            };
            match note {
                Note::Sent { id, to, at } => {
                    self.progress.sent += 1;
                    self.trace.events.push(event(Kind::Send, id, to, at));
                }
                Note::Received { id, sent, at } => {
                    self.progress.received += 1;
                    self.progress.inverted += u64::from(at.wall < sent.wall);
                    self.trace.events.push(event(Kind::Receive, id, id.sender, at));
                }
                Note::Refused { .. } => self.progress.refused += 1,
            }
        }
    }

    /// The trace, in true order. The sort is stable, and a node's notes come in its own order.
    fn close(mut self) -> Trace {
        self.trace.events.sort_by_key(|event| event.time);
        self.trace
    }
}

/// Keeps nodes of other programs on this machine out.
const CLUSTER: u64 = u64::from_be_bytes(*b"the tour");

const TICK: Duration = Duration::from_millis(100);

/// Twenty beats a second, and 200 ms for a busy machine: a silence is at phi 8 after about 280 ms.
const DETECTION: Detection =
    Detection { pause: Duration::from_millis(200), ..Detection::every(Duration::from_millis(50)) };

/// How often the pause is looked after.
const GLANCE: Duration = Duration::from_millis(10);

/// How much longer than asked for a pause may last until all have noticed, and how long its end may go unnoticed: long for
/// loopback, so that a busy machine makes no fault.
const PAUSE_PATIENCE: Duration = Duration::from_secs(10);

/// How long nothing may arrive before what is missing is given up: long for loopback, so that a slow machine loses nothing.
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use spacelike::machine::Now;
    use spacelike::vclock::VectorClock;
    use spacelike::{hlc, lamport};

    use super::*;

    /// Notes come in each node's order, but not in true order across nodes: the trace has both.
    #[test]
    fn the_trace_is_in_true_order() {
        let (sender, inbox) = mpsc::channel();
        let trace = Trace { header: Options::default().header(), events: Vec::new() };
        let mut book = Book { inbox, trace, progress: Progress::default(), clocks: OsClocks::new() };
        let (one, two) = (NodeId(1), NodeId(2));
        for (node, micros, sequence) in [(two, 5, 0), (two, 7, 1), (one, 1, 0), (one, 7, 1), (two, 7, 2)] {
            let monotonic = Duration::from_micros(micros);
            let stamp = hlc::Timestamp::MIN;
            let vector = VectorClock::new();
            let at = Stamps { wall: monotonic, lamport: lamport::Timestamp::new(1), hlc: stamp, vector };
            let note = Note::Sent { id: MessageId { sender: node, sequence }, to: NodeId(3), at };
            let now = Now { monotonic, wall: monotonic, error: None, stamp };
            sender.send(NoteAt { node, now, note }).unwrap();
        }
        book.read();
        assert_eq!(book.progress.sent, 5);
        let order = book.close().events.iter().map(|event| event.message.to_string()).collect::<Vec<_>>();
        assert_eq!(order, ["1.0", "2.0", "2.1", "1.1", "2.2"]);
    }

    /// A node that halts ends the tour at once, whatever its time is, and the other nodes are stopped.
    #[tokio::test]
    async fn a_node_that_halts_ends_the_tour() {
        let options = Options::new(2, Duration::from_secs(600));
        let (mut nodes, book) = Tour::bind(&options).unwrap().start().await.unwrap();
        let socket = Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let (node, peers) = (NodeId(3), BTreeMap::from([(NodeId(1), socket.local_addr())]));
        let machine = Gossip::new(node, [NodeId(1)], Duration::from_millis(50), 1);
        let config = Config::new(CLUSTER, node, peers);
        let halts = |_| panic!("planted");
        nodes.insert(node, Node::start(socket, config, machine, OsClocks::new(), halts).await.unwrap());

        let plan = Plan { began: Instant::now(), duration: options.duration, pause: None };
        let run = talk(nodes, book, plan, std::future::pending(), |_| ());
        let ended =
            tokio::time::timeout(Duration::from_secs(30), run).await.expect("it ends long before its time");
        match ended {
            Err(error @ TourError::Halted { node: NodeId(3), .. }) => {
                assert!(!error.is_setup());
                assert!(error.to_string().contains("planted"), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
}
