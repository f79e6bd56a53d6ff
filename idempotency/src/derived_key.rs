use core::fmt;

/// The key of a downstream call, which is the same for all attempts at a request.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{Key, Scope, Secret};
///
/// let secret = Secret::new([7; 16]);
/// let hash = Key::new(Scope::Global, "pay", b"order-17")?.hash(&secret);
/// assert_eq!(hash.derive(&secret, "charge"), hash.derive(&secret, "charge"));
/// assert_ne!(hash.derive(&secret, "charge"), hash.derive(&secret, "mail"));
/// assert_eq!(hash.derive(&secret, "charge").to_string().len(), 32);
/// # Ok::<(), spacelike_idempotency::KeyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DerivedKey(pub(crate) u128);

impl fmt::Display for DerivedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for DerivedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DerivedKey({self})")
    }
}
