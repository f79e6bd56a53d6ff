use crate::ticks::INTERVAL_MAX;

/// The latest `N` intervals, and their sums: integers, so that nothing drifts, and the variance can't be negative.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Window<const N: usize> {
    /// Those that aren't there yet are zero, which no interval is.
    ring: [u32; N],
    /// Where the next one goes; `N` is the beginning.
    next: usize,
    sums: Sums,
}

/// Of so many intervals, in ticks. For up to 1,024 intervals of 26 bits, the squares need 62.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) count: u32,
    pub(crate) sum: u64,
    pub(crate) squares: u64,
}

impl<const N: usize> Window<N> {
    pub(crate) const fn new() -> Self {
        const { assert!(N > 0 && N <= 1024, "a window has 1 to 1,024 intervals") };
        Self { ring: [0; N], next: 0, sums: Sums { count: 0, sum: 0, squares: 0 } }
    }

    /// Adds an interval, clamped to what can be kept, in the place of the oldest if there are `N`. Gives the sums, which are read
    /// together: a processor waits for that, if they have just been written one by one.
    #[inline]
    pub(crate) fn push(&mut self, interval: u64) -> Sums {
        let new = u32::try_from(interval).unwrap_or(INTERVAL_MAX).clamp(1, INTERVAL_MAX);
        let index = if self.next < N { self.next } else { 0 };
        let old = core::mem::replace(&mut self.ring[index], new);
        self.next = index + 1;
        let (new, old) = (u64::from(new), u64::from(old));
        let sums = Sums {
            count: self.sums.count + u32::from(old == 0),
            sum: self.sums.sum - old + new,
            squares: self.sums.squares - old * old + new * new,
        };
        self.sums = sums;
        sums
    }

    /// The same if there are `N`, of an interval that can be kept.
    #[inline]
    pub(crate) fn replace(&mut self, interval: u32) -> Sums {
        let index = if self.next < N { self.next } else { 0 };
        let old = u64::from(core::mem::replace(&mut self.ring[index], interval));
        self.next = index + 1;
        let new = u64::from(interval);
        // Modulo 2^64, a difference below zero is as good as any.
        let more = new.wrapping_sub(old);
        let sum = self.sums.sum.wrapping_add(more);
        let squares = self.sums.squares.wrapping_add(more.wrapping_mul(new + old));
        (self.sums.sum, self.sums.squares) = (sum, squares);
        #[expect(clippy::cast_possible_truncation, reason = "at most 1,024")]
        let count = N as u32;
        Sums { count, sum, squares }
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.sums.count as usize == N
    }

    pub(crate) const fn sums(&self) -> Sums {
        self.sums
    }
}

impl Sums {
    /// With as many assumed intervals as are missing to `weight`: half of them a quarter shorter than `period`, half longer.
    pub(crate) const fn with_prior(self, period: u64, weight: u32) -> Self {
        let missing = weight.saturating_sub(self.count);
        let count = self.count + missing;
        let (missing, spread) = (missing as u64, period / 4);
        Self {
            count,
            sum: self.sum + missing * period,
            squares: self.squares + missing * (period * period + spread * spread),
        }
    }

    /// Mean and standard deviation, in ticks.
    #[inline]
    pub(crate) fn moments(self) -> (f64, f64) {
        let count = self.count.max(1);
        // A product each, beside one quotient that waits for nothing.
        let share = 1.0 / f64::from(count);
        // n times the squares less the square of the sum: never negative, by Cauchy and Schwarz.
        let spread = if self.squares < NARROW {
            exact(u64::from(count) * self.squares - self.sum * self.sum)
        } else {
            wide(count, self.sum, self.squares)
        };
        (exact(self.sum) * share, libm::sqrt(spread) * share)
    }
}

/// Of a number below 2^52. Not by the instruction for it, which on x86 waits for what its register held before: for the square
/// root of the beat before.
#[inline]
fn exact(number: u64) -> f64 {
    f64::from_bits(EXACT.to_bits() | number) - EXACT
}

/// Of sums whose spread may take more.
#[inline(never)]
#[expect(clippy::cast_precision_loss, reason = "one rounding is what a float is")]
fn wide(count: u32, sum: u64, squares: u64) -> f64 {
    let (count, sum) = (u128::from(count), u128::from(sum));
    (count * u128::from(squares) - sum * sum) as f64
}

/// 1,024 times that is 2^52.
const NARROW: u64 = 1 << 42;

/// 2^52, from which on a float's last digit counts ones.
const EXACT: f64 = 4_503_599_627_370_496.0;

#[cfg(test)]
mod tests {
    use super::{Sums, Window};
    use crate::ticks::INTERVAL_MAX;

    /// The longest and the shortest intervals by turns: what is computed of them needs more than 64 bits, and loses none.
    #[test]
    fn moments_of_the_farthest_intervals_are_right() {
        let mut window = Window::<1024>::new();
        for _ in 0..1024 {
            window.push(1);
            window.push(INTERVAL_MAX.into());
        }
        assert_eq!(window.sums().moments(), (33_554_432.0, 33_554_431.0));
    }

    /// On either side of the sums whose floats are computed the short way, they are the same as of more digits.
    #[test]
    #[expect(clippy::cast_precision_loss, reason = "which is what it is about")]
    fn moments_of_long_and_of_short_intervals_are_right() {
        let sizes = [1_u64, 1_000, 65_000, 65_535, 65_536, 66_000, 1 << 17, 160_000, 1 << 18, 1 << 25];
        for (size, swing) in sizes.into_iter().flat_map(|size| [(size, size.min(1_000)), (size, size)]) {
            let mut window = Window::<1024>::new();
            for number in 0..1024 {
                window.push(if number % 2 == 0 { size } else { size - swing + 1 });
            }
            let Sums { count, sum, squares } = window.sums();
            let spread = u128::from(count) * u128::from(squares) - u128::from(sum).pow(2);
            let sd = (spread as f64).sqrt() / 1_024.0;
            assert_eq!(window.sums().moments(), (sum as f64 / 1_024.0, sd), "{size} and {swing}");
        }
    }

    /// Whether an interval is known to fit and take the place of another, or not: the window is the same.
    #[test]
    fn intervals_are_replaced_as_they_are_pushed() {
        let (mut one, mut other) = (Window::<5>::new(), Window::<5>::new());
        for number in 0..5 {
            assert!(!one.is_full());
            one.push(number * 7 + 1);
            other.push(number * 7 + 1);
        }
        for number in [1, 900, 3, INTERVAL_MAX, 5, 6, INTERVAL_MAX, 8, 9, 10, 11, 12] {
            assert!(one.is_full());
            assert_eq!(one.push(number.into()), other.replace(number));
            assert_eq!(one, other);
        }
    }
}
