use core::fmt;
use core::hash::Hasher;

use siphasher::sip128::{Hash128, Hasher128, SipHasher13, SipHasher24};

/// The key of all hashes: who doesn't know it can't make two requests that are taken for one, nor guess a
/// [`DerivedKey`](crate::DerivedKey).
///
/// What is hashed with one secret is unknown to another. So keep it for as long as what was hashed with it: over restarts,
/// and the same for all replicas, where records or derived keys have to be.
///
/// # Examples
/// ```
/// use spacelike_idempotency::Secret;
///
/// const SECRET: Secret = Secret::new([7; 16]); // of random bytes, not of these
/// assert_eq!(format!("{SECRET:?}"), "Secret(..)");
/// ```
#[derive(Clone, Copy)]
pub struct Secret([u8; 16]);

impl Secret {
    /// Of bytes from a source of randomness that is good enough for keys.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Another one each time, from the randomness that the standard library takes for its hash maps. For tables whose
    /// records end with the process, and whose derived keys nobody has to know after that.
    #[cfg(feature = "std")]
    pub fn random() -> Self {
        use core::hash::BuildHasher;
        use std::hash::RandomState;

        let state = RandomState::new();
        let mut bytes = [0; 16];
        for (part, half) in bytes.chunks_exact_mut(8).enumerate() {
            half.copy_from_slice(&state.hash_one(part).to_le_bytes());
        }
        Self(bytes)
    }

    /// A hash for one purpose, for whatever others may see or choose: `SipHash-2-4`.
    pub(crate) fn hasher(&self, purpose: [u8; 8]) -> Hash<SipHasher24> {
        Hash::new(SipHasher24::new_with_key(&self.0), purpose)
    }

    /// For hashes of keys.
    #[inline]
    pub(crate) fn key_hasher(&self) -> MapHash {
        Hash::new(SipHasher13::new_with_key(&self.0), *b"keyhash:")
    }

    /// For hashes of scopes.
    #[cfg(feature = "table")]
    pub(crate) fn scope_hasher(&self) -> MapHash {
        Hash::new(SipHasher13::new_with_key(&self.0), *b"inscope:")
    }
}

/// Nothing of it is shown.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Nothing of it is shown: the secret could be told from it.
impl<H> fmt::Debug for Hash<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(..)")
    }
}

/// 128 bits, of what is written one after the other. Who writes separates it.
#[derive(Clone, Copy)]
pub(crate) struct Hash<H>(H);

/// `SipHash-1-3`, which hash maps take: for whatever the table finds something by.
pub(crate) type MapHash = Hash<SipHasher13>;

impl<H: Hasher + Hasher128> Hash<H> {
    #[inline]
    fn new(mut hasher: H, purpose: [u8; 8]) -> Self {
        hasher.write(&purpose);
        Self(hasher)
    }

    #[inline]
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    #[inline]
    pub(crate) fn finish(&self) -> u128 {
        in_order(self.0.finish128())
    }
}

impl MapHash {
    /// What [`finish`](Self::finish) would give after the write of these bytes, which are all.
    #[inline]
    pub(crate) fn of(&self, bytes: &[u8]) -> u128 {
        in_order(self.0.hash(bytes))
    }
}

/// The bytes in the order in which others print them. By `as_u128` it would be another number on big-endian machines.
#[inline]
fn in_order(hash: Hash128) -> u128 {
    let (first, second) = hash.as_u64();
    u128::from(first.to_be()) << 64 | u128::from(second.to_be())
}
