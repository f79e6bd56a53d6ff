use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::iter::FusedIterator;
use core::marker::PhantomData;

use crate::Causality;
#[cfg(feature = "alloc")]
use crate::Clock;
use crate::codec::reader::Reader;
use crate::codec::writer::Writer;
use crate::codec::{DecodeCause, DecodeError, Header, Limits, Mode, WireActor, sparse};

/// An encoded clock, checked once and then used as it is: compared, looked up and merged without being decoded. For read
/// repair and compaction, where most clocks are equal or covered by another, and few are wanted as values.
///
/// Its bytes are those of [`Encode`](crate::codec::Encode). Whether they are a vector clock's or a version vector's they
/// don't say.
///
/// # Examples
/// ```
/// # #[cfg(feature = "alloc")] {
/// use spacelike_vclock::codec::{Encode, Limits};
/// use spacelike_vclock::{Causality, ClockView, VersionVector};
///
/// let left = VersionVector::from([(1_u32, 2), (5, 1)]).to_bytes();
/// let right = VersionVector::from([(1_u32, 1), (9, 3)]).to_bytes();
/// let left = ClockView::<u32>::parse(&left, Limits::NONE)?;
/// let right = ClockView::parse(&right, Limits::NONE)?;
///
/// assert_eq!(left.compare(&right), Causality::Concurrent);
/// assert_eq!(left.get(5), 1);
/// let merged = left.merge(&right);
/// assert_eq!(merged, VersionVector::from([(1_u32, 2), (5, 1), (9, 3)]).to_bytes());
/// # }
/// # Ok::<(), spacelike_vclock::codec::DecodeError>(())
/// ```
pub struct ClockView<'a, A> {
    bytes: &'a [u8],
    /// Where the first entry begins.
    begin: usize,
    len: usize,
    actor: PhantomData<fn() -> A>,
}

/// The entries of a [`ClockView`].
pub struct ClockViewIter<'a, A: WireActor> {
    reader: Reader<'a>,
    left: usize,
    after: Option<A::Wire<'a>>,
}

impl<'a, A: WireActor> ClockView<'a, A> {
    /// Checks that `bytes`, all of them, are an encoded clock. O(n), no allocation.
    ///
    /// # Errors
    /// What is wrong with them, and where: exactly what [`Decode::from_bytes`](crate::codec::Decode::from_bytes) would refuse.
    pub fn parse(bytes: &'a [u8], limits: Limits) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        Header::exact(Mode::Sparse).expect(&mut reader)?;
        let len = sparse::take_count::<A::Wire<'a>>(&mut reader, limits)?;
        let begin = reader.at();
        let mut after = None;
        for _ in 0..len {
            let entry = reader;
            let (id, _) = sparse::take_entry::<A::Wire<'a>>(&mut reader, after, limits)?;
            if !A::is_wire(id) {
                return Err(entry.error(DecodeCause::IdRange));
            }
            after = Some(id);
        }
        reader.end()?;
        Ok(Self { bytes, begin, len, actor: PhantomData })
    }

