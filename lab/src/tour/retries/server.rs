//! The machine that is asked.

use core::time::Duration;
use std::collections::BTreeMap;

use spacelike::idempotency::{Begin, SessionId};
use spacelike::machine::{Boot, Input, Machine, NodeId, Now, Outbox, RequestId};

use crate::tour::retries::ledger::{Sessions, open_sessions, restore_sessions};
use crate::tour::retries::{
    Answer, Deposit, Fate, Ledger, Message, Naive, Network, Order, OrderId, Record, Slot, Workload,
};

/// Adds to an account, each request once, however often it comes: it keeps a [`SessionTable`](spacelike::idempotency::SessionTable),
/// and what it says of a request in the same record as the account. To compare, it also keeps an account
/// of what it would do without.
///
/// To execute a request takes a while. Meanwhile copies of it are answered that it is in progress.
///
/// # Examples
/// ```
/// # use std::collections::BTreeMap;
/// # use std::time::Duration;
/// # use spacelike::{hlc, machine::{Boot, Effect, Input, Machine, NodeId, Now, Outbox}};
/// # use spacelike_lab::tour::retries::{Answer, Message, Order, OrderId, Server, Workload, server::Timer};
/// # let now = Now { monotonic: Duration::ZERO, wall: Duration::ZERO, error: None, stamp: hlc::Timestamp::MIN };
/// # let durable = BTreeMap::new();
/// # let from = NodeId(1);
/// let workload = Workload { requests: 1, loss: 0, duplication: 0 };
/// let mut server = Server::new(workload, 7);
/// let mut out = Outbox::new();
/// server.start(now, Boot { incarnation: 1, durable: &durable }, &mut out);
///
/// let id = OrderId { client: 0, sequence: 0 };
/// let message = Message::Ask(Order { id, acknowledged: 0, amount: 30 });
/// let mut answers = Vec::new();
/// let inputs = [
///     Input::Message { from, message },
///     Input::Message { from, message }, // too early
///     Input::Timer(Timer(id)),
///     Input::Message { from, message },
/// ];
/// for input in inputs {
///     server.step(now, input, &mut out);
///     answers.extend(out.drain().filter_map(|effect| match effect {
///         Effect::Send { message: Message::Tell { answer, .. }, .. } => Some(answer),
///         _ => None,
///     }));
/// }
/// let done = Answer::Done { balance: 30 };
/// assert_eq!(answers, [Answer::InProgress, done, done]);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Server {
    workload: Workload,
    network: Network,
    habit: Habit,
    /// How many effects there are when it falls.
    fatal: Option<usize>,
    fallen: Option<Fallen>,
    /// Who wants to know when it has fallen.
    asked: Option<RequestId>,
    balance: u64,
    deposits: Vec<Deposit>,
    sessions: Sessions,
    /// What is being executed: for whom, and how much.
    working: BTreeMap<OrderId, (NodeId, u64)>,
    naive: Naive,
}

/// What the server does wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Habit {
    /// Nothing.
    #[default]
    Careful,
    /// It begins each life with new sessions: it kept the account and lost who was answered what.
    Forgetful,
    /// It answers before it persists.
    Hasty,
}

/// The end of a request's execution.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timer(pub OrderId);

/// What can be asked of it: to be told when it has fallen and all that it persisted is durable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fall;

/// It does nothing any more, and waits to be killed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fallen {
    /// The request that had its effect last. A careful server has not answered it.
    pub id: OrderId,
    /// How many were being executed, without an effect so far.
    pub cut_short: u64,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Note {
    /// A request came.
    Delivered {
        /// Which.
        id: OrderId,
        /// What became of it.
        became: Became,
    },
    /// An answer was sent.
    Told {
        /// Of which request.
        id: OrderId,
        /// Which.
        answer: Answer,
        /// What the network does with it.
        fate: Fate,
    },
    /// A message came that is no request of the workload, and was ignored.
    Refused,
}

/// What became of a request that came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Became {
    /// It is executed from now on.
    Begun,
    /// It was being executed.
    InProgress,
    /// It was executed, and answered as before.
    Replayed,
    /// Its client had said that it has the answer.
    Stale,
    /// The session refused it, as no honest client's.
    Refused,
}

impl Server {
    /// The server of a workload, which never falls and does nothing wrong.
    pub fn new(workload: Workload, seed: u64) -> Self {
        Self {
            workload,
            network: Network::new(&workload, seed),
            habit: Habit::Careful,
            fatal: None,
            fallen: None,
            asked: None,
            balance: 0,
            deposits: Vec::new(),
            sessions: open_sessions(Duration::ZERO),
            working: BTreeMap::new(),
            naive: Naive::default(),
        }
    }

    /// The same with a bad habit.
    #[must_use]
    pub fn with_habit(self, habit: Habit) -> Self {
        Self { habit, ..self }
    }

    /// The same, and it falls after so many effects, between one and its answer.
    #[must_use]
    pub fn falling_after(self, effects: usize) -> Self {
        Self { fatal: Some(effects), ..self }
    }

