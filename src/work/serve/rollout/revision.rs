//! Which revision is meant, also when one of the same name has taken its place.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::gang::{ParseNameError, RevisionName};

/// A revision, and which of those of its name: one that is changed in place is a new generation, which
/// goes through a rollout beside the old one. Written `v2` for the first generation, `v2.2` for the
/// second; a name has no dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevisionId {
    /// The name in the spec.
    pub name: RevisionName,
    /// From 1 on.
    pub generation: u32,
}

impl RevisionId {
    /// This generation of a revision.
    pub fn new(name: RevisionName, generation: u32) -> Self {
        Self { name, generation }
    }

    /// The name by which a person means this generation and no other, also the first one: `v2.1`.
    pub fn exact(&self) -> String {
        format!("{}.{}", self.name, self.generation)
    }
}

impl fmt::Display for RevisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.generation {
            1 => f.pad(&self.name),
            generation => f.pad(&format!("{}.{generation}", self.name)),
        }
    }
}

impl FromStr for RevisionId {
    type Err = ParseNameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((name, generation)) = text.rsplit_once('.') else {
            return Ok(Self::new(text.parse()?, 1));
        };
        match generation.parse::<u32>() {
            // One text for one revision: neither `v2.1` nor `v2.02`.
            Ok(number) if number > 1 && generation == number.to_string() => {
                Ok(Self::new(name.parse()?, number))
            }
            // What stands behind the dot is no generation, so the text as a whole is no name.
            _ => Ok(Self::new(text.parse()?, 1)),
        }
    }
}

impl Serialize for RevisionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RevisionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_names_one_revision() {
        for text in ["v2", "v2.2", "a-b.17"] {
            assert_eq!(text.parse::<RevisionId>().unwrap().to_string(), text);
        }
        for text in ["v2.1", "v2.0", "v2.02", "v2.+2", "v2.x", ".2", "v2.", "v.2.3"] {
            assert!(text.parse::<RevisionId>().is_err(), "{text}");
        }
    }
}
