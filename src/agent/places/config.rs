//! What an agent is told of places in buckets.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::plan::{DataPlan, GangPlan};
use crate::storage::{BucketSettings, Place};

/// The places in buckets that one replica reads and writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Places {
    /// What is fetched before set-up, and linked into the working folders.
    pub data: Vec<DataPlan>,
    /// The output that the agent keeps; `None`: the command writes to its output itself.
    pub output: Option<KeptOutput>,
    /// How the buckets are reached, by bucket.
    pub buckets: BTreeMap<String, BucketSettings>,
}

/// A folder that is kept in a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptOutput {
    /// Where it is kept.
    pub uri: Place,
    /// The folder.
    pub folder: PathBuf,
    /// Names of the folders in it that this replica keeps: `model`, `checkpoints`, `logs`.
    pub parts: Vec<String>,
    /// A model that another run has put there is written over.
    pub overwrite: bool,
}

impl Places {
    /// The places of a replica. `folder` is the base of its outputs; of several replicas that share
    /// one folder only one keeps it.
    pub fn of(gang: &GangPlan, folder: PathBuf, parts: &[&str]) -> Self {
        let kept = |(uri, overwrite): (&Place, bool)| KeptOutput {
            uri: uri.clone(),
            folder,
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
            overwrite,
        };
        let sync = gang.sync.as_ref().filter(|_| !parts.is_empty());
        Self {
            data: gang.fetched().cloned().collect(),
            output: gang.output.as_ref().zip(sync.map(|sync| sync.overwrite)).map(kept),
            buckets: gang.storage.buckets.clone(),
        }
    }

    /// Nothing is in a bucket.
    pub(crate) fn is_empty(&self) -> bool {
        self.data.is_empty() && self.output.is_none()
    }
}
