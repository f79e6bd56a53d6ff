use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use spacelike::machine::NodeId;

/// Random numbers for one purpose: whatever else draws, these stay the same.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Stream(ChaCha8Rng);

/// What random numbers are for. The numbers are a part of what a seed means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    Latency = 1,
    Jitter = 2,
    Loss = 3,
    Duplication = 4,
    Corruption = 5,
    Timers = 6,
    Disk = 7,
    Crash = 8,
}

impl Stream {
    /// That of a seed and a purpose, between two nodes or of one, which is then given twice.
    pub(super) fn new(seed: u64, purpose: Purpose, from: NodeId, to: NodeId) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..12].copy_from_slice(&(purpose as u32).to_le_bytes());
        key[12..16].copy_from_slice(&from.0.to_le_bytes());
        key[16..20].copy_from_slice(&to.0.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number from zero to `max`, inclusive. The bias is below one in 2^64 of the range.
    pub(super) fn up_to(&mut self, max: u64) -> u64 {
        if max == 0 {
            return 0;
        }
        let product = u128::from(self.0.next_u64()) * (u128::from(max) + 1);
        u64::try_from(product >> 64).unwrap_or(max)
    }

    /// Whether something happens that does with this probability. Draws nothing for what is certain.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        if probability <= 0.0 {
            return false;
        }
        probability >= 1.0 || self.unit() < probability
    }

    /// Uniform in `[0, 1)`, in steps of 2^-53.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal, by Box and Muller (1958), of which one of two is used.
    pub(super) fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.unit(), self.unit());
        libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(core::f64::consts::TAU * angle)
    }
}
