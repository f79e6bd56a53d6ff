//! Numbers in groups of seven bits, lowest first, where the high bit of a byte says that another follows (LEB128); and only
//! in the shortest form, so that each number has one. Eight groups at a time, without a branch for each byte.

use super::DecodeCause;

/// The most bytes that a `u64` takes.
pub(super) const LEN_MAX: usize = 10;

/// The most bytes that a `u128` takes.
pub(super) const LEN_MAX_128: usize = 19;

#[inline]
pub(super) const fn len(value: u64) -> usize {
    // The number of bits over seven, rounded up, and at least one; for up to 64 that is this, without a division.
    ((64 - (value | 1).leading_zeros()) as usize * 9 + 64) / 64
}

#[inline]
pub(super) const fn len_128(value: u128) -> usize {
    (128 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Writes `value` at the front of `out`, and returns its length. What it leaves behind that is anything.
#[inline]
pub(super) fn put(value: u64, out: &mut [u8; LEN_MAX]) -> usize {
    let [low, ..] = value.to_le_bytes();
    if value < 0x80 {
        out[0] = low;
        return 1;
    }
    let len = len(value);
    out[..8].copy_from_slice(&(spread(value) | CONTINUED).to_le_bytes());
    let [.., high] = value.to_le_bytes();
    // The high bits of these two are already right.
    (out[8], out[9]) = (high, high >> 7);
    if len <= 8 {
        out[len - 1] &= 0x7F;
    }
    len
}

/// The number at the front of `bytes`, and its length.
#[inline]
pub(super) fn take(bytes: &[u8]) -> Result<(u64, usize), DecodeCause> {
    match bytes {
        &[first, ..] if first < 0x80 => Ok((u64::from(first), 1)),
        _ => take_long(bytes),
    }
}

fn take_long(bytes: &[u8]) -> Result<(u64, usize), DecodeCause> {
    let (word, rest) = match bytes.split_first_chunk::<8>() {
        Some((chunk, rest)) => (u64::from_le_bytes(*chunk), Some(rest)),
        None => (padded(bytes), None),
    };
    let ends = !word & CONTINUED;
    if ends != 0 {
        let len = ends.trailing_zeros() / 8 + 1;
        let value = gather(word & (u64::MAX >> (64 - 8 * len)));
        // More than one byte, since the first is not the last.
        let minimal = value >> (7 * (len - 1)) != 0;
        return if minimal { Ok((value, len as usize)) } else { Err(DecodeCause::NotMinimal) };
    }
    let low = gather(word);
    match rest.unwrap_or(&[]) {
        [0, ..] => Err(DecodeCause::NotMinimal),
        &[high, ..] if high < 0x80 => Ok((low | u64::from(high) << 56, 9)),
        [_, 0, ..] => Err(DecodeCause::NotMinimal),
        &[high, 1, ..] => Ok((low | u64::from(high & 0x7F) << 56 | 1 << 63, LEN_MAX)),
        [_, _, ..] => Err(DecodeCause::VarintRange),
        _ => Err(DecodeCause::End),
    }
}

/// As [`put`].
pub(super) fn put_128(mut value: u128, out: &mut [u8; LEN_MAX_128]) -> usize {
    let len = len_128(value);
    for byte in &mut out[..len] {
        *byte = value.to_le_bytes()[0] | 0x80;
        value >>= 7;
    }
    out[len - 1] &= 0x7F;
    len
}

/// As [`take`].
pub(super) fn take_128(bytes: &[u8]) -> Result<(u128, usize), DecodeCause> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(LEN_MAX_128).enumerate() {
        value |= u128::from(byte & 0x7F) << (7 * index);
        if byte < 0x80 {
            return match byte {
                0 if index > 0 => Err(DecodeCause::NotMinimal),
                4.. if index + 1 == LEN_MAX_128 => Err(DecodeCause::VarintRange),
                _ => Ok((value, index + 1)),
            };
        }
    }
    Err(if bytes.len() < LEN_MAX_128 { DecodeCause::End } else { DecodeCause::VarintRange })
}

/// The bytes that there are, as if bytes that never end followed.
fn padded(few: &[u8]) -> u64 {
    let mut chunk = CONTINUED.to_le_bytes();
    chunk[..few.len()].copy_from_slice(few);
    u64::from_le_bytes(chunk)
}

/// The low 56 bits, seven to a byte.
#[inline]
const fn spread(value: u64) -> u64 {
    let quads = (value & 0x0FFF_FFFF) | (value & 0x00FF_FFFF_F000_0000) << 4;
    let pairs = (quads & 0x0000_3FFF_0000_3FFF) | (quads & 0x0FFF_C000_0FFF_C000) << 2;
    (pairs & 0x007F_007F_007F_007F) | (pairs & 0x3F80_3F80_3F80_3F80) << 1
}

/// The inverse of [`spread`], whatever the high bits of the bytes.
#[inline]
const fn gather(bytes: u64) -> u64 {
    let pairs = (bytes & 0x007F_007F_007F_007F) | (bytes & 0x7F00_7F00_7F00_7F00) >> 1;
    let quads = (pairs & 0x0000_3FFF_0000_3FFF) | (pairs & 0x3FFF_0000_3FFF_0000) >> 2;
    (quads & 0x0FFF_FFFF) | (quads & 0x0FFF_FFFF_0000_0000) >> 4
}

const CONTINUED: u64 = 0x8080_8080_8080_8080;
