//! How times stand in JSON: whole nanoseconds, exact over the range of `Duration`.

use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u128(time.as_nanos())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let nanos = u128::deserialize(deserializer)?;
    let seconds = u64::try_from(nanos / SECOND).map_err(|_| D::Error::custom("the time is out of range"))?;
    let rest = u32::try_from(nanos % SECOND).map_err(D::Error::custom)?;
    Ok(Duration::new(seconds, rest))
}

const SECOND: u128 = 1_000_000_000;