    /// The entries, ascending by actor, none zero. Each is decoded as it is asked for.
    pub fn iter(&self) -> ClockViewIter<'a, A> {
        ClockViewIter { reader: Reader::new(&self.bytes[self.begin..]), left: self.len, after: None }
    }

    /// The counter of `actor`, zero if it isn't named. O(n), up to where it is.
    pub fn get<'s>(&'s self, actor: A::Wire<'s>) -> u64 {
        let this: ClockView<'s, A> = *self;
        let found = this.iter().find(|(id, _)| *id >= actor);
        found.filter(|(id, _)| *id == actor).map_or(0, |(_, counter)| counter)
    }

    /// How this clock stands to `other`. O(n); a comparison of bytes if they are equal; ends as soon as they are known to be
    /// concurrent. No allocation.
    pub fn compare(&self, other: &Self) -> Causality {
        if self.bytes == other.bytes {
            return Causality::Equal;
        }
        compare(by_len(self.len, other.len), self.iter(), other.iter())
    }

    /// How this clock stands to a decoded one. O(n); ends as soon as they are known to be concurrent. No allocation.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::codec::{Encode, Limits};
    /// use spacelike_vclock::{Causality, ClockView, VersionVector};
    ///
    /// let stored = VersionVector::from([(1_u32, 2)]).to_bytes();
    /// let ours = VersionVector::from([(1_u32, 2), (5, 1)]);
    /// let view = ClockView::<u32>::parse(&stored, Limits::NONE)?;
    /// assert_eq!(view.compare_clock(&ours), Causality::Before);
    /// # Ok::<(), spacelike_vclock::codec::DecodeError>(())
    /// ```
    #[cfg(feature = "alloc")]
    pub fn compare_clock<'s, K>(&'s self, other: &'s Clock<A, K>) -> Causality {
        let this: ClockView<'s, A> = *self;
        compare(by_len(self.len, other.len()), this.iter(), sparse::wires(other.as_slice()))
    }

    /// Hands the encoding of what both have seen to `sink`, in one or more pieces: each counter is the greater. If one
    /// of them covers the other, these are its bytes. O(n), two passes, no allocation.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::ClockView;
    /// use spacelike_vclock::codec::Limits;
    ///
    /// let left = ClockView::<u8>::parse(&[0x10, 1, 7, 4], Limits::NONE)?;
    /// let right = ClockView::<u8>::parse(&[0x10, 2, 7, 2, 0, 0], Limits::NONE)?;
    /// let (mut buffer, mut len) = ([0; 16], 0);
    /// left.merge_into(&right, |bytes| {
    ///     buffer[len..][..bytes.len()].copy_from_slice(bytes);
    ///     len += bytes.len();
    /// });
    /// assert_eq!(buffer[..len], [0x10, 2, 7, 4, 0, 0]);
    /// # Ok::<(), spacelike_vclock::codec::DecodeError>(())
    /// ```
    pub fn merge_into(&self, other: &Self, mut sink: impl FnMut(&[u8])) {
        if self.bytes == other.bytes {
            return sink(self.bytes);
        }
        let (mut relation, mut count) = (Causality::Equal, 0);
        for (_, left, right) in pairs(self.iter(), other.iter()) {
            relation = relation.and(Causality::of(&left, &right));
            count += 1;
        }
        match relation {
            Causality::Equal | Causality::After => sink(self.bytes),
            Causality::Before => sink(other.bytes),
            Causality::Concurrent => {
                let mut out = Writer::new(sink);
                out.byte(Header::exact(Mode::Sparse).to_byte());
                let entries = pairs(self.iter(), other.iter()).map(|(id, left, right)| (id, left.max(right)));
                sparse::put(count, entries, &mut out);
                out.finish();
            }
        }
    }

    /// Like [`merge_into`](Self::merge_into), into a vector. Allocates once, for no more bytes than both have.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn merge(&self, other: &Self) -> alloc::vec::Vec<u8> {
        let mut merged = alloc::vec::Vec::with_capacity(self.bytes.len() + other.bytes.len());
        self.merge_into(other, |bytes| merged.extend_from_slice(bytes));
        merged
    }

    /// As a clock of its own. O(n).
    #[cfg(feature = "alloc")]
    pub fn to_clock<K>(&self) -> Clock<A, K> {
        // All of them were checked to be actors.
        Clock::from_sorted(
            self.iter().filter_map(|(id, counter)| Some((A::from_wire(id)?, counter))).collect(),
        )
    }
}

impl<'a, A> ClockView<'a, A> {
    /// Its encoding: what was parsed.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many actors it names.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it has seen nothing.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<'a, A: WireActor> IntoIterator for &ClockView<'a, A> {
    type Item = (A::Wire<'a>, u64);
    type IntoIter = ClockViewIter<'a, A>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, A: WireActor> Iterator for ClockViewIter<'a, A> {
    type Item = (A::Wire<'a>, u64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        // It was checked, so there is no error to be had.
        let (id, counter) = sparse::take_entry(&mut self.reader, self.after, Limits::NONE).ok()?;
        self.after = Some(id);
        Some((id, counter.get()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<A: WireActor> ExactSizeIterator for ClockViewIter<'_, A> {}

impl<A: WireActor> FusedIterator for ClockViewIter<'_, A> {}

/// What the numbers of entries tell: there are no zeros, so whoever has more has one that the other lacks.
fn by_len(left: usize, right: usize) -> Causality {
    left.cmp(&right).into()
}

fn compare<T: Ord>(
    known: Causality,
    left: impl Iterator<Item = (T, u64)>,
    right: impl Iterator<Item = (T, u64)>,
) -> Causality {
    let mut relation = known;
    for (_, left, right) in pairs(left, right) {
        relation = relation.and(Causality::of(&left, &right));
        if relation.is_concurrent() {
            break;
        }
    }
    relation
}

/// All ids of both, ascending, with both their counters.
fn pairs<T: Ord>(
    mut left: impl Iterator<Item = (T, u64)>,
    mut right: impl Iterator<Item = (T, u64)>,
) -> impl Iterator<Item = (T, u64, u64)> {
    let (mut next_left, mut next_right) = (left.next(), right.next());
    core::iter::from_fn(move || {
        let order = match (&next_left, &next_right) {
            (Some(l), Some(r)) => l.0.cmp(&r.0),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        let l = if order.is_le() { core::mem::replace(&mut next_left, left.next()) } else { None };
        let r = if order.is_ge() { core::mem::replace(&mut next_right, right.next()) } else { None };
        match (l, r) {
            (Some((id, l)), r) => Some((id, l, r.map_or(0, |r| r.1))),
            (None, Some((id, r))) => Some((id, 0, r)),
            (None, None) => None,
        }
    })
}

// Not derived: a derive would ask of the actors what only the bytes need. They are canonical, so equal bytes are equal clocks.

impl<A> Clone for ClockView<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for ClockView<'_, A> {}

impl<A> PartialEq for ClockView<'_, A> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<A> Eq for ClockView<'_, A> {}

impl<A> Hash for ClockView<'_, A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl<A: WireActor> fmt::Debug for ClockView<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClockView ")?;
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<A: WireActor> Clone for ClockViewIter<'_, A> {
    fn clone(&self) -> Self {
        Self { reader: self.reader, left: self.left, after: self.after }
    }
}

impl<A: WireActor> fmt::Debug for ClockViewIter<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}
