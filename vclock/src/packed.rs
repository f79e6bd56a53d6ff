use core::{cmp, fmt};

use crate::{Causality, Exhausted, FixedClock, LaneOverflow};

/// A vector clock in one machine word, of which each actor counts in a lane of its own: 2 lanes of 32 bits, 4 of 16 or 8
/// of 8. The timestamp that an [`AtomicPacked`](crate::AtomicPacked) issues.
///
/// ```text
///             bit 63                                  0
/// Packed<2>   |      lane 1       |      lane 0       |     up to 4,294,967,295 events each
/// Packed<4>   |  lane 3 |  lane 2 |  lane 1 |  lane 0 |     up to 65,535
/// Packed<8>   | 7  | 6  | 5  | 4  | 3  | 2  | 1  | 0  |     up to 255
/// ```
///
/// Other numbers of lanes don't compile. It is a [`FixedClock`] of as many counters of that width, and becomes one and back
/// by `From`; merging, and what else this can't do, is done there. Any `u64` is a `Packed`, so decoding the word can't fail.
/// With serde it is its counters, lane 0 first, and one that doesn't fit is refused.
///
/// # Cost
/// Comparing takes a few instructions, whatever the number of lanes: all lanes are subtracted at once, with the borrow of
/// each kept from its neighbour (Lamport 1975, "Multiple Byte Processing with Full-Word Instructions").
///
/// # Examples
/// ```
/// use spacelike_vclock::{Causality, Packed};
///
/// let (a, b) = (Packed::from([2, 1, 0, 0_u16]), Packed::from([2, 3, 0, 0_u16]));
/// assert!(a < b);
/// assert_eq!(b.compare(&Packed::from([3, 0, 0, 0])), Causality::Concurrent);
/// assert_eq!(a.to_u64(), 0x0000_0000_0001_0002);
/// assert_eq!(a.to_string(), "[2, 1, 0, 0]");
/// ```
///
/// ```compile_fail
/// let three = spacelike_vclock::Packed::<3>::new();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Packed<const LANES: usize> {
    word: u64,
}

impl<const LANES: usize> Packed<LANES> {
    /// The last event that a lane can count: `u32::MAX`, `u16::MAX` or `u8::MAX`.
    pub const LIMIT: u64 = u64::MAX >> (u64::BITS - Self::BITS);

    /// How wide a lane is.
    const BITS: u32 = match LANES {
        2 => 32,
        4 => 16,
        8 => 8,
        _ => panic!("a packed clock has 2, 4 or 8 lanes"),
    };

    /// The lowest bit of each lane.
    const LOWEST: u64 = u64::MAX / Self::LIMIT;

    /// The highest bit of each lane.
    const HIGHEST: u64 = Self::LOWEST << (Self::BITS - 1);

    /// No event yet, of any actor.
    pub const fn new() -> Self {
        Self::from_u64(0)
    }

    /// The clock in this word.
    #[inline]
    pub const fn from_u64(word: u64) -> Self {
        const { assert!(Self::LIMIT > 0) }; // a number of lanes that there is
        Self { word }
    }

    /// The word. Its order as a number is not causal.
    #[inline]
    pub const fn to_u64(self) -> u64 {
        self.word
    }

    /// How many events of this lane's actor it has seen.
    ///
    /// # Panics
    /// If there is no such lane.
    #[inline]
    pub const fn get(self, lane: usize) -> u64 {
        self.word >> Self::shift(lane) & Self::LIMIT
    }

    /// Its counters, lane 0 first.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::Packed;
    ///
    /// let packed = Packed::<4>::try_from([1, 2, 3, 65_535_u64])?;
    /// assert_eq!(packed.to_array(), [1, 2, 3, 65_535]);
    /// assert!(Packed::<4>::try_from([1, 2, 3, 65_536_u64]).is_err());
    /// # Ok::<(), spacelike_vclock::LaneOverflow>(())
    /// ```
    pub const fn to_array(self) -> [u64; LANES] {
        let mut counters = [0; LANES];
        let mut lane = 0;
        while lane < LANES {
            counters[lane] = self.get(lane);
            lane += 1;
        }
        counters
    }

    /// How it stands to the other.
    #[inline]
    pub const fn compare(&self, other: &Self) -> Causality {
        let (less, greater) = (self.lanes_below(*other), other.lanes_below(*self));
        Causality::from_bits((less != 0) as u8 | ((greater != 0) as u8) << 1)
    }

    /// Whether it is before the other or equal.
    #[inline]
    pub const fn is_le(&self, other: &Self) -> bool {
        other.lanes_below(*self) == 0
    }

    /// Whether it is before the other.
    #[inline]
    pub const fn is_lt(&self, other: &Self) -> bool {
        self.is_le(other) && self.word != other.word
    }

    /// Whether it is after the other or equal.
    #[inline]
    pub const fn dominates(&self, other: &Self) -> bool {
        other.is_le(self)
    }

    /// Whether each has seen something that the other hasn't.
    #[inline]
    pub const fn is_concurrent(&self, other: &Self) -> bool {
        self.compare(other).is_concurrent()
    }

    /// What either has seen: the least upper bound.
    #[inline]
    pub(crate) const fn join(self, other: Self) -> Self {
        // Each lowest bit times the greatest counter fills its lane.
        let others = (self.lanes_below(other) >> (Self::BITS - 1)) * Self::LIMIT;
        Self::from_u64(self.word & !others | other.word & others)
    }

