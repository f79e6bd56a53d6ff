//! Entries with their actors: how many there are, then for each the id and its counter less one, since none is zero.

use core::num::NonZeroU64;

use crate::Counter;
#[cfg(feature = "alloc")]
use crate::{Clock, PrunedVector, clock::Entries};

use super::reader::Reader;
use super::writer::Writer;
use super::{DecodeCause, DecodeError, Limits, WireActor, WireId, varint};
#[cfg(feature = "alloc")]
use super::{Header, Mode, decode, encode};

#[cfg(feature = "alloc")]
impl<A: WireActor, K> encode::sealed::Encode for Clock<A, K> {
    fn len_of_encoding(&self) -> usize {
        1 + len(self.len(), wires(&self.entries))
    }

    fn write<F: FnMut(&[u8])>(&self, out: &mut Writer<F>) {
        out.byte(Header::exact(Mode::Sparse).to_byte());
        put(self.len(), wires(&self.entries), out);
    }
}

#[cfg(feature = "alloc")]
impl<A: WireActor, K> decode::sealed::Decode for Clock<A, K> {
    fn read(reader: &mut Reader<'_>, limits: Limits) -> Result<Self, DecodeError> {
        Header::exact(Mode::Sparse).expect(reader)?;
        take(reader, limits).map(Self::from_sorted)
    }
}

#[cfg(feature = "alloc")]
impl<A: WireActor> encode::sealed::Encode for PrunedVector<A> {
    fn len_of_encoding(&self) -> usize {
        self.kept().len_of_encoding()
    }

    fn write<F: FnMut(&[u8])>(&self, out: &mut Writer<F>) {
        out.byte(Header::PRUNED.to_byte());
        put(self.kept().len(), wires(self.kept().as_slice()), out);
    }
}

#[cfg(feature = "alloc")]
impl<A: WireActor> decode::sealed::Decode for PrunedVector<A> {
    fn read(reader: &mut Reader<'_>, limits: Limits) -> Result<Self, DecodeError> {
        Header::PRUNED.expect(reader)?;
        take(reader, limits).map(|kept| Self::from_kept(Clock::from_sorted(kept)))
    }
}

/// Entries as they are written.
pub(crate) fn wires<A: WireActor, C: Counter>(
    entries: &[(A, C)],
) -> impl Iterator<Item = (A::Wire<'_>, u64)> {
    entries.iter().map(|(actor, counter)| (actor.to_wire(), counter.to_u64()))
}

pub(super) fn len<'a, W: WireId<'a>>(count: usize, entries: impl Iterator<Item = (W, u64)>) -> usize {
    let mut after = None;
    entries.fold(varint::len(count as u64), |sum, (id, counter)| {
        sum + id.len(follow(id, &mut after)) + varint::len(counter - 1)
    })
}

pub(crate) fn put<'a, W: WireId<'a>, F: FnMut(&[u8])>(
    count: usize,
    entries: impl Iterator<Item = (W, u64)>,
    out: &mut Writer<F>,
) {
    out.varint(count as u64);
    let mut after = None;
    for (id, counter) in entries {
        put_id(id, &mut after, out);
        out.varint(counter - 1);
    }
}

#[inline]
pub(super) fn put_id<'a, W: WireId<'a>, F: FnMut(&[u8])>(id: W, after: &mut Option<W>, out: &mut Writer<F>) {
    id.put(follow(id, after), out);
}

/// The id before.
#[inline]
fn follow<'a, W: WireId<'a>>(id: W, after: &mut Option<W>) -> Option<W> {
    let before = after.replace(id);
    assert!(before < Some(id), "a `WireActor` must have the order of its `Wire`");
    before
}

#[cfg(feature = "alloc")]
pub(super) fn take<A: WireActor>(reader: &mut Reader<'_>, limits: Limits) -> Result<Entries<A>, DecodeError> {
    let count = take_count::<A::Wire<'_>>(reader, limits)?;
    let mut entries = Entries::with_capacity(count);
    let mut after = None;
    for _ in 0..count {
        let begin = *reader;
        let (id, counter) = take_entry(reader, after, limits)?;
        entries.push((actor(id, &begin)?, counter.get()));
        after = Some(id);
    }
    Ok(entries)
}

/// The actor that is written so, in an entry that begins here.
pub(super) fn actor<A: WireActor>(id: A::Wire<'_>, begin: &Reader<'_>) -> Result<A, DecodeError> {
    A::from_wire(id).ok_or_else(|| begin.error(DecodeCause::IdRange))
}

/// How many entries follow: no more than there can be.
#[inline]
pub(crate) fn take_count<'a, W: WireId<'a>>(
    reader: &mut Reader<'a>,
    limits: Limits,
) -> Result<usize, DecodeError> {
    let begin = *reader;
    let count = reader.varint()?;
    let possible = reader.rest().len() / (W::LEN_MIN + 1);
    match usize::try_from(count) {
        Ok(count) if count <= limits.entries_max.min(possible) => Ok(count),
        _ if count <= limits.entries_max as u64 => Err(begin.error(DecodeCause::Count { count, possible })),
        _ => Err(begin.error(DecodeCause::EntriesMax { count, entries_max: limits.entries_max })),
    }
}

#[inline]
pub(crate) fn take_entry<'a, W: WireId<'a>>(
    reader: &mut Reader<'a>,
    after: Option<W>,
    limits: Limits,
) -> Result<(W, NonZeroU64), DecodeError> {
    let id = W::take(reader, after, limits)?;
    let begin = *reader;
    match NonZeroU64::MIN.checked_add(reader.varint()?) {
        Some(counter) => Ok((id, counter)),
        None => Err(begin.error(DecodeCause::CounterRange)),
    }
}
