use core::time::Duration;

use rand_chacha::ChaCha8Rng;

use crate::net::random::below;

/// How long to wait before the next attempt: doubles with each failure up to a cap, less up to a half at random, so that
/// peers that failed together don't come back together. Plain data.
#[derive(Debug)]
pub(super) struct Backoff {
    min: Duration,
    max: Duration,
    failures: u32,
    random: ChaCha8Rng,
}

impl Backoff {
    pub(super) fn new(min: Duration, max: Duration, random: ChaCha8Rng) -> Self {
        Self { min, max, failures: 0, random }
    }

    /// An attempt failed, or what it brought didn't last: how long to wait.
    pub(super) fn failed(&mut self) -> Duration {
        let wait = self.min.saturating_mul(1 << self.failures.min(20)).min(self.max);
        self.failures = self.failures.saturating_add(1);
        wait.saturating_sub(below(&mut self.random, wait / 2))
    }

    /// The next wait is the shortest again.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::random::generator;

    /// Waits double up to the cap, each between a half and the whole of its step, and not all alike.
    #[test]
    fn waits_grow_to_the_cap_with_jitter() {
        let ms = Duration::from_millis;
        let mut backoff = Backoff::new(ms(10), ms(100), generator(1, 2));
        let waits: Vec<_> = (0..50).map(|_| backoff.failed()).collect();
        for (wait, step) in waits.iter().zip([10, 20, 40, 80].into_iter().chain([100].into_iter().cycle())) {
            assert!((ms(step) / 2..=ms(step)).contains(wait), "{wait:?} for a step of {step} ms");
        }
        assert_ne!(waits[10], waits[11]);
        backoff.reset();
        assert!(backoff.failed() <= ms(10));
    }
}