    /// One more event in this lane.
    #[inline]
    pub(crate) const fn next(self, lane: usize) -> Result<Self, Exhausted> {
        if self.get(lane) == Self::LIMIT {
            return Err(Exhausted { limit: Self::LIMIT });
        }
        // No carry: the lane is below its limit.
        Ok(Self::from_u64(self.word + (1 << Self::shift(lane))))
    }

    /// The highest bits of the lanes in which this one is less.
    #[inline]
    const fn lanes_below(self, other: Self) -> u64 {
        let (a, b) = (self.word, other.word);
        // A lane is less if its highest bit is, or, those being equal, if the rest of it is: then it borrows from the bit
        // that is put above it, which no lane needs to borrow past.
        let rest_is_not_less = (a | Self::HIGHEST) - (b & !Self::HIGHEST);
        (!a & b | !(a ^ b) & !rest_is_not_less) & Self::HIGHEST
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "there are at most 8 lanes")]
    const fn shift(lane: usize) -> u32 {
        assert!(lane < LANES, "a packed clock has no such lane");
        lane as u32 * Self::BITS
    }
}

/// No event yet.
impl<const LANES: usize> Default for Packed<LANES> {
    fn default() -> Self {
        Self::new()
    }
}

/// The causal order: `None` for concurrent clocks.
impl<const LANES: usize> PartialOrd for Packed<LANES> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        self.compare(other).to_ordering()
    }
}

/// From counters, lane 0 first. A counter above [`LIMIT`](Packed::LIMIT) is an error.
impl<const LANES: usize> TryFrom<[u64; LANES]> for Packed<LANES> {
    type Error = LaneOverflow;

    fn try_from(counters: [u64; LANES]) -> Result<Self, LaneOverflow> {
        let mut word = 0;
        for (lane, counter) in counters.into_iter().enumerate() {
            if counter > Self::LIMIT {
                return Err(LaneOverflow { lane, counter, limit: Self::LIMIT });
            }
            word |= counter << Self::shift(lane);
        }
        Ok(Self::from_u64(word))
    }
}

macro_rules! exact {
    ($($lanes:literal of $counter:ty),*) => {
        $(
            /// From counters, lane 0 first.
            impl From<[$counter; $lanes]> for Packed<$lanes> {
                fn from(counters: [$counter; $lanes]) -> Self {
                    let mut bytes = [0; size_of::<u64>()];
                    for (lane, counter) in bytes.chunks_exact_mut(size_of::<$counter>()).zip(counters) {
                        lane.copy_from_slice(&counter.to_le_bytes());
                    }
                    Self::from_u64(u64::from_le_bytes(bytes))
                }
            }

            /// The counters, lane 0 first.
            impl From<Packed<$lanes>> for [$counter; $lanes] {
                #[expect(clippy::cast_possible_truncation, reason = "a lane is as wide as the counter")]
                fn from(packed: Packed<$lanes>) -> Self {
                    packed.to_array().map(|counter| counter as $counter)
                }
            }

            /// The same clock.
            impl From<FixedClock<$lanes, $counter>> for Packed<$lanes> {
                fn from(fixed: FixedClock<$lanes, $counter>) -> Self {
                    fixed.to_array().into()
                }
            }

            /// The same clock.
            impl From<Packed<$lanes>> for FixedClock<$lanes, $counter> {
                fn from(packed: Packed<$lanes>) -> Self {
                    Self::from_array(packed.into())
                }
            }
        )*
    };
}

exact!(2 of u32, 4 of u16, 8 of u8);

/// As `[1, 2]`, lane 0 first.
impl<const LANES: usize> fmt::Display for Packed<LANES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (lane, counter) in self.to_array().into_iter().enumerate() {
            let comma = if lane == 0 { "" } else { ", " };
            write!(f, "{comma}{counter}")?;
        }
        f.write_str("]")
    }
}

impl<const LANES: usize> fmt::Debug for Packed<LANES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packed{self}")
    }
}

#[cfg(feature = "serde")]
impl<const LANES: usize> serde::Serialize for Packed<LANES> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeTuple;

        let mut tuple = serializer.serialize_tuple(LANES)?;
        for counter in self.to_array() {
            tuple.serialize_element(&counter)?;
        }
        tuple.end()
    }
}

/// Checked: what `Serialize` can't have written is an error.
#[cfg(feature = "serde")]
impl<'de, const LANES: usize> serde::Deserialize<'de> for Packed<LANES> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counters<const LANES: usize>;

        impl<'de, const LANES: usize> serde::de::Visitor<'de> for Counters<LANES> {
            type Value = Packed<LANES>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{LANES} counters of at most {}", Packed::<LANES>::LIMIT)
            }

            fn visit_seq<S: serde::de::SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
                use serde::de::Error;

                let mut counters = [0; LANES];
                for (lane, counter) in counters.iter_mut().enumerate() {
                    *counter = seq.next_element()?.ok_or_else(|| Error::invalid_length(lane, &self))?;
                }
                Packed::try_from(counters).map_err(Error::custom)
            }
        }

        deserializer.deserialize_tuple(LANES, Counters)
    }
}
