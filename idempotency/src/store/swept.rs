/// What a sweep came to.
///
/// # Examples
/// ```
/// use spacelike_idempotency::store::Swept;
///
/// let swept = Swept { removed: 3, more: false };
/// assert!(swept.removed > 0 && !swept.more);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Swept {
    /// How many records were removed.
    pub removed: u32,
    /// Whether there may be more to remove.
    pub more: bool,
}
