//! An endpoint as its journal tells of it.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{RevisionId, Rules, Weights};
use crate::gang::RevisionName;

/// What has been decided about an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointState {
    /// What it is to become; `None` before the first line says it.
    pub rules: Option<Box<Rules>>,
    /// Revisions that are needed, or may be needed again: whoever keeps their definitions keeps those.
    pub revisions: BTreeMap<RevisionId, RevisionState>,
    /// The weights that count.
    pub weights: Weights,
    /// The change of weights that is under way.
    pub change: Option<Change>,
    /// Number of the last change.
    pub changes: u32,
    /// The weights before those of now that were not given back for being bad, for a rollback.
    pub before: Option<Weights>,
    /// Bounds that people have set.
    pub bounds: BTreeMap<RevisionName, Bounds>,
    /// What was changed, oldest first; only the newest.
    pub history: VecDeque<Record>,
}

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

/// What has been decided about a revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionState {
    /// Fingerprint of its definition.
    pub digest: String,
    /// How many replicas it is to have.
    pub replicas: u32,
    /// Since when it has carried nothing, after it has carried something.
    pub idle_since: Option<Timestamp>,
}

/// Bounds of the number of replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Fewest.
    pub min: u32,
    /// Most.
    pub max: u32,
}

/// A change of weights that is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Its number, from 1 on.
    pub number: u32,
    /// What it is.
    pub kind: ChangeKind,
    /// The weights that come back when it fails.
    pub from: Weights,
    /// The weights that it leads to.
    pub to: Weights,
    /// How far it is, in percent of the way.
    pub percent: u8,
    /// When it began, or its step did.
    pub since: Timestamp,
    /// It waits for a person.
    pub paused: Option<Pause>,
}

/// What a change of weights is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    /// Step by step, each judged.
    Rollout,
    /// In one step, because a person says so or the spec has no steps.
    Direct,
}

/// A change that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// Who has paused it.
    pub by: String,
    /// Why.
    pub reason: String,
}
