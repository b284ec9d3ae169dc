//! What an agent is told of places in buckets.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::gang::ReplicaId;
use crate::plan::{DataPlan, GangPlan};
use crate::storage::{BucketSettings, ClaimMode, Place};

/// The places in buckets that one replica reads and writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Places {
    /// What is fetched before set-up, and linked into the working folders.
    pub data: Vec<DataPlan>,
    /// The output that the agent keeps; `None`: the command writes to its output itself.
    pub output: Option<KeptOutput>,
    /// The output that the agent claims for the run before anything is written there; only the primary's
    /// has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimedOutput>,
    /// How the buckets are reached, by bucket.
    pub buckets: BTreeMap<String, BucketSettings>,
}

/// An output that is claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimedOutput {
    /// The folder as this replica sees it, or the bucket in which it is kept.
    pub place: Place,
    /// What is done where another run has filled it.
    pub mode: ClaimMode,
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
    /// What other runs have left there is gone on with: their checkpoints.
    #[serde(default)]
    pub resumes: bool,
}

impl Places {
    /// The places of a replica. `folder` is the base of its outputs; of several replicas that share
    /// one folder only one keeps it.
    pub fn of(gang: &GangPlan, replica: &ReplicaId, folder: PathBuf, parts: &[&str]) -> Self {
        let claim = gang.claim.filter(|_| replica == gang.primary()).map(|mode| ClaimedOutput {
            place: match &gang.output {
                Some(uri) if gang.sync.is_some() => uri.clone(),
                _ => folder.to_string_lossy().into_owned().into(),
            },
            mode,
        });
        let kept = |uri: &Place| KeptOutput {
            uri: uri.clone(),
            folder,
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
            resumes: gang.claim == Some(ClaimMode::Resume),
        };
        let is_kept = gang.sync.is_some() && !parts.is_empty();
        Self {
            data: gang.fetched().cloned().collect(),
            output: gang.output.as_ref().filter(|_| is_kept).map(kept),
            claim,
            buckets: gang.storage.buckets.clone(),
        }
    }

    /// Nothing is in a bucket.
    pub(crate) fn is_empty(&self) -> bool {
        self.data.is_empty() && self.output.is_none() && self.claim.is_none()
    }
}
