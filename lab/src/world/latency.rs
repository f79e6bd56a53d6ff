use core::time::Duration;
use std::sync::Arc;

use crate::world::stream::Stream;
use crate::world::{float, nanos};

/// How long a message is on its way.
///
/// Drawn for each message from a stream of the link's own, by integers and `libm` only: the same on every platform.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Latency {
    /// Always the same.
    Constant(Duration),
    /// Anything in between, both ends included, equally often.
    Uniform {
        /// The shortest.
        least: Duration,
        /// The longest.
        most: Duration,
    },
    /// Normal, and never below zero.
    Normal {
        /// The mean.
        mean: Duration,
        /// The standard deviation.
        sd: Duration,
    },
    /// Log-normal, as is usual of wide networks: a long tail above, none below.
    LogNormal {
        /// As many are shorter as longer.
        median: Duration,
        /// The standard deviation of the natural logarithm.
        sigma: f64,
    },
    /// One of these, each equally often: what was measured.
    Empirical(Arc<[Duration]>),
}

impl Latency {
    pub(super) fn draw(&self, stream: &mut Stream) -> u64 {
        match self {
            Self::Constant(latency) => nanos(*latency),
            Self::Uniform { least, most } => {
                let least = nanos(*least);
                least.saturating_add(stream.up_to(nanos(*most).saturating_sub(least)))
            }
            Self::Normal { mean, sd } => whole(float(*mean) + float(*sd) * stream.normal()),
            Self::LogNormal { median, sigma } => whole(float(*median) * libm::exp(sigma * stream.normal())),
            Self::Empirical(measured) => {
                let last = measured.len().saturating_sub(1) as u64;
                let index = usize::try_from(stream.up_to(last)).unwrap_or(0);
                measured.get(index).copied().map_or(0, nanos)
            }
        }
    }
}

impl Default for Latency {
    /// A millisecond.
    fn default() -> Self {
        Self::Constant(Duration::from_millis(1))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, at zero too")]
fn whole(nanos: f64) -> u64 {
    nanos as u64
}
