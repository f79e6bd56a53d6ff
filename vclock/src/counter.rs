use core::fmt;
use core::hash::Hash;

/// What counts an actor's events: `u8`, `u16`, `u32` or `u64`. Sealed.
pub trait Counter:
    Copy + Ord + Default + Hash + fmt::Debug + fmt::Display + sealed::Sealed + 'static
{
    /// No event yet.
    const ZERO: Self;
    /// The last event that can be counted.
    const MAX: Self;

    /// One more; `None` after [`MAX`](Self::MAX).
    fn next(self) -> Option<Self>;

    /// As the widest counter.
    fn to_u64(self) -> u64;

    /// From the widest counter; `None` if it doesn't fit.
    fn from_u64(value: u64) -> Option<Self>;
}

macro_rules! counters {
    ($($type:ty),*) => {
        $(
            impl sealed::Sealed for $type {}

            impl Counter for $type {
                const ZERO: Self = 0;
                const MAX: Self = <$type>::MAX;

                #[inline]
                fn next(self) -> Option<Self> {
                    self.checked_add(1)
                }

                #[inline]
                fn to_u64(self) -> u64 {
                    u64::from(self)
                }

                #[inline]
                fn from_u64(value: u64) -> Option<Self> {
                    value.try_into().ok()
                }
            }
        )*
    };
}

counters!(u8, u16, u32, u64);

mod sealed {
    pub trait Sealed {}
}
