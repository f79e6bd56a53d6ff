use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::check::{Call, Event, Header, Moment, Outcome, ReadError, Timeline, What};
use crate::lines::{parse, read_line};

/// What clients asked of an object, and what they heard, in the order in which it happened.
///
/// A client waits for the outcome of a call before it makes the next one. After an unknown outcome it may go on, while
/// that call may still take effect.
///
/// # Examples
/// ```
/// use spacelike_lab::check::register::{Answer, Operation};
/// use spacelike_lab::check::{Event, Header, History, What};
///
/// let mut history: History<Operation<u8>, Answer<u8>> = History::new();
/// history.push(Event { time_ns: 0, client: 1, what: What::Invoke(Operation::Write(7)) })?;
/// history.push(Event { time_ns: 5, client: 1, what: What::Ok(Answer::Done) })?;
/// assert!(history.push(Event { time_ns: 6, client: 1, what: What::Fail }).is_err());
///
/// let mut file = Vec::new();
/// history.write(&Header::new("register", "doctest"), &mut file)?;
/// assert_eq!(History::read("register", &file[..])?, history);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct History<O, A> {
    calls: Vec<Call<O, A>>,
    /// By client, which of the calls it waits for.
    waiting: BTreeMap<u64, usize>,
    /// The next event's index, and the last one's time.
    end: Moment,
}

impl<O, A> History<O, A> {
    /// Without events.
    pub fn new() -> Self {
        Self { calls: Vec::new(), waiting: BTreeMap::new(), end: Moment { index: 0, time_ns: 0 } }
    }

    /// The calls, in the order of their invocations.
    pub fn calls(&self) -> &[Call<O, A>] {
        &self.calls
    }

    /// Adds what happened after everything before. Logarithmic in the number of clients.
    ///
    /// # Errors
    /// [`OutOfOrder`] says why this can't have happened next. The history is unchanged.
    pub fn push(&mut self, event: Event<O, A>) -> Result<(), OutOfOrder> {
        let Event { time_ns, client, what } = event;
        if time_ns < self.end.time_ns {
            return Err(OutOfOrder::Time { time_ns, last_ns: self.end.time_ns });
        }
        let now = Moment { index: self.end.index, time_ns };
        let outcome = match what {
            What::Invoke(operation) => {
                if self.waiting.contains_key(&client) {
                    return Err(OutOfOrder::Waiting { client });
                }
                self.waiting.insert(client, self.calls.len());
                let outcome = Outcome::Unknown;
                self.calls.push(Call { client, operation, invoked: now, outcome, completed: None });
                self.end = Moment { index: now.index + 1, time_ns };
                return Ok(());
            }
            What::Ok(answer) => Outcome::Ok(answer),
            What::Fail => Outcome::Fail,
            What::Unknown => Outcome::Unknown,
        };
        let call = self.waiting.remove(&client).ok_or(OutOfOrder::Idle { client })?;
        self.calls[call].outcome = outcome;
        self.calls[call].completed = Some(now);
        self.end = Moment { index: now.index + 1, time_ns };
        Ok(())
    }

    /// The events, in the order in which they were pushed. Sorts them.
    pub fn events(&self) -> Vec<Event<&O, &A>> {
        let mut events = Vec::with_capacity(self.end.index);
        for call in &self.calls {
            let client = call.client;
            let what = What::Invoke(&call.operation);
            events.push((call.invoked.index, Event { time_ns: call.invoked.time_ns, client, what }));
            if let Some(completed) = call.completed {
                let what = match &call.outcome {
                    Outcome::Ok(answer) => What::Ok(answer),
                    Outcome::Fail => What::Fail,
                    Outcome::Unknown => What::Unknown,
                };
                events.push((completed.index, Event { time_ns: completed.time_ns, client, what }));
            }
        }
        events.sort_unstable_by_key(|&(index, _)| index);
        events.into_iter().map(|(_, event)| event).collect()
    }

    /// Only the calls that `keep` names by their indices, with their outcomes.
    pub(super) fn only(&self, mut keep: impl FnMut(usize) -> bool) -> Self
    where
        O: Clone,
        A: Clone,
    {
        let mut moments = Vec::new();
        for (index, call) in self.calls.iter().enumerate().filter(|&(index, _)| keep(index)) {
            let ends = [Some(call.invoked), call.completed];
            moments.extend(ends.into_iter().flatten().map(|moment| (moment, index)));
        }
        moments.sort_unstable();
        let mut part = Self::new();
        for (moment, index) in moments {
            let call = &self.calls[index];
            let what = match &call.outcome {
                _ if moment == call.invoked => What::Invoke(call.operation.clone()),
                Outcome::Ok(answer) => What::Ok(answer.clone()),
                Outcome::Fail => What::Fail,
                Outcome::Unknown => What::Unknown,
            };
            part.push(Event { time_ns: moment.time_ns, client: call.client, what })
                .expect("a part of a history is in order");
        }
        part
    }

    /// How it looks, for people.
    pub fn timeline(&self) -> Timeline<'_, O, A> {
        Timeline::new(self)
    }

    /// Writes the lines. Buffer and flush are the caller's.
    ///
    /// # Errors
    /// Whatever `to` fails with.
    pub fn write(&self, header: &Header, mut to: impl Write) -> io::Result<()>
    where
        O: Serialize,
        A: Serialize,
    {
        serde_json::to_writer(&mut to, header)?;
        to.write_all(b"\n")?;
        for event in self.events() {
            serde_json::to_writer(&mut to, &event)?;
            to.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Reads what [`write`](Self::write) wrote for the specification of this name, and nothing else. Holds the history in
    /// memory, and of each line at most [`LINE_MAX`](crate::check::LINE_MAX) bytes.
    ///
    /// # Errors
    /// [`ReadError`] names the line and what is wrong with it.
    pub fn read(spec: &str, mut from: impl BufRead) -> Result<Self, ReadError>
    where
        O: DeserializeOwned,
        A: DeserializeOwned,
    {
        let mut line = Vec::new();
        let mut number = 1;
        if !read_line(&mut from, &mut line, number)? {
            return Err(ReadError::at(number, "is missing: the file is empty"));
        }
        let header: Header = parse(&line, number)?;
        header.check(spec).map_err(|what| ReadError::at(number, what))?;
        let mut history = Self::new();
        loop {
            number += 1;
            if !read_line(&mut from, &mut line, number)? {
                return Ok(history);
            }
            let event = parse(&line, number)?;
            history.push(event).map_err(|what| ReadError::at(number, what))?;
        }
    }
}

impl<O, A> Default for History<O, A> {
    fn default() -> Self {
        Self::new()
    }
}

/// An event can't have happened after those before it. The history is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutOfOrder {
    /// It is said to have happened earlier than the last one.
    #[error("happened at {time_ns} ns, before the event above it at {last_ns} ns")]
    Time {
        /// When it is said to have happened.
        time_ns: u64,
        /// When the last one did.
        last_ns: u64,
    },
    /// The client still waits for the outcome of its last call.
    #[error("has client {client} ask again, which waits for an outcome")]
    Waiting {
        /// Which client.
        client: u64,
    },
    /// The client waits for no outcome.
    #[error("has an outcome for client {client}, which waits for none")]
    Idle {
        /// Which client.
        client: u64,
    },
}
