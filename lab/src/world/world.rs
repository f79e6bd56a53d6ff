use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;

use spacelike::hlc::{ReservedError, Stored, Timestamp};
use spacelike::machine::{Boot, Effect, Input, Machine, NodeId, Now, Outbox, RequestId};
use spacelike::monitor::{Change, Heartbeat, Monitor, Polled, Reading};

use crate::world::digest::Digest;
use crate::world::disk::Write;
use crate::world::network::Network;
use crate::world::node::{Arrived, Leaving, Life, Node, Standing};
use crate::world::queue::Queue;
use crate::world::slab::Slab;
use crate::world::{Clock, Delivery, Disk, Fault, Halt, Happened, Link, Settings, What, Why, nanos};

/// Nodes that run a [`Machine`] each, and a network, clocks and disks between and under them that go wrong as they are told: all
/// of it in virtual time, and from one seed.
///
/// It keeps what a driver [promises](spacelike::machine), and nothing else. The same seed, machines, settings, requests
/// and faults give the same run, event by event, on every platform: [`hash`](Self::hash) says so in a number. Each purpose has random
/// numbers of its own, so that a fault more, or another link, doesn't change what is drawn for the rest.
///
/// # Cost
/// An event takes O(log n) for n that are to come; most of the time is the machine's. Nothing grows with the length of a run.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike::machine::{Boot, Input, Machine, NodeId, Now, Outbox};
/// use spacelike_lab::world::{Fault, Partition, Settings, World};
///
/// /// Asks the other one, again and again, and counts the answers.
/// #[derive(Clone, PartialEq, Eq, Hash, Debug)]
/// struct Caller { other: NodeId, answers: u32 }
///
/// impl Machine for Caller {
///     type Message = bool; // whether it is an answer
///     type Timer = ();
///     type Request = ();
///     type Response = ();
///     type Slot = ();
///     type Record = ();
///     type Note = ();
///
///     fn start(&mut self, _: Now, _: Boot<'_, Self>, out: &mut Outbox<Self>) {
///         out.set_timer((), Duration::from_millis(10));
///     }
///
///     fn step(&mut self, _: Now, input: Input<Self>, out: &mut Outbox<Self>) {
///         match input {
///             Input::Timer(()) => {
///                 out.send(self.other, false);
///                 out.set_timer((), Duration::from_millis(10));
///             }
///             Input::Message { from, message: false } => out.send(from, true),
///             Input::Message { message: true, .. } => self.answers += 1,
///             _ => {}
///         }
///     }
/// }
///
/// let [a, b] = [1, 2].map(NodeId);
/// let callers = [(a, Caller { other: b, answers: 0 }), (b, Caller { other: a, answers: 0 })];
/// let mut world = World::new(7, callers, &Settings::default());
/// world.at(Duration::from_millis(500), Fault::Partition(Partition::groups(&[&[a], &[b]])));
/// world.run_until(Duration::from_secs(1));
/// assert_eq!(world.node(a).unwrap().answers, 49); // one every 10 ms, until nothing gets through
/// ```
pub struct World<M: Machine> {
    now: u64,
    queue: Queue<Event>,
    network: Network,
    nodes: Vec<Node<M>>,
    index: BTreeMap<NodeId, usize>,
    flights: Slab<Flight<M>>,
    /// By the numbers of the messages.
    unconfirmed: BTreeMap<u64, Unconfirmed<M>>,
    asked: Slab<(RequestId, M::Request)>,
    faults: Slab<Fault>,
    requests: u64,
    messages: u64,
    settings: Settings,
    measure: Measure<M>,
    corrupt: Option<Corrupt<M>>,
    happened: Vec<Happened<M>>,
    digest: Digest,
    hashes_contents: bool,
}

type Measure<M> = Box<dyn FnMut(&<M as Machine>::Message) -> u64>;
type Corrupt<M> = Box<dyn FnMut(&mut <M as Machine>::Message)>;

/// What is to happen.
#[derive(Clone, Copy, Debug)]
enum Event {
    Begin { node: usize },
    Arrive { flight: u32 },
    Ask { node: usize, asked: u32 },
    Wake { node: usize },
    Ready { node: usize, lives: u32 },
    Synced { node: usize, lives: u32 },
    Fault { fault: u32 },
    Retry { message: u64 },
    Confirm { message: u64 },
}

