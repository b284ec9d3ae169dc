//! What mlctl remembers of a run in a cluster: enough to read its logs when the pods are gone.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use crate::agent::pod::PodDocument;
use crate::gang::{ReplicaId, RunId};
use crate::plan::ClusterLayout;
use crate::store::{Durability, RunPaths, write_atomic};

/// What is kept in the run's folder of its submission to a cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Submission {
    /// The word that marks the agents' own lines.
    pub(crate) nonce: String,
    /// Which Job and index each replica is.
    pub(crate) layout: ClusterLayout,
    /// The uid of each Job, by the Job's name, as far as this machine has seen them: Jobs of the same
    /// name that come later are not the run's.
    #[serde(default)]
    pub(crate) jobs: BTreeMap<String, String>,
    /// The replicas are tasks: each one's agent leads itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) tasks: bool,
    /// This machine has seen that all objects were made.
    #[serde(default)]
    pub(crate) complete: bool,
    /// Logs, events and termination messages lie in the run's folder, as they were at its end.
    #[serde(default)]
    pub(crate) archived: bool,
}

impl Submission {
    /// What the agents' document in the cluster says of the submission of `run`. The error says what
    /// of it can't be true.
    pub(crate) fn of(run: &RunId, document: &PodDocument) -> Result<Self, String> {
        document.plan.check()?;
        if document.plan.head.run != *run {
            return Err(format!("it is of the run {}", document.plan.head.run));
        }
        if document.layout != ClusterLayout::of(&document.plan) {
            return Err("its layout is not its plan's".into());
        }
        Ok(Self {
            nonce: document.nonce.clone(),
            layout: document.layout.clone(),
            jobs: BTreeMap::new(),
            tasks: document.plan.is_tasks(),
            complete: false,
            archived: false,
        })
    }

    /// The replicas whose agents decide: of a gang index 0 of the first Job, of tasks every one.
    pub(crate) fn leaders(&self) -> impl Iterator<Item = &ReplicaId> {
        let first = self.layout.jobs.first().into_iter().flat_map(|job| &job.replicas);
        first.take(if self.tasks { usize::MAX } else { 1 })
    }

    /// What this machine remembers of a run; `None` when it remembers nothing that can be
    /// understood, so that the cluster has to be asked.
    pub(crate) fn read(run: &RunPaths) -> Option<Self> {
        serde_json::from_slice(&crate::sys::read_own(&file(run)).ok()?).ok()
    }

    /// Writes it into the run's folder, in place of what was remembered before.
    pub(crate) fn write(&self, run: &RunPaths) -> io::Result<()> {
        fs_err::create_dir_all(run.agents())?;
        write_atomic(&file(run), &serde_json::to_vec(self)?, Durability::Crash)
    }
}

fn file(run: &RunPaths) -> std::path::PathBuf {
    run.submission()
}
