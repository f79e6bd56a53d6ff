use core::fmt;

/// What a request asks for, in 128 bits: the same for each copy of it, and another for each other request.
///
/// Where a client could gain from two requests with one fingerprint, take a hash with a key that it doesn't know. Give
/// each part of a request its length, or two different splits of the same bytes are one.
///
/// # Examples
/// ```
/// use spacelike_idempotency::Fingerprint;
///
/// assert_eq!(Fingerprint(0xFEED).to_string(), "0000000000000000000000000000feed");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Fingerprint(pub u128);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
