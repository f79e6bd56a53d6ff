#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[doc(inline)]
pub use spacelike_hlc as hlc;
#[doc(inline)]
pub use spacelike_idempotency as idempotency;
#[doc(inline)]
pub use spacelike_lamport as lamport;
#[doc(inline)]
pub use spacelike_phi_detector as phi_detector;
#[doc(inline)]
pub use spacelike_vclock as vclock;

#[cfg(feature = "alloc")]
pub mod machine;
#[cfg(feature = "alloc")]
pub mod monitor;
