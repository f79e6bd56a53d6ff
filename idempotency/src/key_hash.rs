use crate::hex::hexadecimal;
use crate::{DerivedKey, Secret};

/// What stands for a [`Key`](crate::Key) in memory: 128 bits, which nobody can choose who doesn't know the secret.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{Key, KeyHash, Scope, Secret};
///
/// let hash = Key::new(Scope::Global, "pay", b"order-17")?.hash(&Secret::new([7; 16]));
/// assert_eq!(hash.to_string().parse::<KeyHash>()?, hash);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash(pub(crate) u128);

impl KeyHash {
    /// The key for a call that the execution makes to somebody else: the same for all attempts at the request, also after a
    /// restart, if the secret is the same. `label` tells the calls of one request apart.
    ///
    /// `SipHash-2-4` of 128 bits of `derived:`, the hash and the label.
    pub fn derive(self, secret: &Secret, label: &str) -> DerivedKey {
        let mut hash = secret.hasher(*b"derived:");
        hash.write(&self.to_bytes());
        hash.write(label.as_bytes());
        DerivedKey(hash.finish())
    }

    /// Its bytes, in the order of its digits.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Of the bytes that [`to_bytes`](Self::to_bytes) gave.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

hexadecimal!(KeyHash);
