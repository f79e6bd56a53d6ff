use crate::{Counter, FixedClock};

use super::reader::Reader;
use super::writer::Writer;
use super::{DecodeCause, DecodeError, Header, Limits, Mode, decode, encode};

impl<const N: usize, C: Counter> encode::sealed::Encode for FixedClock<N, C> {
    fn len_of_encoding(&self) -> usize {
        1 + N * size_of::<C>()
    }

    fn write<F: FnMut(&[u8])>(&self, out: &mut Writer<F>) {
        out.byte(header::<C>().to_byte());
        for counter in self.as_slice() {
            out.bytes(&counter.to_u64().to_be_bytes()[8 - size_of::<C>()..]);
        }
    }
}

/// The limits don't matter: it has as many counters as its type says.
impl<const N: usize, C: Counter> decode::sealed::Decode for FixedClock<N, C> {
    fn read(reader: &mut Reader<'_>, _: Limits) -> Result<Self, DecodeError> {
        header::<C>().expect(reader)?;
        let mut counters = [C::ZERO; N];
        for counter in &mut counters {
            let begin = *reader;
            let mut bytes = [0; 8];
            bytes[8 - size_of::<C>()..].copy_from_slice(reader.bytes(size_of::<C>())?);
            *counter = C::from_u64(u64::from_be_bytes(bytes))
                .ok_or_else(|| begin.error(DecodeCause::CounterRange))?;
        }
        Ok(Self::from_array(counters))
    }
}

/// A counter has 1, 2, 4 or 8 bytes.
const fn header<C: Counter>() -> Header {
    #[expect(clippy::cast_possible_truncation, reason = "it is 8 at most")]
    Header::exact(Mode::Fixed { width: size_of::<C>() as u8 })
}
