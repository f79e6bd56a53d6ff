use core::time::Duration;

/// What time it is for a [`Table`](crate::table::Table).
///
/// It may go back: then, for a record, it is as late as it was before. It is read before any lock is taken.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_idempotency::table::Clock;
///
/// let standing = || Duration::from_secs(7);
/// assert_eq!(standing.now(), Duration::from_secs(7));
/// ```
pub trait Clock {
    /// The time since the Unix epoch; or since any other origin, if no key tells when it was made.
    fn now(&self) -> Duration;
}

impl<F: Fn() -> Duration> Clock for F {
    fn now(&self) -> Duration {
        self()
    }
}
