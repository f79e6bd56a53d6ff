use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;

use crate::{Amnesia, Causality, Counter, Dot, Exhausted, LenDiffers, ParseFixedClockError, ReceiveError};

/// The clock of a cluster that never changes: `N` counters, and nothing else. Whose counter is whose is decided once, by
/// index, and the same on all nodes. No heap, and as many bytes as the counters have.
///
/// With [`tick`](Self::tick) and [`receive`](Self::receive) for every event it is a vector clock (Fidge 1988, Mattern
/// 1989); with `tick` for every update, and [`observe`](Self::observe) or [`merge`](Self::merge) where replicas meet, a
/// version vector (Parker et al. 1983). The type doesn't tell them apart; with `alloc`, `VectorClock` and `VersionVector`
/// do.
///
/// `C` is `u8`, `u16`, `u32` or `u64`. A narrow one is small on the wire, and soon at its end: an event that it can't count
/// is an error, never a wrap.
///
/// `==` and `<` are those of the partial order: neither `a <= b` nor `b <= a` is normal. `PartialOrd::partial_cmp` is
/// [`compare`](Self::compare).
///
/// # Input from peers
/// An index is the caller's own, and one that is not below `N` panics. What a peer sent can't do that if it comes in by one
/// of these: a whole clock by `Deserialize`, `FromStr` or `TryFrom<&[C]>`, all of which refuse any number of counters but
/// `N`; a dot by [`contains`](Self::contains), which has seen none of an index that isn't there; an index by
/// `as_slice().get(index)`.
///
/// # Examples
/// ```
/// use spacelike_vclock::{Causality, FixedClock};
///
/// // Three nodes, with up to 65535 events each.
/// let (mut first, mut second) = (FixedClock::<3, u16>::new(), FixedClock::<3, u16>::new());
/// first.tick(0)?; // the first sends a message, with its clock
/// let message = first;
/// second.tick(1)?; // something happens at the second meanwhile
/// assert_eq!(second.compare(&message), Causality::Concurrent);
///
/// second.receive(1, &message)?;
/// assert!(message < second);
/// assert_eq!(second.to_string(), "[1, 2, 0]");
/// assert_eq!(size_of_val(&second), 6);
/// # Ok::<(), spacelike_vclock::ReceiveError>(())
/// ```
///
/// A roster makes it a clock with names, and back:
/// ```
/// # #[cfg(feature = "alloc")] {
/// use spacelike_vclock::{FixedClock, VersionVector};
///
/// let roster = ["ada", "bob", "cyd"];
/// let fixed = FixedClock::from([1, 0, 2]);
/// let named: VersionVector<_> = roster.into_iter().zip(fixed.to_array()).collect();
/// assert_eq!(named.to_string(), "{ada:1, cyd:2}");
/// assert_eq!(FixedClock::from(roster.map(|name| named.get(&name))), fixed);
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct FixedClock<const N: usize, C = u64>([C; N]);

impl<const N: usize, C: Counter> FixedClock<N, C> {
    /// A clock that has seen nothing.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::FixedClock;
    ///
    /// static START: FixedClock<5, u8> = FixedClock::new();
    /// assert!(START.is_empty());
    /// ```
    #[inline]
    pub const fn new() -> Self {
        Self([C::ZERO; N])
    }

    /// A clock that has seen so many events of each. The same as `From`, for constants.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::FixedClock;
    ///
    /// const CLOCK: FixedClock<3> = FixedClock::from_array([1, 0, 2]);
    /// assert_eq!(CLOCK.to_array(), [1, 0, 2]);
    /// ```
    #[inline]
    pub const fn from_array(counters: [C; N]) -> Self {
        Self(counters)
    }

    /// The counters, by index.
    #[inline]
    pub const fn to_array(self) -> [C; N] {
        self.0
    }

    /// The counters, by index.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{FixedClock, LenDiffers};
    ///
    /// let clock = FixedClock::from([1_u8, 0, 2]);
    /// assert_eq!(clock.as_slice().iter().max(), Some(&2));
    /// assert_eq!(FixedClock::try_from(clock.as_slice()), Ok(clock));
    ///
    /// let refused = FixedClock::<4, u8>::try_from(clock.as_slice());
    /// assert_eq!(refused, Err(LenDiffers { found: 3, expected: 4 }));
    /// ```
    #[inline]
    pub const fn as_slice(&self) -> &[C] {
        &self.0
    }

    /// How many events of the node at `index` are seen.
    ///
    /// # Panics
    /// If `index` is not below `N`.
    #[inline]
    pub const fn get(&self, index: usize) -> C {
        self.0[index]
    }

