//! Files of one JSON value a line, read strictly.

use std::fmt::Display;
use std::io::{BufRead, Read};

use serde::de::DeserializeOwned;

/// A line is not one of the format.
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
    pub(crate) fn at(line: u64, what: impl Display) -> Self {
        Self { line, what: what.to_string() }
    }
}

/// The longest line that is taken, in bytes: a header of thousands of nodes fits.
pub const LINE_MAX: usize = 1 << 20;

/// Reads up to the next line feed into `line`; `false` at the end of the file.
pub(crate) fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>, number: u64) -> Result<bool, ReadError> {
    line.clear();
    let limit = LINE_MAX as u64 + 1;
    let read = from.take(limit).read_until(b'\n', line).map_err(|error| ReadError::at(number, error))?;
    if line.len() > LINE_MAX {
        return Err(ReadError::at(number, format_args!("is longer than {LINE_MAX} bytes")));
    }
    Ok(read > 0)
}

pub(crate) fn parse<T: DeserializeOwned>(line: &[u8], number: u64) -> Result<T, ReadError> {
    serde_json::from_slice(line).map_err(|error| ReadError::at(number, format_args!("is malformed: {error}")))
}
