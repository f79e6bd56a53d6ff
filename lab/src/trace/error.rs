use std::fmt::Display;

/// A line is not one of a trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {what}")]
#[non_exhaustive]
pub struct ReadError {
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong with it, as the rest of a sentence.
    pub what: String,
}

impl ReadError {
    pub(super) fn at(line: u64, what: impl Display) -> Self {
        Self { line, what: what.to_string() }
    }
}
