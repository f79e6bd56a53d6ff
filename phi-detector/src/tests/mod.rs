//! What needs the inside of the crate.

mod kernel;
mod tail;