/// Something on its way from one node to another.
#[derive(Clone, Debug)]
struct Flight<M: Machine> {
    from: usize,
    to: usize,
    is_damaged: bool,
    load: Load<M>,
    receipt: Option<Receipt>,
}

/// How a message is known to those that see to it that it comes.
#[derive(Clone, Copy, Debug)]
struct Receipt {
    message: u64,
    /// Of its sender.
    lives: u32,
    /// Among those to one receiver, in one life.
    sequence: u64,
}

/// A message that is sent again until its receipt is confirmed.
#[derive(Debug)]
struct Unconfirmed<M: Machine> {
    from: usize,
    to: usize,
    bytes: u64,
    receipt: Receipt,
    load: Load<M>,
}

#[derive(Clone, Debug)]
enum Load<M: Machine> {
    Message { number: u64, stamp: Timestamp, message: M::Message },
    Beat { epoch: u64, heartbeat: Heartbeat },
}

impl<M: Machine> World<M> {
    /// A world of these nodes, each with its pristine machine, which begin their first lives at time zero.
    ///
    /// # Panics
    /// If two nodes have one name.
    pub fn new(seed: u64, nodes: impl IntoIterator<Item = (NodeId, M)>, settings: &Settings) -> Self {
        let nodes: BTreeMap<NodeId, M> =
            nodes.into_iter().fold(BTreeMap::new(), |mut nodes, (name, machine)| {
                assert!(nodes.insert(name, machine).is_none(), "there are two nodes {name}");
                nodes
            });
        let index = nodes.keys().enumerate().map(|(index, &name)| (name, index)).collect();
        let network = Network::new(seed, nodes.keys().copied().collect(), &settings.link);
        let nodes: Vec<_> =
            nodes.into_iter().map(|(name, machine)| Node::new(seed, name, machine, settings)).collect();
        let mut queue = Queue::new();
        for node in 0..nodes.len() {
            queue.put(0, Event::Begin { node });
        }
        Self {
            now: 0,
            queue,
            network,
            nodes,
            index,
            flights: Slab::new(),
            unconfirmed: BTreeMap::new(),
            asked: Slab::new(),
            faults: Slab::new(),
            requests: 0,
            messages: 0,
            settings: settings.clone(),
            measure: Box::new(|_| size_of::<M::Message>() as u64),
            corrupt: None,
            happened: Vec::new(),
            digest: Digest::new(),
            hashes_contents: false,
        }
    }

