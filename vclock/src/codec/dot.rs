use crate::Dot;

use super::reader::Reader;
use super::writer::Writer;
use super::{DecodeError, Header, Limits, Mode, WireActor, decode, encode, sparse, varint};

impl<A: WireActor> encode::sealed::Encode for Dot<A> {
    fn len_of_encoding(&self) -> usize {
        1 + super::wire_id::sealed::WireId::len(self.actor.to_wire(), None)
            + varint::len(self.counter.get() - 1)
    }

    fn write<F: FnMut(&[u8])>(&self, out: &mut Writer<F>) {
        out.byte(Header::exact(Mode::Dot).to_byte());
        sparse::put_id(self.actor.to_wire(), &mut None, out);
        out.varint(self.counter.get() - 1);
    }
}

impl<A: WireActor> decode::sealed::Decode for Dot<A> {
    fn read(reader: &mut Reader<'_>, limits: Limits) -> Result<Self, DecodeError> {
        Header::exact(Mode::Dot).expect(reader)?;
        let begin = *reader;
        let (id, counter) = sparse::take_entry(reader, None, limits)?;
        Ok(Self { actor: sparse::actor(id, &begin)?, counter })
    }
}
