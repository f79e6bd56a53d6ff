use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::clock::Entries;
use crate::{Clock, NotCanonical};

/// As a sequence of pairs, each an actor and its counter, ascending by actor.
impl<A: Serialize, K> Serialize for Clock<A, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.entries)
    }
}

/// Refuses what [`try_from_sorted`](Clock::try_from_sorted) would. Memory grows with what is read, whatever length is claimed.
///
/// # Examples
/// ```
/// use spacelike_vclock::VersionVector;
///
/// let vector = VersionVector::from([("a".to_owned(), 2), ("b".to_owned(), 1)]);
/// assert_eq!(serde_json::to_string(&vector)?, r#"[["a",2],["b",1]]"#);
/// assert!(serde_json::from_str::<VersionVector<String>>(r#"[["b",1],["a",2]]"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
impl<'de, A: Ord + Deserialize<'de>, K> Deserialize<'de> for Clock<A, K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EntriesVisitor(PhantomData)).map(Self::from_sorted)
    }
}

struct EntriesVisitor<A>(PhantomData<A>);

impl<'de, A: Ord + Deserialize<'de>> Visitor<'de> for EntriesVisitor<A> {
    type Value = Entries<A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pairs of an actor and its counter, ascending by actor, no counter zero")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut pairs: S) -> Result<Self::Value, S::Error> {
        let claimed = pairs.size_hint().unwrap_or(0);
        let mut entries = Entries::<A>::with_capacity(claimed.min(PREALLOCATED_MAX / size_of::<(A, u64)>()));
        while let Some(entry) = pairs.next_element::<(A, u64)>()? {
            let index = entries.len();
            if entries.last().is_some_and(|last| last.0 >= entry.0) {
                return Err(S::Error::custom(NotCanonical::Order { index }));
            }
            if entry.1 == 0 {
                return Err(S::Error::custom(NotCanonical::Zero { index }));
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// How many bytes are allocated because of a claim alone.
const PREALLOCATED_MAX: usize = 4096;
