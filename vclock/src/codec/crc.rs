/// The CRC-32 of Ethernet and zlib, fed piece by piece. It tells apart for certain what has the same length and differs in at
/// most four bytes in a row: two bases that differ in one small counter, say. Anything else it mistakes once in 2^32.
#[derive(Clone, Copy)]
pub(super) struct Crc(u32);

impl Crc {
    pub(super) const fn new() -> Self {
        Self(u32::MAX)
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 ^= u32::from(*byte);
            self.nibble();
            self.nibble();
        }
    }

    pub(super) const fn finish(self) -> u32 {
        !self.0
    }

    fn nibble(&mut self) {
        self.0 = (self.0 >> 4) ^ TABLE[(self.0 & 0xF) as usize];
    }
}

/// The remainder of each four bits. Small, because microcontrollers carry it too.
const TABLE: [u32; 16] = {
    let mut table = [0; 16];
    let mut bits: u32 = 0;
    while bits < 16 {
        let mut remainder = bits;
        let mut bit = 0;
        while bit < 4 {
            remainder = (remainder >> 1) ^ ((remainder & 1) * POLYNOMIAL);
            bit += 1;
        }
        table[bits as usize] = remainder;
        bits += 1;
    }
    table
};

/// Bits reversed, as usual.
const POLYNOMIAL: u32 = 0xEDB8_8320;
