use core::fmt;

use crate::clock::{Entries, Kind};
use crate::{Clock, NotAbove};

use super::crc::Crc;
use super::reader::Reader;
use super::writer::Writer;
use super::{DecodeCause, DecodeError, Encode, Header, Limits, Mode, WireActor, encode, sparse};

/// A clock that both sides have, so that of clocks above it only the difference is sent: the last one that the receiver
/// acknowledged, or what is [stable](crate::Stability).
///
/// A difference from another base is refused, by a fingerprint of four bytes. It finds mistakes, not forgeries: two clocks
/// have the same one in 2^32 cases, and never if they differ in one counter that is below 2^28 in both, and equally long.
///
/// # Examples
/// ```
/// use spacelike_vclock::VersionVector;
/// use spacelike_vclock::codec::{Base, Encode, Limits};
///
/// let acknowledged: VersionVector<u32> = (0..100).map(|actor| (actor, 1_000)).collect();
/// let mut vector = acknowledged.clone();
/// vector.update(&7)?;
///
/// let base = Base::new(&acknowledged);
/// let bytes = base.above(&vector)?.to_bytes();
/// assert_eq!(bytes.len(), 1 + 4 + 1 + 2); // alone it would take 302 bytes
/// assert_eq!(base.decode(&bytes, Limits::NONE), Ok(vector));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Base<'a, A, K> {
    clock: &'a Clock<A, K>,
    fingerprint: u32,
}

/// A clock to be encoded as what it has above a [`Base`].
#[derive(Debug)]
pub struct AboveBase<'a, A> {
    base: &'a [(A, u64)],
    fingerprint: u32,
    entries: &'a [(A, u64)],
    /// How many entries are above.
    count: usize,
}

impl<'a, A: WireActor, K> Base<'a, A, K> {
    /// `clock` as a base. O(n): keep it for as long as the clock is one.
    pub fn new(clock: &'a Clock<A, K>) -> Self {
        let mut crc = Crc::new();
        clock.encode(|bytes| crc.update(bytes));
        Self { clock, fingerprint: crc.finish() }
    }

    /// The clock.
    pub const fn clock(&self) -> &'a Clock<A, K> {
        self.clock
    }

    /// What tells it from other bases in the encodings.
    pub const fn fingerprint(&self) -> u32 {
        self.fingerprint
    }

    /// `clock`, to be encoded as what it has above this base. O(n).
    ///
    /// # Errors
    /// [`NotAbove`] if the base has seen something that `clock` hasn't.
    pub fn above<'c>(&self, clock: &'c Clock<A, K>) -> Result<AboveBase<'c, A>, NotAbove>
    where
        'a: 'c,
    {
        if !self.clock.is_le(clock) {
            return Err(NotAbove);
        }
        let (base, entries) = (&*self.clock.entries, &*clock.entries);
        let count = differences(base, entries).count();
        Ok(AboveBase { base, fingerprint: self.fingerprint, entries, count })
    }
}

