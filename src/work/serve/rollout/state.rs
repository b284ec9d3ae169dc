//! An endpoint as its journal tells of it.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use mlctl_router::Assignment;
use serde::{Deserialize, Serialize};

use super::{Record, RevisionId, RevisionRules, Rules, Transition, Weights};
use crate::gang::RevisionName;
use crate::work::serve::guard::{Guard, keeps};

/// What has been decided about an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointState {
    /// What it is to become; `None` before the first line says it.
    pub rules: Option<Box<Rules>>,
    /// When that was last said, by whomever.
    #[serde(skip)]
    pub applied: Option<Timestamp>,
    /// Revisions that are needed, or may be needed again: whoever keeps their definitions keeps those.
    pub revisions: BTreeMap<RevisionId, RevisionState>,
    /// The weights that count.
    pub weights: Weights,
    /// Which callers have which revision by these weights. It moves with each change of the weights, one after
    /// the other, so that whoever reads the journal knows the same of every caller: all routers of an
    /// endpoint, and those that come later.
    #[serde(skip)]
    pub assignment: Assignment,
    /// The change of weights that is under way.
    pub change: Option<Change>,
    /// Number of the last change.
    pub changes: u32,
    /// The last generation of each name.
    pub generations: BTreeMap<RevisionName, u32>,
    /// How the last change that is over has ended.
    pub last: Option<Outcome>,
    /// The weights before those of now that were not given back for being bad, for a rollback.
    pub before: Option<Weights>,
    /// Bounds that people have set.
    pub bounds: BTreeMap<RevisionName, Bounds>,
    /// What was changed, oldest first; only the newest.
    pub history: VecDeque<Record>,
}

/// What has been decided about a revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionState {
    /// What the spec says of it, or said last.
    pub rules: RevisionRules,
    /// How many replicas it is to have.
    pub replicas: u32,
    /// Since when it is to have so many.
    pub since: Timestamp,
    /// When it was to have replicas after it had none.
    pub woken: Option<Timestamp>,
    /// When its weight was taken away.
    pub idle_since: Option<Timestamp>,
    /// Why it was given up by a rollout that it failed.
    pub condemned: Option<String>,
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
    /// How far it was before its last step.
    pub last_percent: u8,
    /// Nothing of the revisions that leave runs any more, where the new ones had to wait for that.
    pub is_cleared: bool,
    /// When it began, or its step did.
    pub since: Timestamp,
    /// It waits for a person.
    pub paused: Option<Pause>,
}

/// How a change ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Which change.
    pub change: u32,
    /// When.
    pub time: Timestamp,
    /// Whether its weights count now.
    pub succeeded: bool,
    /// Why.
    pub reason: String,
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

impl Change {
    /// Revisions that get more in the end than before it.
    pub fn gainers(&self) -> impl Iterator<Item = &RevisionId> {
        let gains = self.to.iter().filter(|(id, weight)| *weight > self.from.get(id));
        gains.map(|(id, _)| id)
    }

    /// Revisions that get less in the end than before it.
    pub fn losers(&self) -> impl Iterator<Item = &RevisionId> {
        let losses = self.from.iter().filter(|(id, weight)| *weight > self.to.get(id));
        losses.map(|(id, _)| id)
    }

    /// It waits for those who leave to be gone, before it starts the others. `weights`: those that count
    /// now, which a change before it may have given to others than those that it comes back to.
    pub fn is_minimal_ram(&self, rules: &Rules, weights: &Weights) -> bool {
        rules.transition == Transition::MinimalRam
            && self.from.iter().chain(weights.iter()).any(|(id, _)| self.to.get(id) == 0)
    }
}

impl EndpointState {
    /// The revision of this name that the spec means.
    pub fn current(&self, name: &RevisionName) -> Option<&RevisionId> {
        let digest = &self.rules.as_ref()?.revisions.get(name)?.digest;
        let same = self
            .revisions
            .iter()
            .filter(|(id, one)| id.name == *name && one.rules.digest == *digest);
        same.map(|(id, _)| id).max_by_key(|id| id.generation)
    }

    /// Whether the spec means this revision.
    pub fn is_current(&self, id: &RevisionId) -> bool {
        self.current(&id.name) == Some(id)
    }

    /// The weights that the spec leads to; `None` where it gives none.
    pub fn wanted(&self) -> Option<Weights> {
        let shares = self.rules.as_ref()?.revisions.iter();
        let shares =
            shares.filter_map(|(name, one)| Some((self.current(name)?.clone(), one.traffic)));
        Weights::new(shares).ok()
    }

    /// The bounds that count for a revision: those that people have set for its name, else the spec's.
    pub fn bounds(&self, id: &RevisionId) -> Bounds {
        let own =
            self.revisions.get(id).map(|one| Bounds { min: one.rules.min, max: one.rules.max });
        let bounds = self.bounds.get(&id.name).filter(|_| keeps(Guard::PersonsBounds)).copied();
        let Bounds { min, max } = bounds.or(own).unwrap_or(Bounds { min: 0, max: 1 });
        let max = max.max(1);
        Bounds { min: min.min(max), max }
    }
}
