//! Histories of concurrent calls, and checkers that say which consistency they show, each with a counterexample for people.
//!
//! A [`History`] is what clients saw: what each asked, when, and what came of it. A [`Spec`] says what a correct object would
//! have answered to one call after the other. [`linearizable`] and [`timeline()`] look for an order of the calls that explains the
//! answers, in time or for each client. [`causal()`] looks for patterns that no causally consistent map shows.
//!
//! A history is written as lines of JSON. The first line is the [`Header`], every further line an [`Event`], in the order in
//! which they happened:
//!
//! ```json
//! {"format":"spacelike-history","version":1,"spec":"register","program":"spacelike-lab 0.1.0"}
//! {"time_ns":0,"client":1,"what":{"invoke":{"write":7}}}
//! {"time_ns":5,"client":2,"what":{"invoke":"read"}}
//! {"time_ns":9,"client":2,"what":{"ok":{"value":7}}}
//! {"time_ns":12,"client":1,"what":"unknown"}
//! ```

mod bits;
mod call;
mod causal;
mod checked;
mod event;
mod header;
mod history;
mod linearizable;
pub mod map;
pub mod register;
mod search;
mod sequential;
mod spec;
mod stuck;
mod timeline;
mod value;
mod whole;

pub use call::{Call, Moment, Outcome};
pub use causal::{BadPattern, Noncausal, Unsuited, causal};
pub use checked::{Checked, Verdict};
pub use event::{Event, What};
pub use header::Header;
pub use history::{History, OutOfOrder};
pub use linearizable::linearizable;
pub use sequential::timeline;
pub use spec::Spec;
pub use stuck::{Stuck, Try};
pub use timeline::Timeline;
pub use value::Value;
pub use whole::Whole;

pub use crate::lines::{LINE_MAX, ReadError};

/// A budget of configurations that decides most histories. As many of a register take some hundred megabytes.
pub const BUDGET: u64 = 1_000_000;
