//! The tour: nodes that gossip over real sockets, on wall clocks some of which are wrong, one of them stopped for a while, and
//! what came of it.
//!
//! ```text
//! Options -> Tour -> Trace -> Analysis -> Report (the table)
//!                      |
//!                      +-> Diagram (the page)
//! ```

pub use error::TourError;
pub use options::{Options, OptionsError};
pub use pause::{Pause, Paused};
pub use progress::Progress;
pub use report::Report;
pub use run::{Run, Tour};
pub use verdict::Verdict;

mod error;
pub mod gossip;
mod options;
mod pause;
mod progress;
mod report;
pub mod retries;
mod run;
mod suspicions;
mod verdict;
