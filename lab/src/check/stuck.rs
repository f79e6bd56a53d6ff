use std::fmt::{self, Display};

use crate::check::search::Leaf;
use crate::check::{Call, History, Outcome};

/// Calls that no order explains. `Display` shows it to people, without a line feed at the end.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Stuck<O, A> {
    /// The key that the calls are on, if it is one.
    pub key: Option<String>,
    /// The calls. There is no order of them, so there is none of all.
    pub history: History<O, A>,
    /// Some of the orders that explain most.
    pub tries: Vec<Try>,
    /// How many orders that explain most were met.
    pub tried: u64,
}

/// An order of some calls that no further call can be added to.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Try {
    /// The calls, by their indices in [`Stuck::history`].
    pub order: Vec<usize>,
    /// The state that they leave, as the specification shows it.
    pub state: String,
    /// The calls of which one had to come next, and could not in this state.
    pub due: Vec<usize>,
}

impl<O, A> Stuck<O, A> {
    pub(super) fn new(key: Option<String>, history: History<O, A>, leaves: Vec<Leaf>, count: u64) -> Self {
        let tries = leaves.into_iter().map(|Leaf { order, state, due }| Try { order, state, due }).collect();
        Self { key, history, tries, tried: count }
    }
}

impl<O: Display, A: Display> Display for Stuck<O, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no order of the calls")?;
        if let Some(key) = &self.key {
            write!(f, " on {key}")?;
        }
        writeln!(f, " explains all answers\n\n{}\n", self.history.timeline().last(EVENTS_MAX))?;
        write!(
            f,
            "  {} orders explain most; after each, the calls that are due can't come next",
            self.tried
        )?;
        for Try { order, state, due } in &self.tries {
            write!(f, "\n\n    ")?;
            let skipped = order.len().saturating_sub(CALLS_MAX);
            if skipped > 0 {
                write!(f, "{skipped} others, ")?;
            }
            self.calls(f, &order[skipped..])?;
            write!(f, "\n    leaves {state}; due: ")?;
            self.calls(f, due)?;
        }
        Ok(())
    }
}

impl<O: Display, A: Display> Stuck<O, A> {
    fn calls(&self, f: &mut fmt::Formatter<'_>, calls: &[usize]) -> fmt::Result {
        if calls.is_empty() {
            return f.write_str("no call");
        }
        for (index, &call) in calls.iter().enumerate() {
            let Call { client, operation, outcome, .. } = &self.history.calls()[call];
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}client {client}: {operation} -> ")?;
            match outcome {
                Outcome::Ok(answer) => answer.fmt(f)?,
                Outcome::Fail | Outcome::Unknown => f.write_str("unknown")?,
            }
        }
        Ok(())
    }
}

/// What fits a screen.
const EVENTS_MAX: usize = 24;
const CALLS_MAX: usize = 6;
