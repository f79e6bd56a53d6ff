#[cfg(feature = "alloc")]
use alloc::vec::Vec;

use super::BufferTooSmall;
use super::writer::Writer;

/// What has an encoding: clocks, dots, and clocks in the [other modes](super). Sealed.
///
/// # Examples
/// ```
/// # #[cfg(feature = "alloc")] {
/// use spacelike_vclock::VersionVector;
/// use spacelike_vclock::codec::Encode;
///
/// let vector = VersionVector::from([(1_u32, 3), (2, 1), (7, 200)]);
/// assert_eq!(vector.to_bytes(), [0x10, 3, 1, 2, 0, 0, 4, 199, 1]);
/// # }
/// ```
pub trait Encode: sealed::Encode {
    /// How many bytes its encoding takes. O(n).
    fn encoded_len(&self) -> usize {
        self.len_of_encoding()
    }

    /// Hands its encoding to `sink`, in one or more pieces: to a hasher, a buffer, a writer. No allocation. O(n).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::Dot;
    /// use spacelike_vclock::codec::Encode;
    ///
    /// let mut packet = vec![0xCA, 0xFE];
    /// Dot::new(7_u32, 3).unwrap().encode(|bytes| packet.extend_from_slice(bytes));
    /// assert_eq!(packet, [0xCA, 0xFE, 0x13, 7, 2]);
    /// ```
    fn encode(&self, sink: impl FnMut(&[u8])) {
        let mut out = Writer::new(sink);
        self.write(&mut out);
        out.finish();
    }

    /// Writes its encoding to the front of `buffer`, and returns its length. No allocation. O(n).
    ///
    /// # Errors
    /// [`BufferTooSmall`]. Nothing is written.
    fn encode_into_slice(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
        let (needed, len) = (self.len_of_encoding(), buffer.len());
        if needed > len {
            return Err(BufferTooSmall { needed, len });
        }
        let mut at = 0;
        self.encode(|bytes| {
            buffer[at..][..bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        });
        Ok(needed)
    }

    /// Its encoding. Allocates once, exactly. O(n).
    #[cfg(feature = "alloc")]
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len_of_encoding());
        self.encode(|piece| bytes.extend_from_slice(piece));
        bytes
    }
}

impl<T: sealed::Encode + ?Sized> Encode for T {}

pub(crate) mod sealed {
    use super::Writer;

    pub trait Encode {
        fn len_of_encoding(&self) -> usize;

        fn write<F: FnMut(&[u8])>(&self, out: &mut Writer<F>);
    }
}
