use core::fmt;
use core::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};

use crate::{DerivedKey, Secret};

/// What stands for a [`Key`](crate::Key): 128 bits that nobody can choose who doesn't know the secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash(pub(crate) u128);

impl KeyHash {
    /// The key of a downstream call: the same for all attempts at the request, with the same secret.
    pub fn derive(self, secret: &Secret, label: &str) -> DerivedKey {
        DerivedKey(sip(secret, b"derived key", &[&self.0.to_le_bytes(), label.as_bytes()]))
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyHash({self})")
    }
}

/// A hash of parts, each with its length, that is another for each purpose.
pub(crate) fn sip(secret: &Secret, purpose: &[u8], parts: &[&[u8]]) -> u128 {
    let mut hasher = SipHasher24::new_with_key(&secret.0);
    for part in core::iter::once(&purpose).chain(parts) {
        hasher.write(&(part.len() as u64).to_le_bytes());
        hasher.write(part);
    }
    hasher.finish128().as_u128()
}
