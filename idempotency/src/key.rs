use core::cmp::Ordering;
use core::hash::{Hash, Hasher};
use core::time::Duration;

use crate::secret::MapHash;
use crate::{DecodeError, KeyError, KeyHash, Scope, Secret};

/// The name of a request: the client's key, for one operation, in one scope.
///
/// When it was made is no part of it: two keys that differ in nothing else are equal.
///
/// A key is of any bytes. Two spellings of one key, such as a UUID in upper and in lower case, are two keys.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{Key, KeyError, Scope, Secret};
///
/// let key = Key::new(Scope::Tenant(b"acme"), "pay", b"order-17")?;
/// assert_eq!(key.as_bytes(), b"order-17");
///
/// let secret = Secret::new([7; 16]);
/// assert_ne!(key.hash(&secret), Key::new(Scope::Global, "pay", b"order-17")?.hash(&secret));
/// assert_ne!(key.hash(&secret), Key::new(Scope::Tenant(b"acme"), "pa", b"yorder-17")?.hash(&secret));
///
/// assert_eq!(Key::new(Scope::Global, "pay", b""), Err(KeyError::Missing));
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    scope: Scope<'a>,
    operation: &'a str,
    bytes: &'a [u8],
    minted: Option<Duration>,
}

impl<'a> Key<'a> {
    /// What it is compared by.
    const fn name(&self) -> (Scope<'a>, &'a str, &'a [u8]) {
        (self.scope, self.operation, self.bytes)
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Key<'_> {}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(&other.name())
    }
}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl<'a> Key<'a> {
    /// Of 1 to [`KEY_MAX`] bytes, for an operation whose name has up to `KEY_MAX` bytes.
    ///
    /// # Errors
    /// [`KeyError::Missing`] if the key or the tenant is empty, [`KeyError::TooLong`] if a part has too many bytes. Nothing was
    /// hashed.
    pub const fn new(scope: Scope<'a>, operation: &'a str, key: &'a [u8]) -> Result<Self, KeyError> {
        let tenant_len = match scope {
            Scope::Global => 1,
            Scope::Tenant(tenant) => tenant.len(),
        };
        if key.is_empty() || tenant_len == 0 {
            return Err(KeyError::Missing);
        }
        let mut len = key.len();
        if tenant_len > len {
            len = tenant_len;
        }
        if operation.len() > len {
            len = operation.len();
        }
        if len > KEY_MAX {
            return Err(KeyError::TooLong { len });
        }
        Ok(Self { scope, operation, bytes: key, minted: None })
    }

    /// Of a UUID of version 7, with the time in it (RFC 9562, section 5.7), as the client has written it: 36 characters, the
    /// letters in lower case, so that a UUID is one key.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the text, the tenant or the operation.
    ///
    /// # Examples
    /// ```
    /// # use core::time::Duration;
    /// # use spacelike_idempotency::{Key, KeyError, Scope};
    /// let key = Key::uuid_v7(Scope::Global, "pay", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")?;
    /// assert_eq!(key.minted_at(), Some(Duration::from_millis(1_645_557_742_000)));
    /// assert_eq!(key, Key::new(Scope::Global, "pay", b"017f22e2-79b0-7cc3-98c4-dc0c0c07398f")?);
    /// # Ok::<(), KeyError>(())
    /// ```
    pub fn uuid_v7(scope: Scope<'a>, operation: &'a str, text: &'a str) -> Result<Self, KeyError> {
        if text.len() != 36 {
            return Err(KeyError::Length { len: text.len(), expected: 36 });
        }
        let mut value = 0_u128;
        for (at, character) in text.bytes().enumerate() {
            let digit = match (at, character) {
                (8 | 13 | 18 | 23, b'-') => continue,
                (8 | 13 | 18 | 23, _) => return Err(KeyError::Character { at }),
                (_, b'0'..=b'9') => character - b'0',
                (_, b'a'..=b'f') => character - b'a' + 10,
                _ => return Err(KeyError::Character { at }),
            };
            value = value << 4 | u128::from(digit);
        }
        let version = (value >> 76 & 0xF) as u8;
        if version != 7 {
            return Err(KeyError::Version { version });
        }
        if value >> 62 & 0b11 != 0b10 {
            return Err(KeyError::Variant);
        }
        let millis = (value >> 80) as u64;
        Ok(Self::new(scope, operation, text.as_bytes())?.minted(Duration::from_millis(millis)))
    }

    /// Of a ULID (its specification, 0.1), with the time in it, as the client has written it: 26 characters, the letters in upper
    /// case, so that a ULID is one key.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the text, the tenant or the operation.
    ///
    /// # Examples
    /// ```
    /// # use core::time::Duration;
    /// # use spacelike_idempotency::{Key, KeyError, Scope};
    /// let key = Key::ulid(Scope::Global, "pay", "01ARZ3NDEKTSV4RRFFQ69G5FAV")?;
    /// assert_eq!(key.minted_at(), Some(Duration::from_millis(1_469_922_850_259)));
    /// # Ok::<(), KeyError>(())
    /// ```
    pub fn ulid(scope: Scope<'a>, operation: &'a str, text: &'a str) -> Result<Self, KeyError> {
        if text.len() != 26 {
            return Err(KeyError::Length { len: text.len(), expected: 26 });
        }
        let mut millis = 0;
        for (at, character) in text.bytes().enumerate() {
            let digit = (0..).zip(CROCKFORD).find(|&(_, digit)| digit == character);
            let (value, _) = digit.ok_or(KeyError::Character { at })?;
            if at == 0 && value > 7 {
                return Err(KeyError::Overflow);
            }
            if at < 10 {
                millis = millis << 5 | value;
            }
        }
        Ok(Self::new(scope, operation, text.as_bytes())?.minted(Duration::from_millis(millis)))
    }

    /// When the client made it, since the Unix epoch: then one so old that its record may have expired is refused, where it
    /// would else be executed again. It is no part of the name: not of the hash, and not of the encoding.
    #[must_use]
    pub const fn minted(self, at: Duration) -> Self {
        Self { minted: Some(at), ..self }
    }

    /// When the client made it, if the key tells.
    pub const fn minted_at(&self) -> Option<Duration> {
        self.minted
    }

    /// Within what the client's key is unique.
    pub const fn scope(&self) -> Scope<'a> {
        self.scope
    }

    /// What is asked for.
    pub const fn operation(&self) -> &'a str {
        self.operation
    }

    /// The client's key.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What stands for it in memory: `SipHash-1-3` of 128 bits of `keyhash:` and the [encoding](Self::encode_into). With 1-3
    /// the standard library's maps are made safe from flooding; what others see, such as a [`DerivedKey`](crate::DerivedKey),
    /// is hashed by 2-4.
    ///
    /// # Complexity
    /// Some 800 bytes are hashed at most; up to 128 are put in a row first.
    #[inline]
    pub fn hash(&self, secret: &Secret) -> KeyHash {
        self.hash_by(secret.key_hasher())
    }

    /// The same, by a hasher that is kept.
    #[inline]
    pub(crate) fn hash_by(&self, mut hash: MapHash) -> KeyHash {
        if self.encoded_len() <= SHORT {
            // As one piece it is faster: the hash has no partial words to keep between two parts.
            let mut buffer = [0; SHORT];
            return KeyHash(hash.of(self.put(&mut buffer)));
        }
        self.parts(&mut |part| hash.write(part));
        KeyHash(hash.finish())
    }

    /// What stands for its scope.
    #[cfg_attr(not(feature = "table"), allow(dead_code, reason = "for the table"))]
    pub(crate) fn scope_hash(&self, mut hash: MapHash) -> u64 {
        self.scope_parts(&mut |part| hash.write(part));
        (hash.finish() >> 64) as u64
    }

    /// Its [encoding](Self::encode_into), as a vector.
    #[cfg(feature = "alloc")]
    pub fn encode(&self) -> alloc::vec::Vec<u8> {
        let mut bytes = alloc::vec::Vec::with_capacity(self.encoded_len());
        self.parts(&mut |part| bytes.extend_from_slice(part));
        bytes
    }

    /// How many bytes its encoding has: [`ENCODED_MAX`] at most.
    pub fn encoded_len(&self) -> usize {
        let tenant = match self.scope {
            Scope::Global => 0,
            Scope::Tenant(tenant) => 1 + tenant.len(),
        };
        1 + tenant + 1 + self.operation.len() + 1 + self.bytes.len()
    }

    /// Writes the bytes for stores that keep names, and gives them. The first is 0 for a global key; or 1, then come the length
    /// of the tenant and the tenant. Then the length of the operation and the operation, then the length of the key
    /// and the key. A length is one byte. No two names have the same bytes, and what a tenant has begins with the same ones.
    ///
    /// # Examples
    /// ```
    /// # use spacelike_idempotency::{ENCODED_MAX, Key, Scope};
    /// let key = Key::new(Scope::Tenant(b"acme"), "pay", b"order-17")?;
    /// let mut buffer = [0; ENCODED_MAX];
    /// let bytes = key.encode_into(&mut buffer);
    /// assert_eq!(bytes, b"\x01\x04acme\x03pay\x08order-17");
    /// assert_eq!(Key::decode(bytes)?, key);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn encode_into<'b>(&self, buffer: &'b mut [u8; ENCODED_MAX]) -> &'b [u8] {
        self.put(buffer)
    }

    /// The key of an encoding, without the time at which it was made.
    ///
    /// # Errors
    /// [`DecodeError`] says why the bytes are the encoding of no key.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (&tag, mut rest) = bytes.split_first().ok_or(DecodeError::Short)?;
        let scope = match tag {
            GLOBAL => Scope::Global,
            TENANT => Scope::Tenant(part(&mut rest)?),
            _ => return Err(DecodeError::Scope { tag }),
        };
        let operation = core::str::from_utf8(part(&mut rest)?).map_err(|_| DecodeError::Operation)?;
        let key = part(&mut rest)?;
        if !rest.is_empty() {
            return Err(DecodeError::Long { len: rest.len() });
        }
        Self::new(scope, operation, key).map_err(DecodeError::Key)
    }

    /// Writes its encoding where there is room for it.
    #[inline]
    fn put<'b>(&self, buffer: &'b mut [u8]) -> &'b [u8] {
        let mut len = 0;
        self.parts(&mut |part| {
            buffer[len..len + part.len()].copy_from_slice(part);
            len += part.len();
        });
        &buffer[..len]
    }

    /// Its encoding, part by part.
    #[inline]
    fn parts(&self, write: &mut impl FnMut(&[u8])) {
        self.scope_parts(write);
        write(&[len_byte(self.operation.as_bytes())]);
        write(self.operation.as_bytes());
        write(&[len_byte(self.bytes)]);
        write(self.bytes);
    }

    #[inline]
    fn scope_parts(&self, write: &mut impl FnMut(&[u8])) {
        match self.scope {
            Scope::Global => write(&[GLOBAL]),
            Scope::Tenant(tenant) => {
                write(&[TENANT, len_byte(tenant)]);
                write(tenant);
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a part has KEY_MAX bytes at most")]
fn len_byte(part: &[u8]) -> u8 {
    part.len() as u8
}

/// Takes a length, and as many bytes.
fn part<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let (&len, after) = rest.split_first().ok_or(DecodeError::Short)?;
    let (part, after) = after.split_at_checked(len.into()).ok_or(DecodeError::Short)?;
    *rest = after;
    Ok(part)
}

/// How many bytes a client's key, a tenant and the name of an operation may have, each.
pub const KEY_MAX: usize = 255;

/// How many bytes the encoding of a [`Key`] has at most.
pub const ENCODED_MAX: usize = 1 + 3 * (1 + KEY_MAX);

/// So many bytes take an operation, a tenant and the text of a UUID, and few keys take more.
const SHORT: usize = 128;

const GLOBAL: u8 = 0;
const TENANT: u8 = 1;

/// Crockford's digits: the letters but I, L, O and U.
const CROCKFORD: [u8; 32] = *b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
