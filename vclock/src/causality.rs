use core::fmt;

/// How two clocks, or the events that carry them, stand to each other: the four answers of a partial order.
///
/// Two bits: whether some counter is less, and whether some counter is greater. So comparing two clocks is OR-ing over
/// their counters, and equal clocks are never [`Concurrent`](Self::Concurrent).
///
/// # Examples
/// ```
/// # #[cfg(feature = "alloc")] {
/// use spacelike_vclock::{Causality, VersionVector};
///
/// let (a, b) = (VersionVector::from([("x", 2), ("y", 1)]), VersionVector::from([("x", 1), ("y", 3)]));
/// assert_eq!(a.compare(&b), Causality::Concurrent);
/// assert_eq!(a.compare(&a), Causality::Equal);
/// assert_eq!(Causality::Before.reverse(), Causality::After);
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
#[must_use]
pub enum Causality {
    /// Each has seen exactly what the other has.
    Equal = 0b00,
    /// The left one is less: the right one has seen all that it has, and more. It *happened before*.
    Before = 0b01,
    /// The left one is greater: it has seen all that the right one has, and more.
    After = 0b10,
    /// Each has seen something that the other hasn't.
    Concurrent = 0b11,
}

impl Causality {
    /// Of two numbers.
    #[inline]
    pub fn of<T: Ord>(left: &T, right: &T) -> Self {
        Self::from_bits(u8::from(left < right) | u8::from(left > right) << 1)
    }

    /// The same relation seen from the other side.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::Causality::{After, Before, Concurrent, Equal};
    ///
    /// assert_eq!([Equal, Before, After, Concurrent].map(|c| c.reverse()), [Equal, After, Before, Concurrent]);
    /// ```
    #[inline]
    pub const fn reverse(self) -> Self {
        Self::from_bits(self.bits() >> 1 | (self.bits() & 1) << 1)
    }

    /// The relation of two pairs, from those of their parts: the pairs are in an order if no part contradicts it.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::Causality::{After, Before, Concurrent, Equal};
    ///
    /// assert_eq!(Before.and(Equal), Before);
    /// assert_eq!(Before.and(After), Concurrent);
    /// ```
    #[inline]
    pub const fn and(self, other: Self) -> Self {
        Self::from_bits(self.bits() | other.bits())
    }

    /// Whether it is `Before` or `Equal`: nothing on the left is missing on the right.
    #[inline]
    pub const fn is_le(self) -> bool {
        self.bits() & Self::After.bits() == 0
    }

    /// Whether it is `After` or `Equal`.
    #[inline]
    pub const fn is_ge(self) -> bool {
        self.reverse().is_le()
    }

    /// Whether it is `Before`.
    #[inline]
    pub const fn is_lt(self) -> bool {
        matches!(self, Self::Before)
    }

    /// Whether it is `After`.
    #[inline]
    pub const fn is_gt(self) -> bool {
        matches!(self, Self::After)
    }

    /// Whether it is `Concurrent`.
    #[inline]
    pub const fn is_concurrent(self) -> bool {
        matches!(self, Self::Concurrent)
    }

    /// As the standard library says it: `None` for concurrent.
    ///
    /// # Examples
    /// ```
    /// use core::cmp::Ordering;
    /// use spacelike_vclock::Causality;
    ///
    /// assert_eq!(Causality::Before.to_ordering(), Some(Ordering::Less));
    /// assert_eq!(Causality::Concurrent.to_ordering(), None);
    /// ```
    #[inline]
    pub const fn to_ordering(self) -> Option<core::cmp::Ordering> {
        match self {
            Self::Equal => Some(core::cmp::Ordering::Equal),
            Self::Before => Some(core::cmp::Ordering::Less),
            Self::After => Some(core::cmp::Ordering::Greater),
            Self::Concurrent => None,
        }
    }

    /// Bit 0: some less; bit 1: some greater.
    #[inline]
    pub(crate) const fn bits(self) -> u8 {
        self as u8
    }

    /// The inverse of [`bits`](Self::bits), of the lowest two.
    #[inline]
    pub(crate) const fn from_bits(bits: u8) -> Self {
        match bits & 0b11 {
            0b00 => Self::Equal,
            0b01 => Self::Before,
            0b10 => Self::After,
            _ => Self::Concurrent,
        }
    }
}

impl From<core::cmp::Ordering> for Causality {
    fn from(ordering: core::cmp::Ordering) -> Self {
        match ordering {
            core::cmp::Ordering::Less => Self::Before,
            core::cmp::Ordering::Equal => Self::Equal,
            core::cmp::Ordering::Greater => Self::After,
        }
    }
}

impl fmt::Display for Causality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Equal => "equal",
            Self::Before => "before",
            Self::After => "after",
            Self::Concurrent => "concurrent",
        })
    }
}
