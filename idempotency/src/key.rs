use core::time::Duration;

use crate::key_hash::sip;
use crate::{KeyError, KeyHash, Scope, Secret};

/// The name of a request: the client's key, for one operation, in one scope.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{Key, Scope, Secret};
///
/// let secret = Secret::new([7; 16]);
/// let key = Key::new(Scope::Tenant(b"acme"), "pay", b"order-17")?;
/// assert_eq!(key.hash(&secret), key.clone().hash(&secret));
/// assert_ne!(key.hash(&secret), Key::new(Scope::Tenant(b"acme"), "payo", b"rder-17")?.hash(&secret));
/// assert_ne!(key.hash(&secret), Key::new(Scope::Global, "pay", b"order-17")?.hash(&secret));
/// # Ok::<(), spacelike_idempotency::KeyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key<'a> {
    scope: Scope<'a>,
    operation: &'a str,
    bytes: &'a [u8],
    minted: Option<Duration>,
}

/// Of the client's bytes, of a tenant's and of an operation's name.
pub const KEY_MAX: usize = 255;

impl<'a> Key<'a> {
    /// Of any bytes, one at least.
    ///
    /// # Errors
    /// [`KeyError`] if the key or the tenant is empty, or a part has more than [`KEY_MAX`] bytes.
    pub const fn new(scope: Scope<'a>, operation: &'a str, key: &'a [u8]) -> Result<Self, KeyError> {
        let tenant_len = match scope {
            Scope::Global => 1,
            Scope::Tenant(tenant) => tenant.len(),
        };
        if key.is_empty() || tenant_len == 0 {
            return Err(KeyError::Missing);
        }
        let mut longest = key.len();
        if tenant_len > longest {
            longest = tenant_len;
        }
        if operation.len() > longest {
            longest = operation.len();
        }
        if longest > KEY_MAX {
            return Err(KeyError::TooLong { len: longest });
        }
        Ok(Self { scope, operation, bytes: key, minted: None })
    }

    /// When the client made it, since the Unix epoch: then one so old that its record may have expired is refused.
    #[must_use]
    pub const fn minted(self, at: Duration) -> Self {
        Self { minted: Some(at), ..self }
    }

    /// When the client made it, if it tells.
    pub const fn minted_at(&self) -> Option<Duration> {
        self.minted
    }

    /// Within what it is unique.
    pub const fn scope(&self) -> Scope<'a> {
        self.scope
    }

    /// What is asked for.
    pub const fn operation(&self) -> &'a str {
        self.operation
    }

    /// The client's bytes.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The hash that stands for it: `SipHash-2-4` of 128 bits, over each part with its length.
    pub fn hash(&self, secret: &Secret) -> KeyHash {
        KeyHash(match self.scope {
            Scope::Global => sip(secret, b"global key", &[self.operation.as_bytes(), self.bytes]),
            Scope::Tenant(tenant) => {
                sip(secret, b"tenant key", &[tenant, self.operation.as_bytes(), self.bytes])
            }
        })
    }

    /// The hash that stands for its scope.
    #[cfg_attr(not(feature = "table"), allow(dead_code, reason = "for the table"))]
    #[expect(clippy::cast_possible_truncation, reason = "half of a hash")]
    pub(crate) fn scope_hash(&self, secret: &Secret) -> u64 {
        match self.scope {
            Scope::Global => 0,
            Scope::Tenant(tenant) => sip(secret, b"scope", &[tenant]) as u64,
        }
    }
}
