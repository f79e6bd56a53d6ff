use crate::{BoundedClock, Counter};

use super::reader::Reader;
use super::writer::Writer;
use super::{DecodeCause, DecodeError, Header, Limits, Mode, WireActor, decode, encode, sparse};

/// The same bytes as those of a [`VectorClock`](crate::VectorClock) or [`VersionVector`](crate::VersionVector) with these
/// entries.
impl<A: WireActor, const CAP: usize, C: Counter> encode::sealed::Encode for BoundedClock<A, CAP, C> {
    fn len_of_encoding(&self) -> usize {
        1 + sparse::len(self.len(), sparse::wires(self.as_slice()))
    }

    fn write<F: FnMut(&[u8])>(&self, out: &mut Writer<F>) {
        out.byte(Header::exact(Mode::Sparse).to_byte());
        sparse::put(self.len(), sparse::wires(self.as_slice()), out);
    }
}

/// More entries than it has room for are refused as more than the limits allow.
impl<A: WireActor + Copy, const CAP: usize, C: Counter> decode::sealed::Decode for BoundedClock<A, CAP, C> {
    fn read(reader: &mut Reader<'_>, limits: Limits) -> Result<Self, DecodeError> {
        Header::exact(Mode::Sparse).expect(reader)?;
        let begin = *reader;
        let limits = Limits { entries_max: limits.entries_max.min(CAP), ..limits };
        let count = sparse::take_count::<A::Wire<'_>>(reader, limits)?;
        let (mut after, mut refused) = (None, None);
        let entries = (0..count).map_while(|_| {
            let begin = *reader;
            let entry = sparse::take_entry(reader, after, limits).and_then(|(id, counter)| {
                after = Some(id);
                let counter = C::from_u64(counter.get());
                Ok((
                    sparse::actor(id, &begin)?,
                    counter.ok_or_else(|| begin.error(DecodeCause::CounterRange))?,
                ))
            });
            entry.map_err(|error| refused = Some(error)).ok()
        });
        // Ids on the wire ascend, and there are no more than `CAP`: only a `WireActor` of another order could be refused here.
        let clock = Self::try_from_sorted(entries).map_err(|_| begin.error(DecodeCause::IdOrder));
        refused.map_or(clock, Err)
    }
}
