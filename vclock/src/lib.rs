// Most of its examples need a heap. Without one they are text to the tests, and only to them.
#![cfg_attr(all(doctest, not(feature = "alloc")), doc = "`````text")]
#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod actor;
mod bounded_clock;
mod causality;
mod clock_view;
pub mod codec;
mod counter;
mod dot;
mod error;
mod fixed_clock;
mod packed;
mod reserved_counter;
pub mod shiviz;
mod sorted;

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod atomic_clock;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod atomic_packed;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod sync;

#[cfg(feature = "alloc")]
mod broadcast;
#[cfg(feature = "alloc")]
mod causal_buffer;
#[cfg(feature = "alloc")]
mod clock;
#[cfg(feature = "alloc")]
mod dot_set;
#[cfg(feature = "alloc")]
mod dvv_set;
#[cfg(feature = "alloc")]
mod pruned_vector;
#[cfg(feature = "alloc")]
mod runs;
#[cfg(all(feature = "alloc", feature = "serde"))]
mod serde_clock;
#[cfg(all(feature = "alloc", feature = "serde"))]
mod serde_pruned;
#[cfg(feature = "alloc")]
mod stability;
#[cfg(feature = "alloc")]
mod stripped;
#[cfg(feature = "alloc")]
mod vector_clock;
#[cfg(feature = "alloc")]
mod version_vector;

pub use actor::Actor;
pub use bounded_clock::BoundedClock;
pub use causality::Causality;
pub use clock_view::{ClockView, ClockViewIter};
pub use counter::Counter;
pub use dot::Dot;
pub use error::{
    Amnesia, Exhausted, FromSortedError, Full, IssueError, LaneOverflow, LenDiffers, NotCanonical,
    ObserveError, OutOfRange, ParseActorError, ParseDotError, ParseFixedClockError, RaiseError, ReceiveError,
    TickError, Unreserved,
};
pub use fixed_clock::FixedClock;
pub use packed::Packed;
pub use reserved_counter::{Reservation, ReservedCounter, Stored};

#[cfg(feature = "alloc")]
pub use broadcast::Broadcast;
#[cfg(feature = "alloc")]
pub use causal_buffer::{CausalBuffer, Inserted};
#[cfg(feature = "alloc")]
pub use clock::{Clock, INLINE, IntoIter, Iter, Kind};
#[cfg(feature = "alloc")]
pub use dot_set::{DotSet, Run};
#[cfg(feature = "alloc")]
pub use dvv_set::{DvvSet, Synced};
#[cfg(feature = "alloc")]
pub use error::{
    BaseDiffers, ForgetError, MembershipError, NotAbove, NotLast, ParseClockError, PutError, Refusal,
    Refused, ReportError,
};
#[cfg(feature = "alloc")]
pub use pruned_vector::{PruneLimits, PrunedVector};
#[cfg(feature = "alloc")]
pub use stability::{Laggard, Stability};
#[cfg(feature = "alloc")]
pub use stripped::Stripped;
#[cfg(feature = "alloc")]
pub use vector_clock::{Events, VectorClock};
#[cfg(feature = "alloc")]
pub use version_vector::{Updates, VersionVector};

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use atomic_clock::AtomicClock;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use atomic_packed::AtomicPacked;

#[cfg(test)]
mod tests;
