use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

use crate::check::{Event, History, What};

/// A history for people: a line for each event, a column for each client. Without a line feed at the end.
///
/// # Examples
/// ```
/// use spacelike_lab::check::register::{Answer, Operation};
/// use spacelike_lab::check::{Event, History, What};
///
/// let mut history = History::new();
/// history.push(Event { time_ns: 0, client: 1, what: What::Invoke(Operation::Write(7)) })?;
/// history.push(Event { time_ns: 5, client: 2, what: What::Invoke(Operation::Read) })?;
/// history.push(Event { time_ns: 9, client: 2, what: What::Ok(Answer::Value(Some(7))) })?;
/// let lines = [
///     "  time in ns  client 1   client 2",
///     "           0  ┌ write 7",
///     "           5  │          ┌ read",
///     "           9  │          └ 7",
/// ];
/// assert_eq!(history.timeline().to_string(), lines.join("\n"));
/// # Ok::<(), spacelike_lab::check::OutOfOrder>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Timeline<'a, O, A> {
    history: &'a History<O, A>,
    lines: usize,
}

impl<'a, O, A> Timeline<'a, O, A> {
    pub(super) fn new(history: &'a History<O, A>) -> Self {
        Self { history, lines: usize::MAX }
    }

    /// Only the last so many events.
    #[must_use]
    pub fn last(self, lines: usize) -> Self {
        Self { lines, ..self }
    }
}

impl<O: Display, A: Display> Display for Timeline<'_, O, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events = self.history.events();
        let skipped = events.len().saturating_sub(self.lines);
        let mut widths = BTreeMap::new();
        for event in &events {
            let width = widths.entry(event.client).or_insert(title(event.client).len());
            *width = cell(event).chars().count().max(*width);
        }

        let mut header = format!("  {:>TIME$}", "time in ns");
        for (&client, &width) in &widths {
            header.extend(["  ", &format!("{:<width$}", title(client))]);
        }
        f.write_str(header.trim_end())?;
        if skipped > 0 {
            write!(f, "\n  {:>TIME$}  {skipped} events before", "...")?;
        }
        let mut waiting = BTreeSet::new();
        for (index, event) in events.iter().enumerate() {
            if matches!(event.what, What::Invoke(_)) {
                waiting.insert(event.client);
            } else {
                waiting.remove(&event.client);
            }
            if index < skipped {
                continue;
            }
            let mut line = format!("  {:>TIME$}", event.time_ns);
            for (&client, &width) in &widths {
                let cell = if client == event.client {
                    cell(event)
                } else if waiting.contains(&client) {
                    "│".to_owned()
                } else {
                    String::new()
                };
                line.extend(["  ", &format!("{cell:<width$}")]);
            }
            write!(f, "\n{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn title(client: u64) -> String {
    format!("client {client}")
}

fn cell(event: &Event<&impl Display, &impl Display>) -> String {
    let text = match event.what {
        What::Invoke(operation) => format!("┌ {operation}"),
        What::Ok(answer) => format!("└ {answer}"),
        What::Fail => "└ failed".to_owned(),
        What::Unknown => "└ unknown".to_owned(),
    };
    // A line feed would break the columns.
    let text: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    if text.chars().count() <= CELL_MAX {
        return text;
    }
    text.chars().take(CELL_MAX - 1).chain(['…']).collect()
}

const TIME: usize = 10;
const CELL_MAX: usize = 32;
