use core::fmt;

/// 128 random bits that clients don't know: so that nobody can make keys that collide, or guess a derived key.
///
/// # Examples
/// ```
/// use spacelike_idempotency::Secret;
///
/// assert_eq!(format!("{:?}", Secret::new([7; 16])), "Secret(..)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret(pub(crate) [u8; 16]);

impl Secret {
    /// Of these bytes, from a good source. Keep them over restarts, or derived keys change.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
