#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod arrival;
mod arrivals;
mod backlog;
mod beat;
mod bertier;
mod chen;
mod deadlines;
mod detector;
mod due;
mod fixed_timeout;
mod histogram;
mod integer_phi;
mod jacobson;
mod kernel;
mod local_health;
mod local_phi;
mod model;
mod multiples;
mod parameters;
mod probe_timeout;
mod quantile_tail;
#[cfg(feature = "alloc")]
mod registry;
mod schedule;
mod settings;
mod smoothed;
mod suspicion;
mod tables;
mod tail;
mod ticks;
mod two_window;
mod usual;
mod watch;
mod window;

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod ewma_detector;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod ewma_phi;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod ewma_settings;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod moments;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod phi;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod published;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod shared_arrivals;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod shared_window;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod sync;

#[cfg(test)]
mod tests;

pub use beat::{Beat, Heard};
pub use bertier::Bertier;
pub use chen::ChenE;
pub use detector::FailureDetector;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use ewma_detector::EwmaDetector;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use ewma_phi::EwmaPhi;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use ewma_settings::EwmaSettings;
pub use fixed_timeout::FixedTimeout;
pub use integer_phi::IntegerPhi;
pub use jacobson::Jacobson;
pub use local_health::LocalHealth;
pub use local_phi::LocalPhi;
pub use model::{Exponential, Logistic, Model, Normal};
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use phi::Phi;
pub use probe_timeout::ProbeTimeout;
pub use quantile_tail::QuantileTail;
#[cfg(feature = "alloc")]
pub use registry::{Event, Full, Registry, Status};
pub use settings::Settings;
pub use suspicion::{State, Suspicion};
pub use ticks::Resolution;
pub use two_window::TwoWindow;
