//! Who and when: replicas, attempts, an agent's own time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Number of a whole-gang start, from 1. 0 means that the gang has not started yet.
pub type Attempt = u32;

/// Time since an agent's own start on its monotonic clock. Never comparable between agents.
pub type Now = Duration;

/// One replica of a role, written `worker-0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaId {
    /// The role, as the spec names it.
    pub role: String,
    /// Index within the role, from 0.
    pub index: u32,
}

impl ReplicaId {
    /// The replica `index` of `role`.
    pub fn new(role: impl Into<String>, index: u32) -> Self {
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
#[error("`{0}` is not a replica: write it as ROLE-INDEX, for example worker-0")]
pub struct ParseReplicaError(String);

impl FromStr for ReplicaId {
    type Err = ParseReplicaError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.rsplit_once('-')
            .filter(|(role, _)| !role.is_empty())
            .and_then(|(role, index)| Some(Self::new(role, index.parse().ok()?)))
            .ok_or_else(|| ParseReplicaError(text.into()))
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