    /// Whether it has seen nothing.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0 == [C::ZERO; N]
    }

    /// Whether this dot is seen. None is of an index that isn't there.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Dot, FixedClock};
    ///
    /// let clock = FixedClock::from([2_u8, 0]);
    /// assert!(clock.contains(&Dot::new(0, 2).unwrap()));
    /// assert!(!clock.contains(&Dot::new(1, 1).unwrap()));
    /// assert!(!clock.contains(&Dot::new(7, 1).unwrap()));
    /// ```
    #[inline]
    pub fn contains(&self, dot: &Dot<usize>) -> bool {
        self.0.get(dot.actor).is_some_and(|counter| counter.to_u64() >= dot.counter.get())
    }

    /// How many dots it has seen: the sum of its counters. If `a < b`, the weight of `a` is less, so that a sort by weight
    /// alone never contradicts causality. O(n).
    #[inline]
    pub fn weight(&self) -> u128 {
        self.0.iter().map(|counter| u128::from(counter.to_u64())).sum()
    }

    /// An event of the node at `index`: something it did, a message it sends, or an update, whichever this clock counts. The
    /// clock afterwards is the event's timestamp. O(1).
    ///
    /// # Errors
    /// [`Exhausted`] after `C::MAX` events. The clock is unchanged.
    ///
    /// # Panics
    /// If `index` is not below `N`.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Dot, Exhausted, FixedClock};
    ///
    /// let mut clock = FixedClock::from([0, 254_u8]);
    /// assert_eq!(clock.tick(1).ok(), Dot::new(1, 255));
    /// assert_eq!(clock.tick(1), Err(Exhausted { limit: 255 }));
    /// assert_eq!(clock, [0, 255].into());
    /// ```
    #[inline]
    pub fn tick(&mut self, index: usize) -> Result<Dot<usize>, Exhausted> {
        let counter = self.0[index].next().ok_or(Exhausted { limit: C::MAX.to_u64() })?;
        self.0[index] = counter;
        Ok(Dot::new(index, counter.to_u64()).expect("one more than a counter is not zero"))
    }

    /// The event of receiving a message that carries the clock `message`, at the node at `own`: takes it over, then ticks.
    ///
    /// # Errors
    /// [`Amnesia`] if the message claims to have seen events of `own` that this clock doesn't know of, [`Exhausted`] after
    /// `C::MAX` events. The clock is unchanged.
    ///
    /// # Panics
    /// If `own` is not below `N`.
    ///
    /// # Cost
    /// O(n), without branches.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Amnesia, FixedClock};
    ///
    /// let mut clock = FixedClock::<3>::from([0, 2, 0]);
    /// clock.receive(1, &[4, 2, 0].into())?;
    /// assert_eq!(clock, [4, 3, 0].into());
    ///
    /// let forged = FixedClock::from([5, 7, 0]);
    /// assert_eq!(clock.receive(1, &forged), Err(Amnesia { known: 3, claimed: 7 }.into()));
    /// assert_eq!(clock, [4, 3, 0].into()); // unchanged
    /// # Ok::<(), spacelike_vclock::ReceiveError>(())
    /// ```
    #[inline]
    pub fn receive(&mut self, own: usize, message: &Self) -> Result<Dot<usize>, ReceiveError> {
        self.check_own(own, message)?;
        let dot = self.tick(own)?;
        self.merge(message);
        Ok(dot)
    }

    /// [`merge`](Self::merge) into the clock that the node at `own` keeps: refuses what claims to have seen more of `own`
    /// than there is. Says whether it changed anything.
    ///
    /// # Errors
    /// [`Amnesia`]. The clock is unchanged.
    ///
    /// # Panics
    /// If `own` is not below `N`.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Amnesia, FixedClock};
    ///
    /// let mut clock = FixedClock::<3>::from([0, 2, 0]);
    /// assert_eq!(clock.observe(1, &[4, 1, 0].into()), Ok(true));
    /// assert_eq!(clock.observe(1, &[4, 3, 0].into()), Err(Amnesia { known: 2, claimed: 3 }));
    /// assert_eq!(clock, [4, 2, 0].into());
    /// ```
    #[inline]
    pub fn observe(&mut self, own: usize, other: &Self) -> Result<bool, Amnesia> {
        self.check_own(own, other)?;
        Ok(self.merge(other))
    }

    #[inline]
    fn check_own(&self, own: usize, other: &Self) -> Result<(), Amnesia> {
        let (known, claimed) = (self.0[own].to_u64(), other.0[own].to_u64());
        if claimed > known { Err(Amnesia { known, claimed }) } else { Ok(()) }
    }

    /// Takes over what `other` has seen: each counter becomes the greater. Says whether that changed anything, so that
    /// gossip can stop. Idempotent, commutative, associative: the least upper bound.
    ///
    /// For a clock that a node keeps as its own, [`observe`](Self::observe) also checks what `other` says of that node.
    ///
    /// # Cost
    /// O(n), without branches.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::FixedClock;
    ///
    /// let mut clock = FixedClock::<3>::from([2, 1, 0]);
    /// assert!(clock.merge(&[1, 1, 3].into()));
    /// assert!(!clock.merge(&[1, 1, 3].into())); // nothing new
    /// assert_eq!(clock, [2, 1, 3].into());
    /// ```
    #[inline]
    pub fn merge(&mut self, other: &Self) -> bool {
        let mut raised = false;
        for (left, right) in self.0.iter_mut().zip(&other.0) {
            let less = *left < *right;
            raised |= less;
            *left = if less { *right } else { *left };
        }
        raised
    }

    /// What both have seen: each counter becomes the lesser. O(n), without branches.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::FixedClock;
    ///
    /// let mut both = FixedClock::<3>::from([2, 1, 0]);
    /// both.meet(&[1, 1, 3].into());
    /// assert_eq!(both, [1, 1, 0].into());
    /// ```
    #[inline]
    pub fn meet(&mut self, other: &Self) {
        for (left, right) in self.0.iter_mut().zip(&other.0) {
            *left = (*left).min(*right);
        }
    }

    /// How this clock stands to `other`.
    ///
    /// # Cost
    /// O(n). Ends as soon as they are known to be concurrent, asked once in 256 bytes of counters: within these nothing
    /// branches on them.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Causality, FixedClock};
    ///
    /// let (a, b) = (FixedClock::<2>::from([2, 0]), FixedClock::from([1, 1]));
    /// assert_eq!(a.compare(&b), Causality::Concurrent);
    /// assert_eq!(b.compare(&b), Causality::Equal); // and so not concurrent
    /// ```
    #[inline]
    pub fn compare(&self, other: &Self) -> Causality {
        let mut seen = Causality::Equal;
        for (left, right) in self.blocks(other) {
            let (mut less, mut greater) = (false, false);
            for (l, r) in left.iter().zip(right) {
                less |= l < r;
                greater |= l > r;
            }
            seen = seen.and(Causality::from_bits(u8::from(less) | u8::from(greater) << 1));
            if seen.is_concurrent() {
                break;
            }
        }
        seen
    }

    /// Whether `other` has seen all that this clock has. Ends where it hasn't, as [`compare`](Self::compare) does.
    #[inline]
    pub fn is_le(&self, other: &Self) -> bool {
        !self.blocks(other).any(some_greater)
    }

    /// Whether `other` has seen all that this clock has, and more: this one *happened before*.
    #[inline]
    pub fn is_lt(&self, other: &Self) -> bool {
        self.0 != other.0 && self.is_le(other)
    }

    /// Whether this clock has seen all that `other` has: `other` is before it or equal.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::FixedClock;
    ///
    /// let (new, old) = (FixedClock::<2>::from([2, 1]), FixedClock::from([1, 1]));
    /// assert!(new.dominates(&old) && new.dominates(&new) && !old.dominates(&new));
    /// assert!(old.is_lt(&new) && old.is_le(&old) && !old.is_lt(&old));
    /// ```
    #[inline]
    pub fn dominates(&self, other: &Self) -> bool {
        other.is_le(self)
    }

    /// Whether each has seen something that the other hasn't. Equal clocks are not concurrent.
    #[inline]
    pub fn is_concurrent(&self, other: &Self) -> bool {
        self.compare(other).is_concurrent()
    }

    /// A total order that never contradicts causality, to sort logs by: first by [`weight`](Self::weight), then by
    /// counters. All nodes agree on it. O(n).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::FixedClock;
    ///
    /// let mut log = [[2, 1], [0, 2], [1, 0]].map(FixedClock::<2>::from);
    /// log.sort_by(FixedClock::total_cmp);
    /// assert_eq!(log, [[1, 0], [0, 2], [2, 1]].map(FixedClock::from));
    /// ```
    pub fn total_cmp(&self, other: &Self) -> Ordering {
        self.weight().cmp(&other.weight()).then_with(|| self.0.cmp(&other.0))
    }

    /// Both sides in blocks of [`BLOCK`] bytes.
    #[inline]
    fn blocks<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a [C], &'a [C])> {
        let len = BLOCK / size_of::<C>();
        self.0.chunks(len).zip(other.0.chunks(len))
    }
}

