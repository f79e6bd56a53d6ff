//! What the crates of this family cost, beside every alternative and beside a floor that is named.
//!
//! A [`Case`] is one clock, or failure detector, doing one job; the modules [`hlc`], [`lamport`], [`vclock`] and [`phi`] list
//! them, [`advance`] has the candidates for the one operation whose form was chosen by measurement, and [`measure`] takes the
//! times. Programs share them:
//!
//! - `cargo bench -p spacelike-benches --bench ratios` runs all cases in interleaved slices and prints the tables of
//!   RESULTS.md: ratios to a floor of the same run. This is what claims rest on.
//! - `--bench ratios_vclock` does so for vector clocks, and `--bench sizes_vclock` counts their bytes; `--bench ratios_phi` and
//!   `--bench sizes_phi` do so for failure detectors.
//! - `cargo bench -p spacelike-benches --bench hlc` (or `lamport`) is criterion, for exploring one case.
//! - `cargo run --release -p spacelike-benches --example one -- <case> <calls>` runs one case a number of times, to be
//!   counted by `valgrind --tool=callgrind` where the machine is too noisy to be timed.
//!
//! # The rules
//! - Every clock gets the wall clock in the unit it likes best, from a word of memory that the optimiser must read again
//!   for every call; every result goes into a [`sink`], whole.
//! - The same job in a row of a table: where a peer does less (no bound on drift, no timestamp handed out), the table
//!   says so.
//! - Shared clocks are compared with shared clocks, `&mut` with `&mut`. A peer that is no shared clock takes part in the
//!   shared class under a mutex.
#![expect(missing_docs, reason = "a list of cases: the names say it")]
#![expect(missing_debug_implementations, reason = "nothing here is printed")]
#![expect(clippy::missing_panics_doc, reason = "a bench that goes wrong shall panic")]

pub mod advance;
mod case;
mod explore;
pub mod hlc;
pub mod idempotency;
pub mod lamport;
pub mod measure;
pub mod phi;
pub mod results;
mod table;
pub mod vclock;
mod wall;

pub use case::{Case, Work, sink, worker};
pub use explore::explore;
pub use table::{Table, at_least, at_most};
pub use wall::{cached, walls};
