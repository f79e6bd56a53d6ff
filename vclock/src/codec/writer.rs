use super::varint;

/// Collects bytes, so that the sink gets them in few pieces.
#[derive(Debug)]
pub struct Writer<F> {
    buffer: [u8; LEN],
    len: usize,
    sink: F,
}

impl<F: FnMut(&[u8])> Writer<F> {
    pub(crate) const fn new(sink: F) -> Self {
        Self { buffer: [0; LEN], len: 0, sink }
    }

    #[inline]
    pub(crate) fn varint(&mut self, value: u64) {
        let len = varint::put(value, self.room());
        self.len += len;
    }

    #[inline]
    pub(crate) fn varint_128(&mut self, value: u128) {
        let len = varint::put_128(value, self.room());
        self.len += len;
    }

    #[inline]
    pub(crate) fn byte(&mut self, byte: u8) {
        let [first] = self.room();
        *first = byte;
        self.len += 1;
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        if self.len + bytes.len() > LEN {
            self.flush();
            if bytes.len() > LEN {
                return (self.sink)(bytes);
            }
        }
        self.buffer[self.len..][..bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    /// Hands over what is left.
    pub(crate) fn finish(mut self) {
        self.flush();
    }

    /// The next free bytes.
    #[inline]
    fn room<const N: usize>(&mut self) -> &mut [u8; N] {
        if self.len + N > LEN {
            self.flush();
        }
        // At most `LEN`, and known to be without looking at the length.
        self.buffer[self.len..].first_chunk_mut().expect("there is room after a flush")
    }

    #[cold]
    fn flush(&mut self) {
        (self.sink)(&self.buffer[..self.len]);
        self.len = 0;
    }
}

/// Enough that the sink is called seldom, and little enough to be cleared quickly.
const LEN: usize = 128;
