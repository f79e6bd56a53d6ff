//! Logs for [ShiViz](https://bestchai.bitbucket.io/shiviz/), which draws an execution as a space-time diagram from its
//! vector clocks (Beschastnikh et al., "Debugging Distributed Systems", CACM 59(8), 2016).
//!
//! [`Writer`] writes them, without a heap. ShiViz wants the events of each host to be counted 1, 2, 3, and so on: if a log
//! has only some of the events, [`Renumber`] makes it whole again. [`validate`] says beforehand what ShiViz will say.
//!
//! An event is two lines, as GoVector writes them: the host and its clock as a JSON object, then what happened. Before
//! the first event stand two regular expressions: how to read an event, and what a line between two executions looks like.
//!
//! ```text
//! (?<host>\S*) (?<clock>{.*})\n(?<event>.*)
//! ^=== (?<trace>.*) ===$
//! alice {"alice":1}
//! asks bob
//! bob {"alice":1,"bob":1}
//! is asked
//! ```
//!
//! ShiViz's own default has what happened above the clock. There a text that looks like a host with its clock would be
//! taken for one; here the host's line is read first, and takes the next line as it is.
//!
//! # Examples
//! Only what was sent and received is logged, not what happened in between:
//! ```
//! # #[cfg(feature = "alloc")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use spacelike_vclock::shiviz::{Renumber, Writer, validate};
//! use spacelike_vclock::{Dot, VectorClock};
//!
//! let (mut alice, mut bob) = (VectorClock::new(), VectorClock::new());
//! alice.tick(&"alice")?; // not logged
//! alice.tick(&"alice")?;
//! let mut log = vec![("alice", alice.clone(), "asks bob")];
//! bob.receive(&"bob", &alice)?;
//! log.push(("bob", bob.clone(), "is asked"));
//!
//! let logged: Renumber<&str> =
//!     log.iter().filter_map(|(host, clock, _)| Dot::new(*host, clock.get(host))).collect();
//! for (_, clock, _) in &mut log {
//!     *clock = logged.renumber(clock);
//! }
//! validate(log.iter().map(|(host, clock, _)| (host, clock)))?;
//!
//! let mut text = String::new();
//! let mut writer = Writer::new(&mut text)?;
//! for (host, clock, what) in &log {
//!     writer.event(host, clock.iter(), what)?;
//! }
//! assert!(text.ends_with("alice {\"alice\":1}\nasks bob\nbob {\"alice\":1,\"bob\":1}\nis asked\n"));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "alloc"))]
//! # fn main() {}
//! ```

#[cfg(feature = "alloc")]
pub use invalid::Invalid;
#[cfg(feature = "alloc")]
pub use renumber::Renumber;
#[cfg(feature = "alloc")]
pub use validate::validate;
pub use writer::{DELIMITER, PARSER, Writer};

#[cfg(feature = "alloc")]
mod invalid;
#[cfg(feature = "alloc")]
mod renumber;
mod text;
#[cfg(feature = "alloc")]
mod validate;
mod writer;
