/// Within what a client's key is unique. There is no default: two tenants who share keys would get each other's outcomes.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{Key, Scope, Secret};
///
/// let secret = Secret::new([7; 16]);
/// let [acme, umbrella] = [Scope::Tenant(b"acme"), Scope::Tenant(b"umbrella")];
/// assert_ne!(Key::new(acme, "pay", b"1")?.hash(&secret), Key::new(umbrella, "pay", b"1")?.hash(&secret));
/// # Ok::<(), spacelike_idempotency::KeyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope<'a> {
    /// Everywhere: all clients share the keys.
    Global,
    /// Among the requests of one tenant, who is known by 1 to [`KEY_MAX`](crate::KEY_MAX) bytes. They come from what has
    /// authenticated him, not from the request.
    Tenant(&'a [u8]),
}
