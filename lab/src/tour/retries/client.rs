//! The machine of those who ask.

use core::time::Duration;
use std::collections::BTreeSet;

use spacelike::machine::{Boot, Input, Machine, NodeId, Now, Outbox, RequestId};

use crate::tour::gossip::SplitMix;
use crate::tour::retries::ledger::WINDOW;
use crate::tour::retries::{Answer, Fate, Message, Network, Order, OrderId, Workload};

/// Several clients in one node, each of which has a few requests under way and repeats each until it is answered.
///
/// # Examples
/// It asks, and asks again:
/// ```
/// # use std::collections::BTreeMap;
/// # use std::time::Duration;
/// # use spacelike::{hlc, machine::{Boot, Effect, Input, Machine, NodeId, Now, Outbox}};
/// # use spacelike_lab::tour::retries::{Client, Message, OrderId, Workload, client::Timer};
/// # let now = Now { monotonic: Duration::ZERO, wall: Duration::ZERO, error: None, stamp: hlc::Timestamp::MIN };
/// # let durable = BTreeMap::new();
/// let workload = Workload { requests: 1, loss: 0, duplication: 0 };
/// let mut client = Client::new(NodeId(2), workload, 7);
/// let mut out = Outbox::new();
/// client.start(now, Boot { incarnation: 1, durable: &durable }, &mut out);
/// let asked = out.drain().find_map(|effect| match effect {
///     Effect::Send { message, .. } => Some(message),
///     _ => None,
/// });
///
/// client.step(now, Input::Timer(Timer(OrderId { client: 0, sequence: 0 })), &mut out);
/// let again = out.drain().find_map(|effect| match effect {
///     Effect::Send { message, .. } => Some(message),
///     _ => None,
/// });
/// assert!(matches!(asked, Some(Message::Ask(_))));
/// assert_eq!(asked, again);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Client {
    server: NodeId,
    workload: Workload,
    seed: u64,
    network: Network,
    lines: Vec<Line>,
    /// Who wants to know when all is answered.
    asked: Option<RequestId>,
}

/// One client.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Line {
    /// The first that was not asked for.
    next: u64,
    /// Those that were asked for, and not answered.
    open: BTreeSet<u64>,
    /// How often one of them was repeated: the next is repeated later the more often that was. An answer begins anew.
    repeated: u32,
}

/// It is time to repeat a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timer(pub OrderId);

/// What can be asked of it: to be told when all requests are answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Finish;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Note {
    /// A request was sent.
    Asked {
        /// Which.
        order: Order,
        /// It was sent before.
        is_retry: bool,
        /// What the network does with it.
        fate: Fate,
    },
    /// An answer came, maybe again.
    Told {
        /// Of which request.
        id: OrderId,
        /// Which.
        answer: Answer,
    },
    /// A message came that no honest server sends, and was ignored.
    Refused,
}

impl Client {
    /// The clients of a workload, and where their server is.
    pub fn new(server: NodeId, workload: Workload, seed: u64) -> Self {
        let lines = vec![Line::default(); Workload::CLIENTS as usize];
        Self { server, workload, seed, network: Network::new(&workload, seed), lines, asked: None }
    }

    /// Asks for as much as the window allows.
    fn go_on(&mut self, client: u32, out: &mut Outbox<Self>) {
        let count = self.workload.requests_of(client);
        loop {
            let Some(line) = self.lines.get_mut(client as usize) else { return };
            let end = line.acknowledged().saturating_add(WINDOW as u64).min(count);
            if line.next >= end {
                return;
            }
            let id = OrderId { client, sequence: line.next };
            line.open.insert(line.next);
            line.next += 1;
            self.ask(id, false, out);
        }
    }

    fn ask(&mut self, id: OrderId, is_retry: bool, out: &mut Outbox<Self>) {
        let Some(line) = self.lines.get_mut(id.client as usize) else { return };
        let doublings = line.repeated.min(DOUBLINGS_MAX);
        let order = Order { id, acknowledged: line.acknowledged(), amount: amount(self.seed, id) };
        let fate = self.network.send(self.server, Message::Ask(order), out);
        out.note(Note::Asked { order, is_retry, fate });
        out.set_timer_jittered(Timer(id), RETRY * 2_u32.pow(doublings), RETRY);
    }

    fn hear(&mut self, id: OrderId, answer: Answer, out: &mut Outbox<Self>) {
        let was_asked = |line: &Line| id.sequence < line.next;
        let Some(line) = self.lines.get_mut(id.client as usize).filter(|line| was_asked(line)) else {
            out.note(Note::Refused);
            return;
        };
        out.note(Note::Told { id, answer });
        // One that is in progress is asked for again when it is time.
        if matches!(answer, Answer::Done { .. }) && line.open.remove(&id.sequence) {
            line.repeated = 0;
            self.go_on(id.client, out);
        }
    }

    /// Answers who waits for the end, if it has come.
    fn finish(&mut self, out: &mut Outbox<Self>) {
        // An answer opens what the window allows, so that a client without anything open has asked for all.
        if self.lines.iter().all(|line| line.open.is_empty())
            && let Some(asked) = self.asked.take()
        {
            out.reply(asked, ());
        }
    }
}

impl Line {
    /// All below are answered.
    fn acknowledged(&self) -> u64 {
        self.open.first().copied().unwrap_or(self.next)
    }
}

/// How much a request adds, from 1 to 100. The same in each copy of it.
fn amount(seed: u64, OrderId { client, sequence }: OrderId) -> u64 {
    SplitMix(seed ^ u64::from(client) << 32 ^ sequence).draw() % 100 + 1
}

impl Machine for Client {
    type Message = Message;
    type Timer = Timer;
    type Request = Finish;
    type Response = ();
    type Slot = ();
    type Record = ();
    type Note = Note;

    fn start(&mut self, _: Now, _: Boot<'_, Self>, out: &mut Outbox<Self>) {
        (0..Workload::CLIENTS).for_each(|client| self.go_on(client, out));
    }

    fn step(&mut self, _: Now, input: Input<Self>, out: &mut Outbox<Self>) {
        match input {
            Input::Timer(Timer(id)) => {
                let line = self.lines.get_mut(id.client as usize);
                if let Some(line) = line.filter(|line| line.open.contains(&id.sequence)) {
                    line.repeated = line.repeated.saturating_add(1);
                    self.ask(id, true, out);
                }
            }
            Input::Message { from, message: Message::Tell { id, answer } } if from == self.server => {
                self.hear(id, answer, out);
            }
            Input::Message { .. } => out.note(Note::Refused),
            Input::Request { id, request: Finish } => self.asked = Some(id),
            Input::Suspect(_) | Input::Trust(_) | Input::Pace(_) => {}
        }
        self.finish(out);
    }
}

/// After how long a request is repeated for the first time; as much is added at random.
const RETRY: Duration = Duration::from_millis(25);

/// The longest wait is eight times the first.
const DOUBLINGS_MAX: u32 = 3;
