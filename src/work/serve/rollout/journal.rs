//! The journal of an endpoint: what was decided, by whom and why, one line of JSON each. What stands in
//! it counts; whatever is not in it has not been decided, and is decided again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EndpointState, RevisionId, Rules, Weights};
use crate::gang::RevisionName;

/// Version of a line's format (`v`): the one that is written, and the newest that can be read.
pub const JOURNAL_VERSION: u32 = 1;

/// Who writes what no person has asked for.
pub const CONTROLLER: &str = "controller";

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Version of the line's format, [`JOURNAL_VERSION`].
    pub v: u32,
    /// When it was written, by the clock of whoever did.
    pub time: Timestamp,
    /// Who wrote it: [`CONTROLLER`], or a person.
    pub by: String,
    /// What it says.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What a line says. The first ones are what people append, from any process; the others are the
/// controller's. One of the controller's that is about a change which is no longer the one under way
/// changes nothing, so that a person's line that came in between wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum Entry {
    /// The endpoint is to become this: `serve`. A rollout to other weights than those that are under
    /// way takes its place; one to the same weights goes on by the new rules.
    Applied {
        /// What it is to become.
        rules: Box<Rules>,
    },
    /// Weights by hand, in one step: `traffic`. They end a rollout that is under way.
    Traffic {
        /// Percent for each revision, by name; 0 for those left out.
        weights: BTreeMap<RevisionName, u8>,
    },
    /// Back to the weights before, or to one revision: `rollback`. Ends a rollout that is under way.
    Rollback {
        /// Which revision gets everything; `None`: the weights before those of now.
        to: Option<RevisionId>,
    },
    /// Other bounds than the spec's: `scale`. They count until bounds of this revision that differ from
    /// the spec's of then are applied.
    Bounds {
        /// Which revision.
        revision: RevisionName,
        /// Fewest replicas.
        min: u32,
        /// Most replicas.
        max: u32,
    },
    /// The change under way waits for a person: `rollout pause`, or the controller's own doubt.
    Paused {
        /// Which change; `None`: the one under way.
        change: Option<u32>,
        /// Why.
        reason: String,
    },
    /// It goes on, with a new measurement of its step: `rollout resume`.
    Resumed,
    /// It goes to its end without further judgement, as soon as who gains is ready: `rollout promote`.
    Promoted,
    /// The old weights come back: `rollout abort`.
    Aborted {
        /// Why.
        reason: String,
    },
    /// These are the weights from here on.
    Weights {
        /// Of which change.
        change: u32,
        /// How far it is on its way, in percent.
        percent: u8,
        /// The weights.
        weights: Weights,
        /// Why.
        reason: String,
    },
    /// Nothing of the revisions that leave is running any more, so the others may start.
    Cleared {
        /// Of which change.
        change: u32,
    },
    /// A change is over, well.
    Finished {
        /// Which.
        change: u32,
        /// Why.
        reason: String,
    },
    /// A change is over, and the weights before it are back.
    Failed {
        /// Which.
        change: u32,
        /// Why: which figure broke, and by how much.
        reason: String,
    },
    /// No ready replica is left of those that carry weight, and another revision takes over.
    Replaced {
        /// The weights until then.
        from: Weights,
        /// The weights from here on.
        weights: Weights,
        /// Why.
        reason: String,
    },
    /// A revision has so many replicas from here on.
    Scaled {
        /// Which.
        revision: RevisionId,
        /// How many it had.
        from: u32,
        /// How many it has.
        to: u32,
        /// Why.
        reason: String,
    },
    /// The whole state, in place of all lines before: a journal that starts with it is a shorter one.
    Snapshot {
        /// The state.
        state: Box<EndpointState>,
    },
}