/// Whether some counter is greater on the left. No branches: narrow counters are compared many at a time.
#[inline]
fn some_greater<C: Counter>((left, right): (&[C], &[C])) -> bool {
    let mut greater = false;
    for (l, r) in left.iter().zip(right) {
        greater |= l > r;
    }
    greater
}

impl<const N: usize, C: Counter> Default for FixedClock<N, C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, C: Counter> From<[C; N]> for FixedClock<N, C> {
    fn from(counters: [C; N]) -> Self {
        Self(counters)
    }
}

impl<const N: usize, C: Counter> From<FixedClock<N, C>> for [C; N] {
    fn from(clock: FixedClock<N, C>) -> Self {
        clock.0
    }
}

/// Of exactly `N` counters.
impl<const N: usize, C: Counter> TryFrom<&[C]> for FixedClock<N, C> {
    type Error = LenDiffers;

    fn try_from(counters: &[C]) -> Result<Self, LenDiffers> {
        counters.try_into().map(Self).map_err(|_| LenDiffers { found: counters.len(), expected: N })
    }
}

impl<const N: usize, C: Counter> PartialOrd for FixedClock<N, C> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.compare(other).to_ordering()
    }

    fn lt(&self, other: &Self) -> bool {
        self.is_lt(other)
    }

    fn le(&self, other: &Self) -> bool {
        self.is_le(other)
    }

    fn gt(&self, other: &Self) -> bool {
        other.is_lt(self)
    }

    fn ge(&self, other: &Self) -> bool {
        other.is_le(self)
    }
}

