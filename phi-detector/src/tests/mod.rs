//! What needs the inside of the crate.

mod tail;
