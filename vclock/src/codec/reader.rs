use super::{DecodeCause, DecodeError, varint};

/// Bytes that are being decoded.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// The length of all that there was.
    len: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, len: bytes.len() }
    }

    /// How many bytes have been read.
    #[inline]
    pub(crate) const fn at(&self) -> usize {
        self.len - self.rest.len()
    }

    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[cold]
    pub(crate) const fn error(&self, cause: DecodeCause) -> DecodeError {
        DecodeError { offset: self.at(), cause }
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, DecodeError> {
        match varint::take(self.rest) {
            Ok((value, len)) => {
                self.rest = &self.rest[len..];
                Ok(value)
            }
            Err(cause) => Err(self.error(cause)),
        }
    }

    #[inline]
    pub(crate) fn varint_128(&mut self) -> Result<u128, DecodeError> {
        match varint::take_128(self.rest) {
            Ok((value, len)) => {
                self.rest = &self.rest[len..];
                Ok(value)
            }
            Err(cause) => Err(self.error(cause)),
        }
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], DecodeError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or_else(|| self.error(DecodeCause::End))?;
        self.rest = rest;
        Ok(array)
    }

    #[inline]
    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or_else(|| self.error(DecodeCause::End))?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Refuses what is left over.
    #[inline]
    pub(crate) const fn end(&self) -> Result<(), DecodeError> {
        match self.rest {
            [] => Ok(()),
            rest => Err(self.error(DecodeCause::Trailing { len: rest.len() })),
        }
    }
}