impl<const N: usize, C: fmt::Debug> fmt::Debug for FixedClock<N, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FixedClock ")?;
        self.0.fmt(f)
    }
}

/// As `[1, 0, 2]`.
impl<const N: usize, C: fmt::Display> fmt::Display for FixedClock<N, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (index, counter) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{counter}")?;
        }
        f.write_str("]")
    }
}

/// Reads what `Display` writes, and nothing else.
impl<const N: usize, C: Counter> FromStr for FixedClock<N, C> {
    type Err = ParseFixedClockError;

    fn from_str(text: &str) -> Result<Self, ParseFixedClockError> {
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let inner = inner.ok_or(ParseFixedClockError::Form)?;
        // Splitting nothing gives one empty text.
        let found = if inner.is_empty() { 0 } else { inner.split(", ").count() };
        if found != N {
            return Err(LenDiffers { found, expected: N }.into());
        }
        let mut clock = Self::new();
        for (index, (counter, text)) in clock.0.iter_mut().zip(inner.split(", ")).enumerate() {
            *counter = parse_counter(text).ok_or(ParseFixedClockError::Counter { index })?;
        }
        Ok(clock)
    }
}

fn parse_counter<C: Counter>(text: &str) -> Option<C> {
    let canonical = text == "0" || text.starts_with(|first: char| ('1'..='9').contains(&first));
    if canonical { C::from_u64(text.parse().ok()?) } else { None }
}

/// A sequence of `N` counters.
#[cfg(feature = "serde")]
impl<const N: usize, C: serde::Serialize> serde::Serialize for FixedClock<N, C> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

/// Of exactly `N` counters. Needs no more memory than the clock.
#[cfg(feature = "serde")]
impl<'de, const N: usize, C: Counter + serde::Deserialize<'de>> serde::Deserialize<'de> for FixedClock<N, C> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counters<const N: usize, C>(core::marker::PhantomData<C>);

        impl<'de, const N: usize, C: Counter + serde::Deserialize<'de>> serde::de::Visitor<'de> for Counters<N, C> {
            type Value = FixedClock<N, C>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{N} counters of at most {}", C::MAX)
            }

            fn visit_seq<S: serde::de::SeqAccess<'de>>(
                self,
                mut counters: S,
            ) -> Result<Self::Value, S::Error> {
                let mut clock = FixedClock::new();
                for (index, counter) in clock.0.iter_mut().enumerate() {
                    *counter = counters
                        .next_element()?
                        .ok_or_else(|| serde::de::Error::invalid_length(index, &self))?;
                }
                match counters.next_element::<C>()? {
                    None => Ok(clock),
                    Some(_) => Err(serde::de::Error::invalid_length(N + 1, &self)),
                }
            }
        }

        deserializer.deserialize_seq(Counters(core::marker::PhantomData))
    }
}

/// Bytes of counters that are looked at before anything is decided: few enough to end early, and enough that vector
/// instructions pay, which the compiler doesn't see in half as many.
const BLOCK: usize = 256;