    fn listen(&mut self, now: Now, from: NodeId, order: &Order, out: &mut Outbox<Self>) {
        let id = order.id;
        // So what peers can make it remember is bounded.
        if id.sequence >= self.workload.requests_of(id.client) {
            out.note(Note::Refused);
            return;
        }
        self.naive.execute(order);
        out.persist(Slot::Naive, Record::Naive(self.naive.clone()));
        let (became, answer) = self.begin(now, order);
        out.note(Note::Delivered { id, became });
        if became == Became::Begun {
            self.working.insert(id, (from, order.amount));
            out.set_timer_jittered(Timer(id), WORK, WORK_JITTER);
        }
        if let Some(answer) = answer {
            self.tell(from, id, answer, out);
        }
    }

    fn begin(&mut self, now: Now, order: &Order) -> (Became, Option<Answer>) {
        let Ok(session) = self.sessions.get(session_of(order.id), now.wall) else {
            return (Became::Refused, None);
        };
        match session.begin(&order.request()) {
            // A machine can be cloned and a ticket can't: the server takes it back when the work is done.
            Begin::Execute(_) => (Became::Begun, None),
            Begin::InProgress => (Became::InProgress, Some(Answer::InProgress)),
            Begin::Replay(bytes) => match bytes.try_into().map(u64::from_le_bytes) {
                Ok(balance) => (Became::Replayed, Some(Answer::Done { balance })),
                Err(_) => (Became::Refused, None),
            },
            Begin::Stale => (Became::Stale, None),
            Begin::Oversize { .. } | Begin::Mismatch | Begin::WindowFull | Begin::WrongEpoch { .. } => {
                (Became::Refused, None)
            }
        }
    }

    /// The effect, and its answer.
    fn complete(&mut self, now: Now, id: OrderId, out: &mut Outbox<Self>) {
        let Some((to, amount)) = self.working.remove(&id) else { return };
        let Ok(session) = self.sessions.get(session_of(id), now.wall) else { return };
        // None where the client gave up waiting: then there is no effect.
        let Some(ticket) = session.reclaim(id.sequence) else { return };
        let balance = self.balance.saturating_add(amount);
        session.complete(ticket, &balance.to_le_bytes()).expect("the ticket was given out just now");
        self.balance = balance;
        self.deposits.push(Deposit { id, amount, balance });

        let answer = Answer::Done { balance };
        let is_fatal = self.fatal == Some(self.deposits.len());
        match self.habit {
            Habit::Careful | Habit::Forgetful => {
                self.persist(out);
                if is_fatal {
                    self.fall(id);
                } else {
                    self.tell(to, id, answer, out);
                }
            }
            Habit::Hasty => {
                self.tell(to, id, answer, out);
                if is_fatal {
                    self.fall(id);
                } else {
                    self.persist(out);
                }
            }
        }
    }

    fn persist(&self, out: &mut Outbox<Self>) {
        let mut sessions = Vec::new();
        self.sessions.write(&mut |piece| sessions.extend_from_slice(piece));
        let ledger = Ledger { balance: self.balance, deposits: self.deposits.clone(), sessions };
        out.persist(Slot::Ledger, Record::Ledger(ledger));
    }

    fn tell(&mut self, to: NodeId, id: OrderId, answer: Answer, out: &mut Outbox<Self>) {
        let fate = self.network.send(to, Message::Tell { id, answer }, out);
        out.note(Note::Told { id, answer, fate });
    }

    fn fall(&mut self, id: OrderId) {
        self.fallen = Some(Fallen { id, cut_short: self.working.len() as u64 });
    }
}

fn session_of(id: OrderId) -> SessionId {
    SessionId(id.client.into())
}

impl Machine for Server {
    type Message = Message;
    type Timer = Timer;
    type Request = Fall;
    type Response = Fallen;
    type Slot = Slot;
    type Record = Record;
    type Note = Note;

    fn start(&mut self, now: Now, boot: Boot<'_, Self>, _: &mut Outbox<Self>) {
        self.sessions = open_sessions(now.wall);
        if let Some(Record::Ledger(ledger)) = boot.durable.get(&Slot::Ledger) {
            self.balance = ledger.balance;
            self.deposits.clone_from(&ledger.deposits);
            if self.habit != Habit::Forgetful {
                self.sessions = restore_sessions(&ledger.sessions, now.wall).expect("this machine wrote it");
            }
        }
        if let Some(Record::Naive(naive)) = boot.durable.get(&Slot::Naive) {
            self.naive = naive.clone();
        }
    }

    fn step(&mut self, now: Now, input: Input<Self>, out: &mut Outbox<Self>) {
        match input {
            Input::Request { id, request: Fall } => self.asked = Some(id),
            _ if self.fallen.is_some() => {}
            Input::Message { from, message: Message::Ask(order) } => self.listen(now, from, &order, out),
            Input::Message { .. } => out.note(Note::Refused),
            Input::Timer(Timer(id)) => self.complete(now, id, out),
            Input::Suspect(_) | Input::Trust(_) | Input::Pace(_) => {}
        }
        // It leaves once all that was persisted is durable.
        if let Some(fallen) = self.fallen
            && let Some(asked) = self.asked.take()
        {
            out.reply(asked, fallen);
        }
    }
}

/// How long it takes to execute a request, and how much more it may take.
const WORK: Duration = Duration::from_millis(2);
const WORK_JITTER: Duration = Duration::from_millis(6);
