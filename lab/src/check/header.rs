use serde::{Deserialize, Serialize};

/// What a file of a history is about: its first line.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Always [`FORMAT`](Self::FORMAT).
    pub format: String,
    /// Of the format: [`VERSION`](Self::VERSION).
    pub version: u32,
    /// The name of the specification that the calls are for: [`Spec::NAME`](crate::check::Spec::NAME).
    pub spec: String,
    /// What wrote it, and its version.
    pub program: String,
}

impl Header {
    /// What the first line begins with.
    pub const FORMAT: &str = "spacelike-history";

    /// The version that this crate writes and reads.
    pub const VERSION: u32 = 1;

    /// For a history that `program` wrote, of calls for `spec`.
    pub fn new(spec: impl Into<String>, program: impl Into<String>) -> Self {
        Self {
            format: Self::FORMAT.into(),
            version: Self::VERSION,
            spec: spec.into(),
            program: program.into(),
        }
    }

    pub(super) fn check(&self, spec: &str) -> Result<(), String> {
        if self.format != Self::FORMAT {
            return Err(format!("says format {:?}: this is no {}", self.format, Self::FORMAT));
        }
        if self.version != Self::VERSION {
            return Err(format!("says version {}: this program reads {}", self.version, Self::VERSION));
        }
        if self.spec != spec {
            return Err(format!("says spec {:?}: {spec:?} was expected", self.spec));
        }
        Ok(())
    }
}
