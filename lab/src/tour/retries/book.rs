use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, Sender};

use crate::net::NoteAt;
use crate::tour::retries::{Answer, Became, Fate, OrderId, Tally, client, server};

/// Adds up what the nodes note.
pub(super) struct Book {
    inbox: Receiver<Line>,
    pub(super) amounts: BTreeMap<OrderId, u64>,
    pub(super) answers: BTreeMap<OrderId, Vec<u64>>,
    pub(super) sent: u64,
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) refused: u64,
    pub(super) tally: Tally,
    /// How often each request was answered that it is done, and how often it was so because it had been before.
    told: BTreeMap<(Life, OrderId), u64>,
    replayed: BTreeMap<(Life, OrderId), u64>,
}

/// What nodes are handed to write with.
pub(super) struct Pens(Sender<Line>);

/// One of the server's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Life {
    First,
    Second,
}

enum Line {
    Client(client::Note),
    Server(Life, server::Note),
}

impl Book {
    pub(super) fn new() -> (Self, Pens) {
        let (pen, inbox) = mpsc::channel();
        let book = Self {
            inbox,
            amounts: BTreeMap::new(),
            answers: BTreeMap::new(),
            sent: 0,
            lost: 0,
            doubled: 0,
            refused: 0,
            tally: Tally::default(),
            told: BTreeMap::new(),
            replayed: BTreeMap::new(),
        };
        (book, Pens(pen))
    }

    /// Takes the notes that are there.
    pub(super) fn read(&mut self) {
        while let Ok(line) = self.inbox.try_recv() {
            match line {
                Line::Client(note) => self.client(note),
                Line::Server(life, note) => self.server(life, note),
            }
        }
    }

    /// How often a life answered a request that it is done.
    pub(super) fn told(&self, life: Life, id: OrderId) -> u64 {
        self.told.get(&(life, id)).copied().unwrap_or_default()
    }

    /// How often of them it was so because it had been before.
    pub(super) fn replayed(&self, life: Life, id: OrderId) -> u64 {
        self.replayed.get(&(life, id)).copied().unwrap_or_default()
    }

    fn client(&mut self, note: client::Note) {
        match note {
            client::Note::Asked { order, fate, .. } => {
                self.amounts.insert(order.id, order.amount);
                self.sent(fate);
            }
            client::Note::Told { id, answer: Answer::Done { balance } } => {
                self.answers.entry(id).or_default().push(balance);
            }
            client::Note::Told { answer: Answer::InProgress, .. } => {}
            client::Note::Refused => self.refused += 1,
        }
    }

    fn server(&mut self, life: Life, note: server::Note) {
        match note {
            server::Note::Delivered { id, became } => {
                let Tally { begun, in_progress, replayed, stale, refused } = &mut self.tally;
                *match became {
                    Became::Begun => begun,
                    Became::InProgress => in_progress,
                    Became::Replayed => {
                        *self.replayed.entry((life, id)).or_default() += 1;
                        replayed
                    }
                    Became::Stale => stale,
                    Became::Refused => refused,
                } += 1;
            }
            server::Note::Told { id, answer, fate } => {
                self.sent(fate);
                if matches!(answer, Answer::Done { .. }) {
                    *self.told.entry((life, id)).or_default() += 1;
                }
            }
            server::Note::Refused => self.refused += 1,
        }
    }

    fn sent(&mut self, fate: Fate) {
        self.sent += 1;
        self.lost += u64::from(fate == Fate::Lost);
        self.doubled += u64::from(fate == Fate::Doubled);
    }
}

impl Pens {
    pub(super) fn client(&self) -> impl FnMut(NoteAt<client::Note>) + Send + 'static {
        let pen = self.0.clone();
        // The book outlives the nodes, except when the trial is dropped: then nobody asks for notes any more.
        move |note| drop(pen.send(Line::Client(note.note)))
    }

    pub(super) fn server(&self, life: Life) -> impl FnMut(NoteAt<server::Note>) + Send + 'static {
        let pen = self.0.clone();
        move |note| drop(pen.send(Line::Server(life, note.note)))
    }
}
