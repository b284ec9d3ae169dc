//! Who and when: replicas, attempts, an agent's own time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::names::RoleName;

/// Number of a whole-gang start, from 1. 0 means that the gang has not started yet.
pub type Attempt = u32;

/// Time since an agent's own start on its monotonic clock. Never comparable between agents.
pub type Now = Duration;

/// One replica of a role, written `worker-0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaId {
    /// The role, as the spec names it.
    pub role: RoleName,
    /// Index within the role, from 0.
    pub index: u32,
}

impl ReplicaId {
    /// The replica `index` of `role`.
    pub fn new(role: impl Into<RoleName>, index: u32) -> Self {
        Self { role: role.into(), index }
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.role, self.index)
    }
}

/// The text is not `ROLE-INDEX`.
#[derive(Debug, thiserror::Error)]
#[error("`{}` is not a replica: write it as ROLE-INDEX, for example worker-0", .0.escape_debug())]
pub struct ParseReplicaError(String);

impl FromStr for ReplicaId {
    type Err = ParseReplicaError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = |(role, index): (&str, &str)| {
            Some(Self { role: role.parse().ok()?, index: index.parse().ok()? })
        };
        // One replica has one name: `worker-+1` and `worker-01` are none.
        text.rsplit_once('-')
            .and_then(parse)
            .filter(|replica| replica.to_string() == text)
            .ok_or_else(|| ParseReplicaError(text.chars().take(100).collect()))
    }
}

impl Serialize for ReplicaId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReplicaId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_has_one_name_that_is_one_part_of_a_path() {
        assert_eq!("ps-12".parse::<ReplicaId>().unwrap().to_string(), "ps-12");
        for text in [
            "/home/victim/x-0",
            "../x-0",
            "worker-01",
            "worker-+1",
            "worker--1",
            "-0",
            "0",
            "a\n-0",
        ] {
            assert!(text.parse::<ReplicaId>().is_err(), "{text}");
        }
    }
}
