//! What mlctl remembers of a run in a cluster: enough to read its logs when the pods are gone.

use std::io;

use serde::{Deserialize, Serialize};

use crate::agent::pod::PodDocument;
use crate::plan::ClusterLayout;
use crate::store::{Durability, RunPaths, write_atomic};

/// Kept in the run's folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Submission {
    /// The word that marks the agents' own lines.
    pub(crate) nonce: String,
    /// Which Job and index each replica is.
    pub(crate) layout: ClusterLayout,
    /// This machine has seen that all objects were made.
    #[serde(default)]
    pub(crate) complete: bool,
    /// Logs, events and termination messages lie in the run's folder, as they were at its end.
    #[serde(default)]
    pub(crate) archived: bool,
}

impl Submission {
    pub(crate) fn of(document: &PodDocument) -> Self {
        Self {
            nonce: document.nonce.clone(),
            layout: document.layout.clone(),
            complete: false,
            archived: false,
        }
    }

    pub(crate) fn read(run: &RunPaths) -> Option<Self> {
        serde_json::from_slice(&fs_err::read(file(run)).ok()?).ok()
    }

    pub(crate) fn write(&self, run: &RunPaths) -> io::Result<()> {
        fs_err::create_dir_all(run.agents())?;
        write_atomic(&file(run), &serde_json::to_vec(self)?, Durability::Crash)
    }
}

fn file(run: &RunPaths) -> std::path::PathBuf {
    run.agents().join("cluster.json")
}
