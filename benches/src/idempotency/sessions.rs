//! A client's requests with their answers.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use spacelike_idempotency::{Begin, Fingerprint, Request, Session};

use super::{EXECUTE, REPLAY, names};
use crate::hlc::fetch_add;
use crate::{Case, sink, worker};

/// One client that has one request after the other executed, and asks for some again. Locked, as a server has it.
pub trait Client: 'static {
    const NAME: &'static str;

    fn new() -> Self;
    /// Whether it was new, and its answer is kept.
    fn execute(&mut self, sequence: u64) -> bool;
    /// Whether there is an answer. It goes into a sink.
    fn replay(&mut self, sequence: u64) -> bool;
}

/// Something to be done with each.
pub trait Visitor {
    fn visit<S: Client>(&mut self);
}

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = JOBS.map(fetch_add).into();
    each(&mut Alone(&mut cases));
    cases
}

/// All, in the order of the table.
pub fn each(visitor: &mut impl Visitor) {
    visitor.visit::<Mutex<Session<8, LEN>>>();
    visitor.visit::<Mutex<Session<64, LEN>>>();
    visitor.visit::<Answers>();
}

struct Alone<'a>(&'a mut Vec<Case>);

impl Visitor for Alone<'_> {
    fn visit<S: Client>(&mut self) {
        self.0.push(Case::new(S::NAME, EXECUTE, || {
            worker(
                (S::new(), 0),
                |_, _, _| {},
                |(session, next), calls| {
                    for sequence in *next..*next + calls as u64 {
                        sink(&session.execute(sequence));
                    }
                    *next += calls as u64;
                },
            )
        }));
        self.0.push(Case::new(S::NAME, REPLAY, || {
            let mut session = S::new();
            assert!((0..KEPT).all(|sequence| session.execute(sequence)), "{}", S::NAME);
            worker(
                session,
                |_, _, _| {},
                |session, calls| {
                    for sequence in 0..calls as u64 {
                        sink(&session.replay(sequence % KEPT));
                    }
                },
            )
        }));
    }
}

impl<const W: usize> Client for Mutex<Session<W, LEN>> {
    const NAME: &'static str = if W == 8 { names::SESSION_8 } else { names::SESSION_64 };

    fn new() -> Self {
        Self::new(Session::new(1))
    }

    #[inline]
    fn execute(&mut self, sequence: u64) -> bool {
        let request = request(sequence);
        let mut session = self.lock();
        let Begin::Execute(ticket) = session.begin(&request) else { return false };
        drop(session); // what is done meanwhile isn't done under the lock
        self.lock().complete(ticket, &ANSWER).is_ok()
    }

    #[inline]
    fn replay(&mut self, sequence: u64) -> bool {
        let mut session = self.lock();
        let request = Request { acknowledged: 0, ..request(sequence) };
        let Begin::Replay(answer) = session.begin(&request) else { return false };
        sink(&answer);
        true
    }
}

/// The same two writes and nothing else. What the client has, it removes.
#[derive(Default)]
pub struct Answers(Mutex<HashMap<u64, Arc<[u8]>>>);

impl Client for Answers {
    const NAME: &'static str = names::SESSION_MAP;

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn execute(&mut self, sequence: u64) -> bool {
        let mut answers = self.0.lock();
        if let Some(acknowledged) = sequence.checked_sub(KEPT) {
            answers.remove(&acknowledged);
        }
        let is_new = answers.insert(sequence, Arc::new([])).is_none();
        drop(answers);
        self.0.lock().insert(sequence, Arc::new(ANSWER));
        is_new
    }

    #[inline]
    fn replay(&mut self, sequence: u64) -> bool {
        let answer = self.0.lock().get(&sequence).cloned();
        sink(&answer);
        answer.is_some()
    }
}

fn request(sequence: u64) -> Request {
    let acknowledged = (sequence + 1).saturating_sub(KEPT);
    Request { epoch: 1, sequence, acknowledged, fingerprint: Fingerprint(sequence.into()) }
}

const JOBS: [&str; 2] = [EXECUTE, REPLAY];
/// So many answers the client waits for.
const KEPT: u64 = 8;
const LEN: usize = 100;
const ANSWER: [u8; LEN] = [7; LEN];
