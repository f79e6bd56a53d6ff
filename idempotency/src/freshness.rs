use core::fmt;

/// What a window says of a sequence number.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{Freshness, LocalWindow};
///
/// let mut window = LocalWindow::<2>::new();
/// assert_eq!(window.claim(7), Freshness::Fresh);
/// assert_eq!(window.claim(7), Freshness::Duplicate);
/// assert!(!window.claim(7).is_fresh());
/// assert_eq!(window.claim(7).to_string(), "duplicate");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use = "only a fresh number may be acted upon"]
pub enum Freshness {
    /// Nobody claimed it before: the caller is the one to act upon it, and will be the only one.
    Fresh,
    /// It was claimed before.
    Duplicate,
    /// The window has moved on, and can't tell any more. To be treated as a duplicate.
    TooOld,
    /// The sequence has come to its end: a new one has to begin, under a new name.
    OutOfRange,
}

impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Fresh => "fresh",
            Self::Duplicate => "duplicate",
            Self::TooOld => "too old",
            Self::OutOfRange => "out of range",
        })
    }
}

impl Freshness {
    /// Whether the caller may act.
    pub const fn is_fresh(self) -> bool {
        matches!(self, Self::Fresh)
    }
}
