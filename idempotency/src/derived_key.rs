use core::fmt;

use crate::hex::hexadecimal;

/// The key for a call that the execution of a request makes to somebody else: the same for all attempts, so that he can tell
/// them for one.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{Key, Scope, Secret};
///
/// let secret = Secret::new([7; 16]);
/// let request = Key::new(Scope::Global, "pay", b"order-17")?.hash(&secret);
/// let charge = request.derive(&secret, "charge");
/// assert_eq!(charge, request.derive(&secret, "charge")); // by the next attempt
/// assert_ne!(charge, request.derive(&secret, "mail"));
/// assert_eq!(charge.to_string(), "d3498f6bb10b84153ad1019e890beb5f");
/// assert_eq!(charge.as_uuid().to_string(), "d3498f6b-b10b-8415-bad1-019e890beb5f");
/// # Ok::<(), spacelike_idempotency::KeyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DerivedKey(pub(crate) u128);

impl DerivedKey {
    /// It as a UUID of version 8 (RFC 9562, section 5.8), for those who take nothing else. 122 of its bits are left.
    pub fn as_uuid(self) -> impl fmt::Display {
        Uuid(self.0 & !(0xF << 76 | 0b11 << 62) | 0x8 << 76 | 0b10 << 62)
    }

    /// Its bytes, in the order of its digits.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

hexadecimal!(DerivedKey);

struct Uuid(u128);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = |from: u32, count: u32| self.0 >> from & ((1 << count) - 1);
        write!(f, "{:08x}-{:04x}-{:04x}-", bits(96, 32), bits(80, 16), bits(64, 16))?;
        write!(f, "{:04x}-{:012x}", bits(48, 16), bits(0, 48))
    }
}
