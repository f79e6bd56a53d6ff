use core::fmt::Debug;

use crate::Actor;

use super::reader::Reader;
use super::writer::Writer;
use super::{DecodeCause, DecodeError, Limits, varint};

/// A form in which ids are written: an unsigned integer, a byte array, `&[u8]`, `&str`, or an [`Actor`] of these. Sealed.
pub trait WireId<'a>: Copy + Ord + Debug + sealed::WireId<'a> {}

pub(crate) mod sealed {
    use super::{DecodeError, Limits, Reader, Writer};

    /// How an id is written after a lesser one, or as the first.
    pub trait WireId<'a>: Copy + Ord {
        /// The least bytes that any takes.
        const LEN_MIN: usize;

        /// How many bytes [`put`](Self::put) writes.
        fn len(self, after: Option<Self>) -> usize;

        fn put<F: FnMut(&[u8])>(self, after: Option<Self>, out: &mut Writer<F>);

        fn take(reader: &mut Reader<'a>, after: Option<Self>, limits: Limits) -> Result<Self, DecodeError>;
    }
}

macro_rules! integers {
    ($($type:ty: $len:path, $put:ident, $take:ident;)*) => {
        $(
            impl WireId<'_> for $type {}

            /// The first as it is; every other as how many ids are between it and the one before, so that an order other
            /// than ascending can't be written.
            impl<'a> sealed::WireId<'a> for $type {
                const LEN_MIN: usize = 1;

                #[inline]
                fn len(self, after: Option<Self>) -> usize {
                    $len(after.map_or(self, |after| self - after - 1).into())
                }

                #[inline]
                fn put<F: FnMut(&[u8])>(self, after: Option<Self>, out: &mut Writer<F>) {
                    out.$put(after.map_or(self, |after| self - after - 1).into());
                }

                #[inline]
                fn take(
                    reader: &mut Reader<'a>,
                    after: Option<Self>,
                    _: Limits,
                ) -> Result<Self, DecodeError> {
                    let begin = *reader;
                    let gap = Self::try_from(reader.$take()?).ok();
                    let id = match after {
                        None => gap,
                        Some(after) => gap.and_then(|gap| after.checked_add(1)?.checked_add(gap)),
                    };
                    id.ok_or_else(|| begin.error(DecodeCause::IdRange))
                }
            }
        )*
    };
}

integers! {
    u8: varint::len, varint, varint;
    u16: varint::len, varint, varint;
    u32: varint::len, varint, varint;
    u64: varint::len, varint, varint;
    u128: varint::len_128, varint_128, varint_128;
}

impl<const N: usize> WireId<'_> for [u8; N] {}

/// As they are.
impl<'a, const N: usize> sealed::WireId<'a> for [u8; N] {
    const LEN_MIN: usize = N;

    #[inline]
    fn len(self, _: Option<Self>) -> usize {
        N
    }

    #[inline]
    fn put<F: FnMut(&[u8])>(self, _: Option<Self>, out: &mut Writer<F>) {
        out.bytes(&self);
    }

    #[inline]
    fn take(reader: &mut Reader<'a>, after: Option<Self>, _: Limits) -> Result<Self, DecodeError> {
        let begin = *reader;
        ascending(begin, after, *reader.array()?)
    }
}

impl<'a> WireId<'a> for &'a [u8] {}

/// Their length and they.
impl<'a> sealed::WireId<'a> for &'a [u8] {
    const LEN_MIN: usize = 1;

    #[inline]
    fn len(self, _: Option<Self>) -> usize {
        varint::len(self.len() as u64) + self.len()
    }

    #[inline]
    fn put<F: FnMut(&[u8])>(self, _: Option<Self>, out: &mut Writer<F>) {
        out.varint(self.len() as u64);
        out.bytes(self);
    }

    #[inline]
    fn take(reader: &mut Reader<'a>, after: Option<Self>, limits: Limits) -> Result<Self, DecodeError> {
        let begin = *reader;
        ascending(begin, after, take_bytes(reader, limits)?)
    }
}

impl<'a> WireId<'a> for &'a str {}

/// As their bytes.
impl<'a> sealed::WireId<'a> for &'a str {
    const LEN_MIN: usize = 1;

    #[inline]
    fn len(self, _: Option<Self>) -> usize {
        sealed::WireId::len(self.as_bytes(), None)
    }

    #[inline]
    fn put<F: FnMut(&[u8])>(self, _: Option<Self>, out: &mut Writer<F>) {
        self.as_bytes().put(None, out);
    }

    #[inline]
    fn take(reader: &mut Reader<'a>, after: Option<Self>, limits: Limits) -> Result<Self, DecodeError> {
        let begin = *reader;
        let id = core::str::from_utf8(take_bytes(reader, limits)?);
        ascending(begin, after, id.map_err(|_| begin.error(DecodeCause::IdUtf8))?)
    }
}

impl<'a, W: WireId<'a>> WireId<'a> for Actor<W> {}

/// A number, which is even if the id follows: twice the epoch. Odd if the id is that of the actor before: twice the number of
/// epochs that are between them, and one.
impl<'a, W: WireId<'a>> sealed::WireId<'a> for Actor<W> {
    const LEN_MIN: usize = 1;

    fn len(self, after: Option<Self>) -> usize {
        let (number, id) = self.number(after);
        varint::len(number) + id.map_or(0, |id| id.len(after.map(|after| after.id)))
    }

    fn put<F: FnMut(&[u8])>(self, after: Option<Self>, out: &mut Writer<F>) {
        let (number, id) = self.number(after);
        out.varint(number);
        if let Some(id) = id {
            id.put(after.map(|after| after.id), out);
        }
    }

    fn take(reader: &mut Reader<'a>, after: Option<Self>, limits: Limits) -> Result<Self, DecodeError> {
        let begin = *reader;
        let number = reader.varint()?;
        let half = u32::try_from(number / 2).ok();
        let actor = if number % 2 == 0 {
            let id = W::take(reader, after.map(|after| after.id), limits)?;
            half.map(|epoch| Self { id, epoch })
        } else {
            let after = after.ok_or_else(|| begin.error(DecodeCause::IdMissing))?;
            let epoch = half.and_then(|gap| after.epoch.checked_add(1)?.checked_add(gap));
            epoch.map(|epoch| Self { epoch, ..after })
        };
        actor.ok_or_else(|| begin.error(DecodeCause::IdRange))
    }
}

impl<'a, W: WireId<'a>> Actor<W> {
    /// The number, and the id if it follows.
    fn number(self, after: Option<Self>) -> (u64, Option<W>) {
        match after {
            Some(after) if after.id == self.id => (u64::from(self.epoch - after.epoch - 1) * 2 + 1, None),
            _ => (u64::from(self.epoch) * 2, Some(self.id)),
        }
    }
}

fn take_bytes<'a>(reader: &mut Reader<'a>, limits: Limits) -> Result<&'a [u8], DecodeError> {
    let begin = *reader;
    let len = reader.varint()?;
    match usize::try_from(len) {
        Ok(len) if len <= limits.id_len_max => reader.bytes(len),
        _ => Err(begin.error(DecodeCause::IdLenMax { len, id_len_max: limits.id_len_max })),
    }
}

#[inline]
fn ascending<T: Ord>(begin: Reader<'_>, after: Option<T>, id: T) -> Result<T, DecodeError> {
    match after {
        Some(after) if after >= id => Err(begin.error(DecodeCause::IdOrder)),
        _ => Ok(id),
    }
}
