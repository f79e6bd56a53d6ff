use crate::{Dot, VersionVector};

/// A message to the whole group, with what it depends on: what a [`CausalBuffer`](crate::CausalBuffer) of one member
/// [sends](crate::CausalBuffer::send), and those of all others [take](crate::CausalBuffer::insert).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[cfg_attr(
    feature = "serde",
    serde(bound(deserialize = "A: Ord + serde::Deserialize<'de>, M: serde::Deserialize<'de>"))
)]
pub struct Broadcast<A, M> {
    /// Who sent it, and which of the sender's messages it is. Names the message: no two may have the same.
    pub dot: Dot<A>,
    /// What its sender had delivered before sending it. Whoever delivers it has delivered that.
    ///
    /// The sender's own counter in it is one less than the dot's, or left out, which means the same. It may leave out
    /// whatever another dependency implies: what that message itself depends on.
    pub context: VersionVector<A>,
    /// What it says.
    pub message: M,
}

impl<A: Ord + Clone, M> Broadcast<A, M> {
    /// What its sender had delivered once it was sent: the context, and the message itself. Tells
    /// [`Stability`](crate::Stability) how far the sender is.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Broadcast, Dot};
    ///
    /// let broadcast = Broadcast { dot: Dot::new("a", 2).unwrap(), context: [("b", 4)].into(), message: "hi" };
    /// assert_eq!(broadcast.clock(), [("a", 2), ("b", 4)].into());
    /// ```
    #[must_use]
    pub fn clock(&self) -> VersionVector<A> {
        let mut clock = self.context.clone();
        clock.raise(self.dot.clone());
        clock
    }
}
