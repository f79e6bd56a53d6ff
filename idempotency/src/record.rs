use core::fmt;
use core::time::Duration;

use crate::Fingerprint;

/// The right to one attempt at a request.
///
/// Pass the fence on to whatever the attempt writes to: who remembers the greatest fence that it has seen, and refuses
/// smaller ones, is safe from attempts that are long lost and don't know it yet (Kleppmann 2016, "How to do distributed
/// locking").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Token {
    /// Greater than that of every attempt before, at whatever request, in the life of the store: so no two tokens are alike,
    /// also if a record was swept and made anew.
    pub fence: u64,
    /// How many attempts there were at this request, this one included, as far as the record goes back.
    pub attempt: u32,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fence {}, attempt {}", self.fence, self.attempt)
    }
}

/// What is known of a request. Times are the store's own, since an origin of its choice.
///
/// `O` is the outcome, or a handle to it; `C` what an attempt leaves behind for the next one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Record<O, C = ()> {
    /// Somebody is about to execute it.
    Claimed(Lease<C>),
    /// All attempts so far have ended without an effect, or what effect they had may happen again: the next copy is executed.
    Released {
        /// Of the request; binding only if an effect has begun.
        fingerprint: Fingerprint,
        /// How many attempts there were that count.
        attempts: u32,
        /// How far one of them came: for the next attempt, if it is at the same request.
        checkpoint: Option<C>,
        /// Whether the effect of one of them has begun.
        started_before: bool,
        /// From this instant on there is no record.
        expires: Duration,
    },
    /// Its effect has begun: whether it has happened, only who holds the token can know.
    Started(Lease<C>),
    /// It was executed.
    Completed {
        /// Of the request.
        fingerprint: Fingerprint,
        /// Of the attempt that completed it; `None` if somebody found out.
        fence: Option<u64>,
        /// What is answered to each copy of the request.
        outcome: O,
        /// From this instant on there is no record.
        expires: Duration,
    },
    /// Its effect has begun, and who held the token is gone. Nobody knows whether it has happened, until somebody finds out.
    Indeterminate {
        /// Of the request.
        fingerprint: Fingerprint,
        /// How many attempts there were.
        attempts: u32,
        /// Who, if he comes back, can go on, or say what became of his effect. `None` if it is an earlier one that nobody
        /// knows of.
        holder: Option<Token>,
        /// How far an attempt came.
        checkpoint: Option<C>,
        /// Whether the effect of an attempt before the holder's has begun.
        started_before: bool,
    },
    /// So many attempts failed that nobody will try again.
    Dead {
        /// Of the request.
        fingerprint: Fingerprint,
        /// How many there were.
        attempts: u32,
        /// From this instant on there is no record.
        expires: Duration,
    },
}

/// An attempt that is under way, or was.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Lease<C = ()> {
    /// Whose attempt it is.
    pub token: Token,
    /// Of the request.
    pub fingerprint: Fingerprint,
    /// From this instant on, somebody else may take over.
    pub until: Duration,
    /// How far an attempt came: this one, or one before.
    pub checkpoint: Option<C>,
    /// Whether the effect of an attempt before this one has begun.
    pub started_before: bool,
}

impl<O, C> Record<O, C> {
    /// From when on there is no record: to be swept then. `None` if it stays until something happens.
    pub fn expires(&self, policy: &Policy) -> Option<Duration> {
        match self {
            Self::Completed { expires, .. } | Self::Dead { expires, .. } | Self::Released { expires, .. } => {
                Some(*expires)
            }
            Self::Claimed(lease) if lease.started_before && policy.unfinished == Unfinished::Hold => None,
            Self::Started(_) if policy.unfinished == Unfinished::Hold => None,
            Self::Claimed(lease) | Self::Started(lease) => Some(lease.until.saturating_add(policy.retention)),
            Self::Indeterminate { .. } => None,
        }
    }
}

/// How a store treats records.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Policy {
    /// How long outcomes are kept, from their completion: longer than any client goes on retrying.
    pub retention: Duration,
    /// After so many attempts that failed or were lost, a request is dead. Zero counts as one.
    pub attempts_max: u32,
    /// What to do about a request whose effect has begun and whose lease has run out.
    pub unfinished: Unfinished,
    /// Whether a lease is lost when it has run out, or only when somebody has taken over since.
    pub strict_expiry: bool,
    /// How far the clocks of those who make keys may be ahead of the store's, where keys tell when they were made. Such a key
    /// is refused from its retention less this on: what was made ahead of time is forgotten early. So it must be less than the
    /// retention, or every such key is refused.
    pub skew: Duration,
}

/// What to do about a request whose effect has begun and whose lease has run out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Unfinished {
    /// Nothing: it is indeterminate, until somebody finds out whether the effect has happened. Right for whatever must not
    /// happen twice.
    #[default]
    Hold,
    /// Execute it again, from the last checkpoint. Right only if the effect may happen twice, or refuses to by itself: by a
    /// key that all attempts share, or by the fence.
    Retry,
}
