#[cfg(feature = "alloc")]
use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};

use crate::Actor;

use super::WireId;

/// Actors that can be encoded: integers, byte arrays, text, an [`Actor`] of these; and whatever can be written as one of
/// them.
///
/// The order must be the same on both sides: `a < b` exactly if `a.to_wire() < b.to_wire()`. Encoding panics where it sees
/// that it isn't.
///
/// A `&'static str` can't be made of what a peer sent, and a `usize` is not as wide on every machine: neither is one. Take a
/// `String`, an integer, or a type of your own.
///
/// Integers of every width are written alike, and so are `String`, `Box<str>`, `Vec<u8>` and `Box<[u8]>`: what was encoded
/// as one decodes as another, if it fits.
///
/// # Examples
/// ```
/// # #[cfg(feature = "alloc")] {
/// use spacelike_vclock::VectorClock;
/// use spacelike_vclock::codec::{Encode, WireActor};
///
/// #[derive(PartialEq, Eq, PartialOrd, Ord)]
/// struct Node(u16);
///
/// impl WireActor for Node {
///     type Wire<'a> = u16;
///
///     fn to_wire(&self) -> u16 {
///         self.0
///     }
///
///     fn from_wire(wire: u16) -> Option<Self> {
///         Some(Self(wire))
///     }
/// }
///
/// let bytes = VectorClock::from([(Node(7), 1)]).to_bytes();
/// assert_eq!(bytes, VectorClock::from([(7_u16, 1)]).to_bytes());
/// # }
/// ```
pub trait WireActor: Ord + Sized + 'static {
    /// What is written in its place.
    type Wire<'a>: WireId<'a>;

    /// What to write.
    fn to_wire(&self) -> Self::Wire<'_>;

    /// The inverse of [`to_wire`](Self::to_wire), for whatever a peer sent; `None` if no actor is written so. One that is cut to
    /// fit would become another actor, and a clock would name that one twice.
    fn from_wire(wire: Self::Wire<'_>) -> Option<Self>;

    /// Whether some actor is written so: for views, which don't want the actor itself.
    fn is_wire(wire: Self::Wire<'_>) -> bool {
        Self::from_wire(wire).is_some()
    }
}

macro_rules! as_they_are {
    ($($type:ty),*) => {
        $(
            impl WireActor for $type {
                type Wire<'a> = Self;

                #[inline]
                fn to_wire(&self) -> Self {
                    *self
                }

                #[inline]
                fn from_wire(wire: Self) -> Option<Self> {
                    Some(wire)
                }
            }
        )*
    };
}

as_they_are!(u8, u16, u32, u64, u128);

impl<const N: usize> WireActor for [u8; N] {
    type Wire<'a> = Self;

    #[inline]
    fn to_wire(&self) -> Self {
        *self
    }

    #[inline]
    fn from_wire(wire: Self) -> Option<Self> {
        Some(wire)
    }
}

impl<I: WireActor> WireActor for Actor<I> {
    type Wire<'a> = Actor<I::Wire<'a>>;

    #[inline]
    fn to_wire(&self) -> Actor<I::Wire<'_>> {
        Actor { id: self.id.to_wire(), epoch: self.epoch }
    }

    #[inline]
    fn from_wire(wire: Actor<I::Wire<'_>>) -> Option<Self> {
        Some(Self { id: I::from_wire(wire.id)?, epoch: wire.epoch })
    }

    #[inline]
    fn is_wire(wire: Actor<I::Wire<'_>>) -> bool {
        I::is_wire(wire.id)
    }
}

#[cfg(feature = "alloc")]
macro_rules! borrowed {
    ($($type:ty: $borrowed:ty;)*) => {
        $(
            impl WireActor for $type {
                type Wire<'a> = &'a $borrowed;

                #[inline]
                fn to_wire(&self) -> &$borrowed {
                    self
                }

                fn from_wire(wire: &$borrowed) -> Option<Self> {
                    Some(wire.to_owned().into())
                }

                fn is_wire(_: &$borrowed) -> bool {
                    true
                }
            }
        )*
    };
}

#[cfg(feature = "alloc")]
borrowed! {
    String: str;
    Box<str>: str;
    Vec<u8>: [u8];
    Box<[u8]>: [u8];
}
