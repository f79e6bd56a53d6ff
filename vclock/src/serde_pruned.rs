use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, EnumAccess, Error, Unexpected, VariantAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::{PrunedVector, VersionVector};

/// As `{"pruned": [[actor, counter], ...]}`, and in formats that don't write names, behind a number that no vector has as its
/// length: the form of one kind is not read as the other.
impl<A: Serialize> Serialize for PrunedVector<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_variant(NAME, INDEX, MARK, self.kept())
    }
}

/// Refuses what has no mark, and what [`VersionVector::try_from_sorted`](crate::Clock::try_from_sorted) would.
///
/// # Examples
/// ```
/// use spacelike_vclock::{PrunedVector, VersionVector};
///
/// let vector = VersionVector::from([("a".to_owned(), 2)]);
/// let text = serde_json::to_string(&PrunedVector::from_kept(vector.clone()))?;
/// assert_eq!(text, r#"{"pruned":[["a",2]]}"#);
/// assert_eq!(serde_json::from_str::<PrunedVector<String>>(&text)?.assume_exact(), vector);
/// assert!(serde_json::from_str::<VersionVector<String>>(&text).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
impl<'de, A: Ord + Deserialize<'de>> Deserialize<'de> for PrunedVector<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_enum(NAME, &[MARK], PrunedVisitor(PhantomData))
    }
}

struct PrunedVisitor<A>(PhantomData<A>);

impl<'de, A: Ord + Deserialize<'de>> Visitor<'de> for PrunedVisitor<A> {
    type Value = PrunedVector<A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a version vector that is marked as pruned")
    }

    fn visit_enum<E: EnumAccess<'de>>(self, form: E) -> Result<Self::Value, E::Error> {
        let (Mark, kept) = form.variant()?;
        kept.newtype_variant::<VersionVector<A>>().map(PrunedVector::from_kept)
    }
}

/// The mark, as its name or its number.
struct Mark;

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(MarkVisitor)
    }
}

struct MarkVisitor;

impl Visitor<'_> for MarkVisitor {
    type Value = Mark;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{MARK}`, or {INDEX} in its place")
    }

    fn visit_u64<E: Error>(self, index: u64) -> Result<Mark, E> {
        if index == u64::from(INDEX) {
            Ok(Mark)
        } else {
            Err(E::invalid_value(Unexpected::Unsigned(index), &self))
        }
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Mark, E> {
        if name == MARK { Ok(Mark) } else { Err(E::unknown_variant(name, &[MARK])) }
    }

    fn visit_bytes<E: Error>(self, name: &[u8]) -> Result<Mark, E> {
        if name == MARK.as_bytes() { Ok(Mark) } else { Err(E::invalid_value(Unexpected::Bytes(name), &self)) }
    }
}

const NAME: &str = "PrunedVector";
const MARK: &str = "pruned";

/// A vector stands as its length and its entries. So the mark is read as a length for which there is no input, and no
/// length is read as the mark. A small number would be both.
const INDEX: u32 = u32::MAX;