    /// A link that is not like the others, from the beginning on.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn with_link(mut self, from: NodeId, to: NodeId, link: Link) -> Self {
        let (from, to) = (self.find(from), self.find(to));
        self.network.set(from, to, link, 0);
        self
    }

    /// A node whose clocks are not like the others', from the beginning on.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn with_clock(mut self, node: NodeId, clock: Clock) -> Self {
        let index = self.find(node);
        self.nodes[index].clock = crate::world::clock::Running::new(clock, 0);
        self
    }

    /// A node whose disk is not like the others', from the beginning on.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn with_disk(mut self, node: NodeId, disk: Disk) -> Self {
        let index = self.find(node);
        self.nodes[index].drive.settings = disk;
        self
    }

    /// How many bytes a message has, for links with a [`Bandwidth`](crate::world::Bandwidth). If nothing is said, as many as it has in
    /// memory without what it points to: that is another number on another platform, and then so is the [`hash`](Self::hash).
    #[must_use]
    pub fn measure_with(mut self, measure: impl FnMut(&M::Message) -> u64 + 'static) -> Self {
        self.measure = Box::new(measure);
        self
    }

    /// What damage does to a message that no checksum finds. If nothing is said, every damaged message is dropped.
    #[must_use]
    pub fn corrupt_with(mut self, corrupt: impl FnMut(&mut M::Message) + 'static) -> Self {
        self.corrupt = Some(Box::new(corrupt));
        self
    }

    /// The [`hash`](Self::hash) is also over the contents of messages, by their `Debug` texts: so it tells runs apart that differ in
    /// nothing else.
    #[must_use]
    pub fn hash_contents(mut self) -> Self {
        self.hashes_contents = true;
        self
    }

    /// Asks a node, at once. The answer is a [`What::Replied`] with this number. There may be none.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn ask(&mut self, node: NodeId, request: M::Request) -> RequestId {
        self.ask_at(self.now(), node, request)
    }

    /// The same, at some time; if that has passed, at once.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn ask_at(&mut self, at: Duration, node: NodeId, request: M::Request) -> RequestId {
        let node = self.find(node);
        self.requests += 1;
        let id = RequestId(self.requests);
        let asked = self.asked.put((id, request));
        self.queue.put(nanos(at).max(self.now), Event::Ask { node, asked });
        id
    }

    /// Something goes wrong, or is mended, at some time; if that has passed, at once. What is told for one time happens in
    /// the order in which it was told.
    ///
    /// # Panics
    /// If it is of a node that isn't there.
    pub fn at(&mut self, at: Duration, fault: Fault) {
        for node in fault.nodes() {
            self.find(node);
        }
        let fault = self.faults.put(fault);
        self.queue.put(nanos(at).max(self.now), Event::Fault { fault });
    }

    /// The next event, and all that comes of it at once. `None` if there is nothing to come.
    pub fn step(&mut self) -> Option<&[Happened<M>]> {
        let (at, event) = self.queue.pop()?;
        self.now = at;
        self.happened.clear();
        self.happen(event);
        Some(&self.happened)
    }

    /// All that happens until then, the instant itself included.
    pub fn run_until(&mut self, until: Duration) {
        let until = nanos(until);
        while self.queue.next().is_some_and(|at| at <= until) {
            self.step();
        }
        self.now = self.now.max(until);
    }

    /// The same, with a look at the world after each event: for what must always hold.
    ///
    /// # Errors
    /// What `check` says. The world stays as it was then.
    pub fn run_until_with<E>(
        &mut self,
        until: Duration,
        mut check: impl FnMut(&Self, &[Happened<M>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let until = nanos(until);
        while self.queue.next().is_some_and(|at| at <= until) {
            self.step();
            let happened = core::mem::take(&mut self.happened);
            let checked = check(self, &happened);
            self.happened = happened;
            checked?;
        }
        self.now = self.now.max(until);
        Ok(())
    }

    /// True time since the world began.
    pub const fn now(&self) -> Duration {
        Duration::from_nanos(self.now)
    }

    /// The machine of a node; `None` if it is down, or hasn't begun its life yet, or there is no such node.
    pub fn node(&self, node: NodeId) -> Option<&M> {
        self.nodes[*self.index.get(&node)?].life.as_ref()?.machine.as_ref()
    }

    /// All nodes that are up, and their machines, in ascending order.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &M)> {
        self.nodes.iter().filter_map(|node| Some((node.name, node.life.as_ref()?.machine.as_ref()?)))
    }

    /// What a node has on its disk; `None` if there is no such node.
    pub fn durable(&self, node: NodeId) -> Option<&BTreeMap<M::Slot, M::Record>> {
        Some(&self.nodes[*self.index.get(&node)?].drive.durable)
    }

    /// What a node's clocks show; `None` if there is no such node.
    pub fn reading(&self, node: NodeId) -> Option<Reading> {
        Some(self.nodes[*self.index.get(&node)?].reading(self.now))
    }

    /// What a node knows of its peers; `None` if it is down, or there is no such node.
    pub fn monitor(&self, node: NodeId) -> Option<&Monitor> {
        Some(&self.nodes[*self.index.get(&node)?].life.as_ref()?.monitor)
    }

    /// A hash of all that has happened: equal for equal runs, on every platform.
    pub fn hash(&self) -> u128 {
        self.digest.finish()
    }

    /// How much is to come or on its way, of any kind: what would grow if a run wasted memory.
    pub fn backlog(&self) -> usize {
        let nodes = self.nodes.iter().map(|node| {
            let life =
                node.life.as_ref().map_or(0, |life| life.inbox.len() + life.beats.len() + life.gate.len());
            node.drive.pending() + life
        });
        self.queue.len()
            + self.flights.len()
            + self.unconfirmed.len()
            + self.asked.len()
            + self.faults.len()
            + nodes.sum::<usize>()
    }

    fn find(&self, node: NodeId) -> usize {
        *self.index.get(&node).unwrap_or_else(|| panic!("there is no node {node} in this world"))
    }

    fn emit(&mut self, what: What<M>) {
        let happened = Happened { at: self.now(), what };
        self.digest.add(&happened);
        self.happened.push(happened);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Begin { node } => self.begin(node),
            Event::Arrive { flight } => self.arrive(flight),
            Event::Ask { node, asked } => {
                let Some((id, request)) = self.asked.take(asked) else { return };
                self.emit(What::Asked { node: self.nodes[node].name, id });
                self.offer(node, Arrived::Request { id, request });
            }
            Event::Wake { node } => {
                let wake = self.nodes[node].wakes.pop();
                debug_assert_eq!(wake, Some(self.now), "the last is the earliest");
                self.pump(node);
            }
            Event::Ready { node, lives } if self.nodes[node].lives == lives => {
                self.nodes[node].has_ready = false;
                self.pump(node);
            }
            Event::Synced { node, lives } if self.nodes[node].lives == lives => self.synced(node),
            Event::Fault { fault } => {
                if let Some(fault) = self.faults.take(fault) {
                    self.emit(What::Fault(Box::new(fault.clone())));
                    self.inflict(fault);
                }
            }
            Event::Retry { message } => self.retry(message),
            Event::Confirm { message } => self.confirm(message),
            Event::Ready { .. } | Event::Synced { .. } => {}
        }
    }

    /// A life begins: at once, or when its stamps are not ahead of its clock any more.
    fn begin(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        if node.drive.is_rotten {
            return self.halt(index, Halt::DiskRotten);
        }
        let peers = self.index.keys().copied().filter(|&peer| peer != node.name);
        let monitor = Monitor::new(peers, self.settings.monitor, node.drive.bound);
        let reading = node.reading(self.now);
        let begins = reading.monotonic.saturating_add(monitor.settle(reading));
        node.life = Some(Life::new(monitor, begins));
        self.pump(index);
    }

    /// The machine starts, unless its disk was damaged while it waited.
    fn start(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        if node.drive.is_rotten {
            return self.halt(index, Halt::DiskRotten);
        }
        let (name, reading) = (node.name, node.reading(self.now));
        let Some(life) = &mut node.life else { return };
        let first = life.monitor.reserve(reading).ok().flatten().map(|reservation| {
            node.drive.bound = Stored::Bound(reservation.bound());
            life.monitor.confirm(reservation);
        });
        let Some(Ok(now)) = first.map(|()| life.monitor.local(reading)) else {
            return self.halt(index, Halt::Stamps);
        };
        node.incarnation += 1;
        let mut machine = node.pristine.clone();
        machine.start(
            now,
            Boot { incarnation: node.incarnation, durable: &node.drive.durable },
            &mut life.out,
        );
        life.machine = Some(machine);
        let incarnation = node.incarnation;
        self.emit(What::Started { node: name, incarnation });
        self.perform(index, now);
        self.pump(index);
    }

    /// The node stops by itself.
    fn halt(&mut self, index: usize, why: Halt) {
        self.nodes[index].end();
        self.emit(What::Halted { node: self.nodes[index].name, why });
    }

    fn arrive(&mut self, flight: u32) {
        let Some(Flight { from, to, is_damaged, load, receipt }) = self.flights.take(flight) else { return };
        let why = if self.network.is_blocked(from, to) {
            Some(Why::Partition)
        } else if self.nodes[to].life.as_ref().is_none_or(|life| life.machine.is_none()) {
            Some(Why::Down)
        } else {
            is_damaged.then_some(Why::Damaged)
        };
        let (sender, receiver) = (self.nodes[from].name, self.nodes[to].name);
        let why = match (why, receipt) {
            (None, Some(receipt)) => (!self.receive(from, to, receipt)).then_some(Why::Duplicate),
            (why, _) => why,
        };
        match (load, why) {
            (Load::Message { number, .. }, Some(why)) => {
                self.emit(What::Dropped { from: sender, to: receiver, message: number, why });
            }
            (Load::Message { number, stamp, message }, None) => {
                self.offer(to, Arrived::Message { from: sender, number, stamp, message });
            }
            (Load::Beat { epoch, heartbeat }, None) => {
                if let Some(life) = &mut self.nodes[to].life
                    && life.beats.get(&sender).is_none_or(|(latest, _)| *latest <= epoch)
                {
                    life.beats.insert(sender, (epoch, heartbeat));
                    self.pump(to);
                }
            }
            (Load::Beat { .. }, Some(_)) => {}
        }
    }

    /// Confirms the receipt of a message, and says whether it is to be taken.
    fn receive(&mut self, from: usize, to: usize, receipt: Receipt) -> bool {
        // A word that is lost is missed when the message comes again.
        if let Ok(passage) = self.network.pass(to, from, self.now, BEAT_BYTES)
            && let (false, Some(at)) = (passage.is_damaged, passage.arrivals[0])
        {
            self.queue.put(at, Event::Confirm { message: receipt.message });
        }
        let Delivery::Deduplicated { .. } = self.network.delivery(from, to) else { return true };
        let sender = self.nodes[from].name;
        let life = self.nodes[to].life.as_mut();
        life.is_some_and(|life| life.is_news(sender, receipt.lives, receipt.sequence))
    }

    fn confirm(&mut self, message: u64) {
        let Some(Unconfirmed { from, to, .. }) = self.unconfirmed.get(&message) else { return };
        if !self.network.is_blocked(*to, *from) {
            self.unconfirmed.remove(&message);
        }
    }

    /// Puts a message on its way, and sees to it that it comes, if its link is like that.
    fn dispatch(&mut self, from: usize, to: usize, load: Load<M>, bytes: u64) -> Result<(), Why> {
        let Load::Message { number: message, .. } = load else { return Err(Why::Unsendable) };
        if self.network.delivery(from, to).retry().is_none() {
            return self.fly(from, to, load, bytes, None);
        }
        let node = &mut self.nodes[from];
        let (lives, sent) = node.sent.entry(to).or_default();
        if *lives != node.lives {
            (*lives, *sent) = (node.lives, 0);
        }
        let receipt = Receipt { message, lives: *lives, sequence: *sent };
        *sent += 1;
        self.unconfirmed.insert(message, Unconfirmed { from, to, bytes, receipt, load });
        self.retry(message);
        Ok(())
    }

    /// Sends a message that wasn't confirmed, unless its sender's life is over.
    fn retry(&mut self, message: u64) {
        let Some(Unconfirmed { from, to, bytes, receipt, load }) = self.unconfirmed.get(&message) else {
            return;
        };
        let (from, to, bytes, receipt, load) = (*from, *to, *bytes, *receipt, load.clone());
        let retry =
            self.network.delivery(from, to).retry().filter(|_| self.nodes[from].lives == receipt.lives);
        let Some(retry) = retry else {
            self.unconfirmed.remove(&message);
            return;
        };
        if let Err(why) = self.fly(from, to, load, bytes, Some(receipt)) {
            let (from, to) = (self.nodes[from].name, self.nodes[to].name);
            self.emit(What::Dropped { from, to, message, why });
        }
        self.queue.put(self.now.saturating_add(nanos(retry).max(1)), Event::Retry { message });
    }

    /// An input is there. A node that is down doesn't get it.
    fn offer(&mut self, index: usize, arrived: Arrived<M>) {
        if let Some(life) = self.nodes[index].life.as_mut().filter(|life| life.machine.is_some()) {
            life.inbox.push_back(arrived);
            self.pump(index);
        }
    }

    /// Takes what is next, if the node can, and sees to it that it will be called again.
    fn pump(&mut self, index: usize) {
        self.take_next(index);
        let (now, heartbeats) = (self.now, self.settings.has_heartbeats);
        let node = &mut self.nodes[index];
        let Some(life) = node.life.as_ref().filter(|_| node.standing != Standing::Paused) else { return };
        if life.machine.is_none() {
            let begins = life.begins;
            if node.reading(now).monotonic < begins {
                self.wake(index, begins);
            } else {
                self.start(index);
            }
            return;
        }
        let has_input = !life.inbox.is_empty() && !life.is_blocked;
        if (has_input || !life.beats.is_empty()) && !node.has_ready {
            node.has_ready = true;
            self.queue.put(node.busy.max(now), Event::Ready { node: index, lives: node.lives });
        }
        let look = life.monitor.next_deadline().filter(|_| heartbeats);
        let timer = life.timers.next().filter(|_| !life.is_blocked);
        let Some(next) = timer.into_iter().chain(look).min() else { return };
        self.wake(index, next);
    }

    /// Sees to it that a node is called when its monotonic clock shows this, or as soon as it can be.
    fn wake(&mut self, index: usize, monotonic: Duration) {
        let node = &mut self.nodes[index];
        let at = node.clock.when(monotonic).max(node.busy).max(self.now);
        if node.wakes.last().is_none_or(|wake| at < *wake) {
            node.wakes.push(at);
            self.queue.put(at, Event::Wake { node: index });
        }
    }

    fn take_next(&mut self, index: usize) {
        let (now, heartbeats) = (self.now, self.settings.has_heartbeats);
        let node = &mut self.nodes[index];
        let reading = node.clock.reading(now);
        let Some(life) = node.life.as_mut().filter(|life| life.machine.is_some()) else { return };
        if node.standing == Standing::Paused || now < node.busy {
            return;
        }
        // What is here speaks for its sender, before anybody is looked after. And whatever the disk does, peers hear of us.
        while let Some((from, (epoch, heartbeat))) = life.beats.pop_first() {
            if let Some(change) = life.monitor.beat(from, epoch, heartbeat, reading) {
                life.change(change);
            }
        }
        if heartbeats && life.monitor.next_deadline().is_none_or(|deadline| deadline <= reading.monotonic) {
            self.look(index, reading);
        }
        let Some(life) = self.nodes[index].life.as_mut().filter(|life| !life.is_blocked) else { return };
        // By turns, so that neither what comes nor what is due waits for ever on a busy node.
        let mut timer = || life.timers.pop(reading.monotonic).map(Arrived::Timer);
        let first = if life.has_timers_turn { timer() } else { None };
        if let Some(arrived) = first.or_else(|| life.inbox.pop_front()).or_else(timer) {
            life.has_timers_turn = !matches!(arrived, Arrived::Timer(_));
            self.take(index, arrived, reading);
        }
    }

    /// Looks after the peers, and lets them know that we are alive.
    fn look(&mut self, index: usize, reading: Reading) {
        let node = &mut self.nodes[index];
        let Some(life) = &mut node.life else { return };
        let Polled { heartbeat, changes } = life.monitor.poll(reading);
        for change in changes {
            life.change(change);
        }
        if let Some(heartbeat) = heartbeat {
            let epoch = node.incarnation;
            for to in (0..self.nodes.len()).filter(|&to| to != index) {
                let _ = self.fly(index, to, Load::Beat { epoch, heartbeat }, BEAT_BYTES, None);
            }
        }
    }

    /// One step.
    fn take(&mut self, index: usize, arrived: Arrived<M>, reading: Reading) {
        let node = &mut self.nodes[index];
        let name = node.name;
        let Some(life) = &mut node.life else { return };
        if !life.is_reserving {
            let Ok(due) = life.monitor.reserve(reading) else { return self.halt(index, Halt::Stamps) };
            if let Some(reservation) = due {
                life.is_reserving = true;
                if node.drive.write(Write::Bound(reservation)).is_none() {
                    return self.halt(index, Halt::DiskFull);
                }
            }
        }
        let now = match &arrived {
            Arrived::Message { from, stamp, .. } => {
                life.monitor.receive(*from, *stamp, reading).map(|arrival| arrival.now)
            }
            _ => life.monitor.local(reading),
        };
        let now = match now {
            Ok(now) => now,
            Err(ReservedError::Unreserved(_)) if life.is_reserving => {
                // It comes before anything else: a step in between could cancel a timer that was taken.
                life.inbox.push_front(arrived);
                life.has_timers_turn = false;
                life.is_blocked = true;
                return self.sync(index);
            }
            Err(_) => return self.halt(index, Halt::Stamps),
        };
        let (what, input) = match arrived {
            Arrived::Message { from, number, message, .. } => {
                if self.hashes_contents {
                    self.digest.text(&message);
                }
                (Some(What::Received { from, by: name, message: number }), Input::Message { from, message })
            }
            Arrived::Request { id, request } => (None, Input::Request { id, request }),
            Arrived::Timer(timer) => (Some(What::Fired { node: name, timer }), Input::Timer(timer)),
            Arrived::Suspicion { peer, is_suspect } => (
                Some(What::Suspicion { node: name, peer, is_suspect }),
                if is_suspect { Input::Suspect(peer) } else { Input::Trust(peer) },
            ),
        };
        if let Some(machine) = &mut life.machine {
            machine.step(now, input, &mut life.out);
        }
        node.busy = self.now.saturating_add(node.work);
        if let Some(what) = what {
            self.emit(what);
        }
        self.perform(index, now);
    }

    /// Carries out what the step has left, in order; of a node that crashes in it, only a part.
    fn perform(&mut self, index: usize, now: Now) {
        let node = &mut self.nodes[index];
        let Some(life) = &mut node.life else { return };
        let mut out = core::mem::replace(&mut life.out, Outbox::new());
        let count = out.effects().len();
        let crashes = node.crashes_in_step && count > 0;
        let performed =
            if crashes { usize::try_from(node.crashes.up_to(count as u64)).unwrap_or(count) } else { count };
        for effect in out.drain().take(performed) {
            self.effect(index, now, effect);
        }
        self.sync(index);
        if crashes {
            self.nodes[index].end();
        } else if let Some(life) = &mut self.nodes[index].life {
            life.out = out;
        }
    }

    fn effect(&mut self, index: usize, now: Now, effect: Effect<M>) {
        let node = &mut self.nodes[index];
        let Some(life) = &mut node.life else { return };
        match effect {
            Effect::Send { to, message } => {
                let leaving = Leaving::Message { to, stamp: now.stamp, message };
                if let Some(leaving) = life.gate.pass(leaving, 0) {
                    self.leave(index, leaving);
                }
            }
            Effect::Reply { id, response } => {
                if let Some(leaving) = life.gate.pass(Leaving::Reply { id, response }, 0) {
                    self.leave(index, leaving);
                }
            }
            Effect::Persist { slot, record } => match node.drive.write(Write::Slot(slot, record)) {
                Some(number) => life.gate.persist(number, 0),
                None => self.halt(index, Halt::DiskFull),
            },
            Effect::SetTimer { timer, after, jitter } => {
                let jitter = Duration::from_nanos(node.timer_jitter.up_to(nanos(jitter)));
                life.timers.set(timer, now.monotonic.saturating_add(after).saturating_add(jitter));
            }
            Effect::CancelTimer(timer) => life.timers.cancel(timer),
            Effect::Note(said) => {
                let name = node.name;
                self.emit(What::Noted { node: name, note: said });
            }
        }
    }

    fn sync(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        if let Some(at) = node.begin_sync(self.now) {
            self.queue.put(at, Event::Synced { node: index, lives: node.lives });
        }
    }

    /// What was being synced is durable, and lets go of what waited for it.
    fn synced(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        let (writes, reservation) = node.drive.end_sync();
        let name = node.name;
        if let Some(life) = &mut node.life {
            if let Some(reservation) = reservation {
                life.monitor.confirm(reservation);
                life.is_reserving = false;
                life.is_blocked = false;
            }
            life.gate.durable(writes);
        }
        self.emit(What::Synced { node: name, writes });
        self.proceed(index);
    }

    /// Lets go of what the disk has let go of, and goes on; but for a pause: that ends with this.
    fn proceed(&mut self, index: usize) {
        if self.nodes[index].standing == Standing::Paused {
            return;
        }
        while let Some(leaving) = self.nodes[index].life.as_mut().and_then(|life| life.gate.release()) {
            self.leave(index, leaving);
        }
        self.sync(index);
        self.pump(index);
    }

    fn leave(&mut self, index: usize, leaving: Leaving<M>) {
        let name = self.nodes[index].name;
        match leaving {
            Leaving::Reply { id, response } => self.emit(What::Replied { node: name, id, response }),
            Leaving::Message { to, stamp, message } => {
                let number = self.messages;
                self.messages += 1;
                self.emit(What::Sent { from: name, to, message: number });
                let bytes = (self.measure)(&message);
                let passed = match self.index.get(&to) {
                    Some(&to) if to != index => {
                        self.dispatch(index, to, Load::Message { number, stamp, message }, bytes)
                    }
                    _ => Err(Why::Unsendable),
                };
                if let Err(why) = passed {
                    self.emit(What::Dropped { from: name, to, message: number, why });
                }
            }
        }
    }

    /// Puts something on its way, once or twice.
    fn fly(
        &mut self,
        from: usize,
        to: usize,
        mut load: Load<M>,
        bytes: u64,
        receipt: Option<Receipt>,
    ) -> Result<(), Why> {
        let passage = self.network.pass(from, to, self.now, bytes)?;
        let mut is_damaged = passage.is_damaged;
        if let (true, Some(corrupt), Load::Message { message, .. }) =
            (is_damaged, &mut self.corrupt, &mut load)
        {
            corrupt(message);
            is_damaged = false;
        }
        if let Some(again) = passage.arrivals[1] {
            let flight = self.flights.put(Flight { from, to, is_damaged, load: load.clone(), receipt });
            self.queue.put(again, Event::Arrive { flight });
        }
        if let Some(at) = passage.arrivals[0] {
            let flight = self.flights.put(Flight { from, to, is_damaged, load, receipt });
            self.queue.put(at, Event::Arrive { flight });
        }
        Ok(())
    }

    fn inflict(&mut self, fault: Fault) {
        let now = self.now;
        match fault {
            Fault::Crash(node) => self.crash(node),
            Fault::Kill(node) => {
                self.crash(node);
                let index = self.find(node);
                self.nodes[index].standing = Standing::Killed;
            }
            Fault::CrashInStep(node) => {
                let index = self.find(node);
                self.nodes[index].crashes_in_step = self.nodes[index].life.is_some();
            }
            Fault::Restart(node) => {
                let index = self.find(node);
                if self.nodes[index].life.is_none() && self.nodes[index].standing != Standing::Killed {
                    self.begin(index);
                }
            }
            Fault::Wipe(node) => {
                let index = self.find(node);
                if self.nodes[index].life.is_none() {
                    self.nodes[index].drive.wipe();
                }
            }
            Fault::Rot(node) => {
                let index = self.find(node);
                self.nodes[index].drive.is_rotten = true;
            }
            Fault::Pause(node) => {
                let index = self.find(node);
                if self.nodes[index].life.is_some() {
                    self.nodes[index].standing = Standing::Paused;
                }
            }
            Fault::Resume(node) => {
                let index = self.find(node);
                if self.nodes[index].standing == Standing::Paused {
                    self.nodes[index].standing = Standing::Free;
                    self.proceed(index);
                }
            }
            Fault::Slow(node, work) => {
                let index = self.find(node);
                self.nodes[index].work = nanos(work);
            }
            Fault::Disk(node, disk) => {
                let index = self.find(node);
                self.nodes[index].drive.settings = disk;
            }
            Fault::StepClock(node, step) => {
                let index = self.find(node);
                let clock = self.nodes[index].clock.clock();
                self.nodes[index].clock.change(now, clock, step);
            }
            Fault::SetClock(node, offset) => {
                let index = self.find(node);
                self.nodes[index].clock.set(now, offset);
            }
            Fault::Clock(node, clock) => {
                let index = self.find(node);
                self.nodes[index].clock.change(now, clock, 0);
                // Its timers are due at other times now.
                self.pump(index);
            }
            Fault::Link { from, to, link } => {
                let (from, to) = (self.find(from), self.find(to));
                self.network.set(from, to, link, now);
            }
            Fault::Partition(partition) => self.network.partition(partition),
        }
    }

    fn crash(&mut self, node: NodeId) {
        let index = self.find(node);
        if self.nodes[index].life.is_some() {
            self.nodes[index].end();
        }
    }
}