impl<A: WireActor + Clone, K> Base<'_, A, K> {
    /// The clock that was encoded as what it has [above](Self::above) this base. O(n), and one allocation of no more entries
    /// than the base has and `bytes` has room for.
    ///
    /// # Errors
    /// What is wrong with `bytes`, and where.
    pub fn decode(&self, bytes: &[u8], limits: Limits) -> Result<Clock<A, K>, DecodeError> {
        let mut reader = Reader::new(bytes);
        let clock = self.read(&mut reader, limits)?;
        reader.end()?;
        Ok(clock)
    }

    /// Like [`decode`](Self::decode), of what `bytes` begins with; and the rest.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn decode_prefix<'b>(
        &self,
        bytes: &'b [u8],
        limits: Limits,
    ) -> Result<(Clock<A, K>, &'b [u8]), DecodeError> {
        let mut reader = Reader::new(bytes);
        let clock = self.read(&mut reader, limits)?;
        Ok((clock, reader.rest()))
    }

    fn read(&self, reader: &mut Reader<'_>, limits: Limits) -> Result<Clock<A, K>, DecodeError> {
        Header::exact(Mode::Delta).expect(reader)?;
        let begin = *reader;
        let (expected, found) = (self.fingerprint, u32::from_be_bytes(*reader.array()?));
        if expected != found {
            return Err(begin.error(DecodeCause::BaseDiffers { expected, found }));
        }
        let begin = *reader;
        let count = sparse::take_count::<A::Wire<'_>>(reader, limits)?;
        let base = &*self.clock.entries;
        let total = match base.len() + count {
            most if most <= limits.entries_max => most,
            _ => union_len(base, count, *reader, limits)?,
        };
        if total > limits.entries_max {
            let (count, entries_max) = (total as u64, limits.entries_max);
            return Err(begin.error(DecodeCause::EntriesMax { count, entries_max }));
        }
        let mut entries = Entries::with_capacity(total);
        let mut base = base.iter().peekable();
        let mut after = None;
        for _ in 0..count {
            let entry = *reader;
            let (id, above) = sparse::take_entry(reader, after, limits)?;
            after = Some(id);
            let actor = sparse::actor::<A>(id, &entry)?;
            while let Some(entry) = base.next_if(|entry| entry.0 < actor) {
                entries.push(entry.clone());
            }
            let from = base.next_if(|entry| entry.0 == actor).map_or(0, |entry| entry.1);
            let counter = above.checked_add(from).ok_or_else(|| entry.error(DecodeCause::CounterRange))?;
            entries.push((actor, counter.get()));
        }
        entries.extend(base.cloned());
        Ok(Clock::from_sorted(entries))
    }
}

impl<A: WireActor> encode::sealed::Encode for AboveBase<'_, A> {
    fn len_of_encoding(&self) -> usize {
        1 + 4 + sparse::len(self.count, self.wires())
    }

    fn write<F: FnMut(&[u8])>(&self, out: &mut Writer<F>) {
        out.byte(Header::exact(Mode::Delta).to_byte());
        out.bytes(&self.fingerprint.to_be_bytes());
        sparse::put(self.count, self.wires(), out);
    }
}

impl<A: WireActor> AboveBase<'_, A> {
    fn wires(&self) -> impl Iterator<Item = (A::Wire<'_>, u64)> {
        differences(self.base, self.entries).map(|(actor, above)| (actor.to_wire(), above))
    }
}

/// How many entries there will be, found out before there are any.
fn union_len<'a, A: WireActor>(
    base: &'a [(A, u64)],
    count: usize,
    mut reader: Reader<'a>,
    limits: Limits,
) -> Result<usize, DecodeError> {
    let mut len = base.len();
    let mut base = base.iter().map(|entry| entry.0.to_wire()).peekable();
    let mut after = None;
    for _ in 0..count {
        let (id, _) = sparse::take_entry(&mut reader, after, limits)?;
        after = Some(id);
        while base.next_if(|known| *known < id).is_some() {}
        len += usize::from(base.next_if(|known| *known == id).is_none());
    }
    Ok(len)
}

/// By how much the counters are above those of the base, where they are. `base` is before `entries` or equal.
fn differences<'a, A: Eq>(
    base: &'a [(A, u64)],
    entries: &'a [(A, u64)],
) -> impl Iterator<Item = (&'a A, u64)> {
    // All its actors are among those of the entries, in the same order.
    let mut base = base.iter().peekable();
    entries.iter().filter_map(move |(actor, counter)| {
        let from = base.next_if(|entry| entry.0 == *actor).map_or(0, |entry| entry.1);
        (*counter > from).then_some((actor, counter - from))
    })
}

// Not derived: a derive would ask of the actors and the kind what references don't need.

impl<A, K> Clone for Base<'_, A, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A, K> Copy for Base<'_, A, K> {}

impl<A> Clone for AboveBase<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for AboveBase<'_, A> {}

impl<A: fmt::Debug, K: Kind> fmt::Debug for Base<'_, A, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Base").field("clock", self.clock).field("fingerprint", &self.fingerprint).finish()
    }
}
