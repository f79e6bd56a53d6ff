use super::reader::Reader;
use super::{DecodeError, Limits};

/// What can be decoded without anything else at hand: clocks in their own mode, and dots. Sealed.
///
/// Decoding takes exactly what encoding gives: if it succeeds, encoding again gives the same bytes. It is for input from
/// anybody: it never panics, and memory is bounded as [`Limits`] says.
///
/// # Examples
/// ```
/// # #[cfg(feature = "alloc")] {
/// use spacelike_vclock::VersionVector;
/// use spacelike_vclock::codec::{Decode, Limits};
///
/// let vector = VersionVector::<u32>::from_bytes(&[0x10, 2, 1, 4, 0, 0], Limits::NONE)?;
/// assert_eq!(vector, [(1, 5), (2, 1)].into());
///
/// let error = VersionVector::<u32>::from_bytes(&[0x10, 2, 1, 4, 0], Limits::NONE).unwrap_err();
/// assert_eq!(error.to_string(), "at byte 1: 2 entries are claimed, but the rest of the input has room for 1 at most");
/// # }
/// # Ok::<(), spacelike_vclock::codec::DecodeError>(())
/// ```
pub trait Decode: sealed::Decode {
    /// Decodes `bytes`, all of them.
    ///
    /// # Errors
    /// What is wrong with them, and where. O(n).
    fn from_bytes(bytes: &[u8], limits: Limits) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let value = Self::read(&mut reader, limits)?;
        reader.end()?;
        Ok(value)
    }

    /// Decodes what `bytes` begins with, and returns the rest as well: for an encoding that others follow.
    ///
    /// # Errors
    /// What is wrong with it, and where. O(n).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::Dot;
    /// use spacelike_vclock::codec::{Decode, Limits};
    ///
    /// let packet = [0x13, 7, 2, 0xCA, 0xFE];
    /// let (dot, rest) = Dot::<u32>::from_prefix(&packet, Limits::NONE)?;
    /// assert_eq!((dot.to_string().as_str(), rest), ("7:3", &[0xCA, 0xFE][..]));
    /// # Ok::<(), spacelike_vclock::codec::DecodeError>(())
    /// ```
    fn from_prefix(bytes: &[u8], limits: Limits) -> Result<(Self, &[u8]), DecodeError> {
        let mut reader = Reader::new(bytes);
        let value = Self::read(&mut reader, limits)?;
        Ok((value, reader.rest()))
    }
}

impl<T: sealed::Decode> Decode for T {}

pub(crate) mod sealed {
    use super::{DecodeError, Limits, Reader};

    pub trait Decode: Sized {
        fn read(reader: &mut Reader<'_>, limits: Limits) -> Result<Self, DecodeError>;
    }
}