impl<M: Machine> Life<M> {
    /// The machine is to be told of a peer, unless it wasn't told of the opposite yet.
    fn change(&mut self, change: Change) {
        let is_suspect = match change.input::<M>() {
            Some(Input::Suspect(_)) => true,
            Some(Input::Trust(_)) => false,
            _ => return,
        };
        let peer = change.peer;
        let waits = |arrived: &Arrived<M>| matches!(arrived, Arrived::Suspicion { peer: other, .. } if *other == peer);
        if let Some(index) = self.inbox.iter().position(waits) {
            self.inbox.remove(index);
        } else {
            self.inbox.push_back(Arrived::Suspicion { peer, is_suspect });
        }
    }
}

impl Fault {
    /// The nodes that it is of, by name.
    fn nodes(&self) -> Vec<NodeId> {
        match self {
            Self::Crash(node)
            | Self::CrashInStep(node)
            | Self::Restart(node)
            | Self::Kill(node)
            | Self::Wipe(node)
            | Self::Rot(node)
            | Self::Pause(node)
            | Self::Resume(node)
            | Self::Slow(node, _)
            | Self::Disk(node, _)
            | Self::StepClock(node, _)
            | Self::SetClock(node, _)
            | Self::Clock(node, _) => vec![*node],
            Self::Link { from, to, .. } => vec![*from, *to],
            Self::Partition(partition) => partition.nodes().collect(),
        }
    }
}

impl<M: Machine> fmt::Debug for World<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("now", &self.now())
            .field("nodes", &self.nodes)
            .field("backlog", &self.backlog())
            .finish_non_exhaustive()
    }
}

/// A heartbeat on its way.
const BEAT_BYTES: u64 = 64;
