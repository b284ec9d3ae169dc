//! What a cluster shows of a replica's pod, where that is another thing than its agent told last.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gang::ReplicaId;
use crate::text::moment;

/// What a cluster shows of a replica's pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PodState {
    /// It is there, and what its agent tells of it counts.
    Seen,
    /// It is being taken away, and its command may still run.
    Draining,
    /// It has ended without a word of its agent, or is not there any more.
    Gone,
    /// Its node is silent, so that nobody knows what runs there.
    Unknown,
}

/// A pod that is not simply there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodSight {
    /// What the cluster shows of it; never [`PodState::Seen`].
    pub state: PodState,
    /// Since when, by the cluster's clock.
    pub since: Timestamp,
    /// Why, in a clause for people; empty where nothing is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl PodState {
    /// The word that users read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Draining => "draining",
            Self::Gone => "gone",
            Self::Unknown => "unknown",
        }
    }
}

impl PodSight {
    /// What an event says; `None` where the pod is simply there.
    pub fn of(state: PodState, since: Timestamp, message: &str) -> Option<Self> {
        (state != PodState::Seen).then(|| Self { state, since, message: message.to_owned() })
    }

    /// Several of them in one line: the first one, and how many there are besides.
    pub fn line<'a>(sights: impl IntoIterator<Item = (&'a ReplicaId, &'a Self)>) -> Option<String> {
        let mut sights = sights.into_iter();
        let (replica, first) = sights.next()?;
        let more = sights.count();
        let rest = if more == 0 { String::new() } else { format!(", and {more} more") };
        Some(format!("{replica}: {first}{rest}"))
    }
}

/// `pod gone since 12:01:03 (evicted)`.
impl fmt::Display for PodSight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, since, message } = self;
        write!(f, "pod {} since {}", state.as_str(), moment(*since))?;
        if message.is_empty() { Ok(()) } else { write!(f, " ({message})") }
    }
}
