//! What was changed about an endpoint, for people.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Bounds, RevisionId, Weights};
use crate::gang::RevisionName;

/// One thing that was changed: who, when, what, why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// When.
    pub time: Timestamp,
    /// Who.
    pub by: String,
    /// What.
    #[serde(flatten)]
    pub event: Event,
    /// Why; empty where who did it gave no reason.
    pub reason: String,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "event")]
pub enum Event {
    /// A spec was applied.
    Applied,
    /// A change of weights begins; the weights follow when who gains is ready.
    Begun {
        /// Which change.
        change: u32,
        /// The weights that come back when it fails.
        from: Weights,
        /// The weights that it leads to.
        to: Weights,
    },
    /// Other weights.
    Weights {
        /// Those before.
        from: Weights,
        /// Those from then on.
        to: Weights,
    },
    /// Another number of replicas.
    Replicas {
        /// Of which revision.
        revision: RevisionId,
        /// Before.
        from: u32,
        /// From then on.
        to: u32,
    },
    /// Other bounds of the number of replicas.
    Bounds {
        /// Of which revision.
        revision: RevisionName,
        /// From then on.
        bounds: Bounds,
    },
    /// A change waits for a person.
    Paused {
        /// Which change.
        change: u32,
    },
    /// It goes on.
    Resumed {
        /// Which change.
        change: u32,
    },
    /// It goes on to its end without judgement.
    Promoted {
        /// Which change.
        change: u32,
    },
    /// It is over, well.
    Finished {
        /// Which change.
        change: u32,
    },
    /// It is over, and the weights before it are back.
    Failed {
        /// Which change.
        change: u32,
    },
    /// Another change or a person has ended it.
    Ended {
        /// Which change.
        change: u32,
    },
}
