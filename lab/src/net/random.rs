//! Randomness of both kinds: jitter from a seed, and identities from the operating system.

use core::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A generator of its own for each use of one seed.
pub(super) fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream);
    generator
}

/// A duration from zero to `max`, inclusive.
pub(super) fn below(generator: &mut ChaCha8Rng, max: Duration) -> Duration {
    let nanos = u64::try_from(max.as_nanos()).unwrap_or(u64::MAX);
    // The bias is below one nanosecond in 2^64.
    let drawn = (u128::from(generator.next_u64()) * (u128::from(nanos) + 1)) >> 64;
    Duration::from_nanos(u64::try_from(drawn).unwrap_or(nanos))
}

/// The incarnation of a life that begins at `wall`, after one numbered `earlier` (zero if none is known).
///
/// 44 bits of Unix milliseconds above 20 random bits, and at least one more than the earlier one. So it grows with
/// every start while the disk remembers, and is not used twice even if it doesn't: for that, a start on an empty disk
/// would have to fall into the same millisecond as an earlier one, by the wall clock, and draw the same of a million
/// numbers. What an empty disk can't promise is growth, if the wall clock was set back as well.
pub(super) fn incarnation(earlier: u64, wall: Duration, random: u64) -> Option<u64> {
    const RANDOM_BITS: u32 = 20;
    let millis = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX).min(u64::MAX >> RANDOM_BITS);
    let ordered = (millis << RANDOM_BITS) + (random >> (u64::BITS - RANDOM_BITS));
    Some(ordered.max(earlier.checked_add(1)?))
}

/// Random bits of the operating system.
pub(super) fn from_os() -> Result<u64, getrandom::Error> {
    getrandom::u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An incarnation grows with every start on one disk, whatever the wall clock does, and with time on an empty one.
    #[test]
    fn incarnation_grows() {
        let at = |seconds: u64| Duration::from_secs(1_700_000_000 + seconds);
        let first = incarnation(0, at(0), u64::MAX).unwrap();
        assert!(incarnation(first, at(0), 0).unwrap() > first);
        assert_eq!(incarnation(first, Duration::ZERO, 0), Some(first + 1));
        assert!(incarnation(0, at(1), 0).unwrap() > first);
        assert_eq!(incarnation(u64::MAX, at(0), 0), None);
        assert!(incarnation(0, Duration::MAX, u64::MAX).is_some());
    }

    /// Two starts in one millisecond on empty disks differ by chance.
    #[test]
    fn incarnation_has_random_bits() {
        assert_ne!(incarnation(0, Duration::ZERO, 1 << 44), incarnation(0, Duration::ZERO, 2 << 44));
    }

    /// Jitter covers its range and stays within.
    #[test]
    fn jitter_stays_within() {
        let mut generator = generator(7, 7);
        let max = Duration::from_nanos(3);
        let drawn: std::collections::BTreeSet<_> = (0..200).map(|_| below(&mut generator, max)).collect();
        assert_eq!(drawn.len(), 4);
        assert_eq!(drawn.last(), Some(&max));
    }
}
