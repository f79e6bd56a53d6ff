//! What every store has to do, as a suite that any store can run. The rules are those of
//! [`Store`](crate::store::Store), each named after its case.
//!
//! A failing case panics with what it found. So a test of a store is a line: what [`run`] says was skipped is
//! nothing. What it takes is a
//! [`Harness`], which makes stores and moves their time.

mod block_on;
mod cases;
mod harness;
mod probe;
mod setting;
mod tx_cases;
mod tx_harness;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use self::block_on::block_on;
pub use self::cases::cases;
pub use self::harness::Harness;
pub use self::setting::Setting;
pub use self::tx_cases::tx_cases;
pub use self::tx_harness::TxHarness;

/// Runs all cases of [`Store`](crate::store::Store).
///
/// # Panics
/// With the names of the cases that fail, when all have run. Each panics by itself with what it found.
#[must_use = "cases may have been skipped"]
pub fn run<H: Harness>(harness: &H) -> Report {
    run_cases(harness, &cases())
}

/// Runs all cases of [`TxStore`](crate::store::TxStore), and none of [`run`].
///
/// # Panics
/// With the names of the cases that fail, when all have run. Each panics by itself with what it found.
#[must_use = "cases may have been skipped"]
pub fn run_tx<H: TxHarness>(harness: &H) -> Report {
    run_cases(harness, &tx_cases())
}

fn run_cases<H>(harness: &H, cases: &[Case<H>]) -> Report {
    let mut report = Report::default();
    let mut failed = Vec::new();
    for case in cases {
        match catch_unwind(AssertUnwindSafe(|| (case.run)(harness))) {
            Ok(Ok(())) => report.passed.push(case.name),
            Ok(Err(why)) => report.skipped.push((case.name, why)),
            Err(_) => failed.push(case.name),
        }
    }
    assert!(failed.is_empty(), "{}", failure(&failed));
    report
}

fn failure(failed: &[&str]) -> String {
    format!("the store breaks {} rules: {}", failed.len(), failed.join(", "))
}

/// What a run came to.
///
/// # Examples
/// ```
/// use spacelike_idempotency::conformance::Report;
///
/// let nothing = Report::default();
/// assert!(nothing.passed.is_empty() && nothing.skipped.is_empty());
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// The cases that passed.
    pub passed: Vec<&'static str>,
    /// The cases that couldn't be run, and why.
    pub skipped: Vec<(&'static str, Skipped)>,
}

/// A rule, and how to find out whether a store keeps it.
///
/// # Examples
/// A case is a function of the harness, so one may also be run alone.
/// ```
/// use spacelike_idempotency::conformance::{Case, Skipped};
///
/// let case = Case { name: "of_nothing", run: |_: &()| Err(Skipped::Time) };
/// assert_eq!((case.run)(&()), Err(Skipped::Time));
/// ```
pub struct Case<H> {
    /// The rule's.
    pub name: &'static str,
    /// Makes a store and tries it. Panics with what is wrong.
    pub run: fn(&H) -> Result<(), Skipped>,
}

impl<H> fmt::Debug for Case<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a case wasn't run, or not to its end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Skipped {
    /// The harness makes no such store.
    #[error("there is no store of this setting")]
    Setting,
    /// The harness can't move the store's time so.
    #[error("the store's time can't be moved so")]
    Time,
    /// Nothing of the kind can happen: whoever begins waits for transactions that are open.
    #[error("whoever begins waits for open transactions")]
    Waits,
}
