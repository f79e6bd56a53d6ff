//! A tokio driver that runs any [`Machine`](spacelike::machine::Machine) over TCP, with real clocks and real files.

mod config;
mod error;
mod listener;
mod node;
mod stats;

pub use config::{Config, Limits, OnDrift, Slots};
pub use error::{BindError, Halted, Refusal, RequestError, StartError};
pub use listener::Listener;
pub use node::{Node, NoteAt, Runnable, Wire};
pub use stats::Stats;
