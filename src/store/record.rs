//! The record of one run, `run.json`.

use std::path::PathBuf;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::IndexEntry;
use crate::event::RunState;
use crate::event::{Cursor, PodSight};
use crate::event::{Event, EventKind};
use crate::gang::{Attempt, ReplicaId, RunId, Verdict};
use crate::plan::{ReplicaOf, TrialOf, group};
use crate::storage::CodeDigest;

/// Version of the format of `run.json`: the one that is written, and the newest that can be read.
pub const RECORD_VERSION: u32 = 1;

/// What is known of a run: the facts of its submission, and how far its story has been read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// Format of this document.
    pub schema_version: u32,
    /// Id of the run, `<name>-<6 characters>`.
    pub id: RunId,
    /// The `name` that the spec gives.
    pub name: String,
    /// The spec's kind, for example `TrainJob`.
    pub kind: String,
    /// Where it runs: `local`, or `<context>/<namespace>` of a cluster.
    pub runtime: String,
    /// When it was recorded.
    pub created: Timestamp,
    /// When its first attempt started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it ended; absent while it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The folder it was submitted from.
    pub cwd: PathBuf,
    /// Name of the user who submitted it, as its runtime knows them, else their machine.
    pub user: String,
    /// Name of the machine that it was submitted from; empty where the record was remade.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// The command line that submitted it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argv: Vec<String>,
    /// The labels that the spec gives.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub labels: IndexMap<String, String>,
    /// The trial that it is; absent for a run of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<TrialOf>,
    /// The replica of an endpoint that it is; absent for a run of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serves: Option<ReplicaOf>,
    /// The commit that the code was at; absent where the code lay in no checkout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitCommit>,
    /// The code as it was submitted; absent where there is none, or an older mlctl submitted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeDigest>,
    /// Version of the mlctl that submitted it.
    #[serde(default)]
    pub mlctl_version: String,
    /// The state of the run after the last event of its journal.
    pub state: RunState,
    /// The last attempt heard of.
    #[serde(default)]
    pub attempt: Attempt,
    /// The pods that are not simply there, by replica, while it lives.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub pods: IndexMap<ReplicaId, PodSight>,
    /// What its primary has reported last; absent before it has reported anything, and where an older mlctl
    /// kept the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<LastMetrics>,
    /// How it ended; absent while it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// mlctl could not submit it: no runtime has taken it over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsubmitted: bool,
    /// It was taken in from its cluster, not submitted from here: whoever wrote the objects there says
    /// that it is this user's, and nothing proves it. It is shown, and nothing is done with it unless
    /// it is named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
    /// It was taken in from its cluster, and is another user's there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
    /// The version of the registry that its model has become, where it was to be pushed by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed: Option<PushedModel>,
    /// How far the runtime's story has been read.
    #[serde(default)]
    pub cursor: Cursor,
    /// The journal as it was when the cursor was there. What lies behind it was not finished.
    #[serde(default)]
    pub journal: JournalMark,
    /// What has happened behind that and could not be written down, for want of room or because nothing may
    /// be written there. The record has it taken in; whoever syncs when there is room finds it again.
    #[serde(skip)]
    pub unkept: Vec<Event>,
}

/// The last value of each metric of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastMetrics {
    /// The last step or epoch, when one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// Each number by the name that the command gave it.
    pub values: IndexMap<String, f64>,
}

/// A run's model as a version of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PushedModel {
    /// The model's name.
    pub name: String,
    /// The number that it got.
    pub version: u64,
}

/// The commit that a folder's code was at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitCommit {
    /// The full hash of the commit, in hexadecimal.
    pub commit: String,
    /// There were changes that it doesn't have.
    pub dirty: bool,
}

/// A place in the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JournalMark {
    /// Bytes up to here.
    pub bytes: u64,
    /// `seq` of the last event up to here.
    pub seq: u64,
}

impl RunRecord {
    /// The study or the endpoint that it is a part of; `None` for a run of its own.
    pub fn group(&self) -> Option<&RunId> {
        group(self.trial.as_ref(), self.serves.as_ref())
    }

    /// Takes an event in. `primary` is the replica whose metrics are the run's.
    pub fn apply(&mut self, event: &Event, primary: Option<&ReplicaId>) {
        if self.state.is_ended() {
            return;
        }
        self.state = self.state.after(event);
        self.attempt = self.attempt.max(event.attempt);
        match &event.kind {
            EventKind::AttemptStarted => {
                self.started.get_or_insert(event.time);
            }
            EventKind::Finished { verdict, unsubmitted, .. } => {
                self.unsubmitted = *unsubmitted;
                self.ended = Some(event.time);
                self.pods.clear();
                self.verdict = Some(verdict.clone());
            }
            EventKind::PodChanged { state, message } => {
                let Some(replica) = &event.replica else { return };
                match PodSight::of(*state, event.time, message) {
                    Some(sight) => drop(self.pods.insert(replica.clone(), sight)),
                    None => drop(self.pods.shift_remove(replica)),
                }
            }
            EventKind::Metrics { step, values, earlier }
                if primary.is_some() && event.replica.as_ref() == primary =>
            {
                let last = self.metrics.get_or_insert_default();
                let before = earlier.iter().map(|point| (point.step, &point.values));
                for (step, values) in before.chain([(*step, values)]) {
                    last.step = step.or(last.step);
                    last.values.extend(values.iter().map(|(name, value)| (name.clone(), *value)));
                }
            }
            _ => {}
        }
    }

    /// What the index keeps of it.
    pub fn entry(&self) -> IndexEntry {
        IndexEntry {
            id: self.id.clone(),
            name: self.name.clone(),
            kind: self.kind.clone(),
            runtime: self.runtime.clone(),
            cwd: self.cwd.to_string_lossy().into_owned(),
            user: self.user.clone(),
            labels: self.labels.clone(),
            trial: self.trial.clone(),
            serves: self.serves.clone(),
            created: self.created,
            outcome: self.verdict.as_ref().map(|verdict| verdict.outcome),
            started: self.ended.and(self.started),
            ended: self.ended,
            unsubmitted: self.unsubmitted,
            adopted: self.adopted,
        }
    }

    /// The record as far as the index knows it, for a run whose own record is lost. Its story is
    /// read again from the beginning.
    pub fn from_entry(entry: &IndexEntry) -> Self {
        Self {
            unkept: Vec::new(),
            schema_version: RECORD_VERSION,
            id: entry.id.clone(),
            name: entry.name.clone(),
            kind: entry.kind.clone(),
            runtime: entry.runtime.clone(),
            created: entry.created,
            started: None,
            ended: None,
            cwd: entry.cwd.clone().into(),
            user: entry.user.clone(),
            host: String::new(),
            argv: Vec::new(),
            labels: entry.labels.clone(),
            trial: entry.trial.clone(),
            serves: entry.serves.clone(),
            git: None,
            code: None,
            mlctl_version: String::new(),
            state: RunState::Submitted,
            attempt: 0,
            pods: IndexMap::new(),
            metrics: None,
            verdict: None,
            unsubmitted: false,
            adopted: entry.adopted,
            // The index doesn't say whose it is, and what another has spent is nobody's else.
            foreign: entry.adopted,
            pushed: None,
            cursor: Cursor::default(),
            journal: JournalMark::default(),
        }
    }
}
