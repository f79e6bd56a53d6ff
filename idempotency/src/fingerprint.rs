use crate::Secret;
use crate::hex::hexadecimal;

/// What a request asks for, in 128 bits: the same for each copy of it, and another for each other request.
///
/// Take whatever makes it another request: the method, the path, the body. [`of`](Self::of) hashes them with a key that
/// clients don't know; one who could choose two requests with one fingerprint would be told the outcome of the first.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{Fingerprint, Secret};
///
/// let secret = Secret::new([7; 16]);
/// let fingerprint = Fingerprint::of(&secret, [&b"POST"[..], b"/payments", b"{}"]);
/// assert_eq!(fingerprint, Fingerprint::of(&secret, [&b"POST"[..], b"/payments", b"{}"]));
/// assert_ne!(fingerprint, Fingerprint::of(&secret, [&b"POST"[..], b"/payment", b"s{}"]));
///
/// assert_eq!(Fingerprint(0xFEED).to_string(), "0000000000000000000000000000feed");
/// assert_eq!("0000000000000000000000000000feed".parse(), Ok(Fingerprint(0xFEED)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fingerprint(pub u128);

impl Fingerprint {
    /// `SipHash-2-4` of 128 bits of `request:` and the parts, each after its length in 8 bytes, the least significant first.
    ///
    /// # Complexity
    /// The parts are read once, and copied nowhere.
    pub fn of<'a>(secret: &Secret, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = secret.hasher(*b"request:");
        for part in parts {
            hash.write(&(part.len() as u64).to_le_bytes());
            hash.write(part);
        }
        Self(hash.finish())
    }
}

hexadecimal!(Fingerprint);
