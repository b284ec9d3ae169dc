//! What the replicas of a revision are: everything that makes one of them, under the fingerprint of that.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::ServeError;
use crate::plan::ServingPlan;
use crate::spec::TrainJob;
use crate::storage::{BucketSettings, CodeDigest, CodeRules};
use crate::store::{Durability, EndpointPaths, private_dir, write_atomic};
use crate::sys;
use crate::text::{hex, read_document};
use crate::work::ServedModel;
use crate::work::train::{LoadedJob, SecretAt, revealed};

/// Format of the document: the one that is written, and the newest that can be read.
const DEFINITION_VERSION: u32 = 1;

/// The definition of a revision, as it lies in the state folder. It has no secrets: what is withheld comes
/// to the controller by variables of its own environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// Format of this document.
    pub schema_version: u32,
    /// The fingerprint of all the rest, by which the journal names it.
    pub digest: String,
    /// A replica as a run of one role.
    pub job: TrainJob,
    /// What the process beside its server is told.
    pub serving: ServingPlan,
    /// The model.
    pub model: ServedModel,
    /// Most requests that a replica gets at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
    /// Where values stand that are secret, and by which variables the controller gets them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretAt>,
    /// SHA-256 over those values, so that another value makes another revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets_digest: Option<String>,
    /// Secrets that are looked up where a replica starts, as they were; absent where there are none, and in a
    /// cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_up: Option<LookedUp>,
    /// Paths of values that the environment gave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from_env: Vec<String>,
    /// The folder in which relative paths start.
    pub base: PathBuf,
    /// The copy that the endpoint has of its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeDigest>,
    /// It was written for another system.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
    /// How the user reaches buckets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<String, BucketSettings>,
}

/// Values of Secrets of this machine, of which none is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LookedUp {
    /// SHA-256 over them, so that another value makes another revision.
    pub digest: String,
    /// Those that variables of the shell have given, by the names of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
}

impl Definition {
    /// The format that is written.
    pub const VERSION: u32 = DEFINITION_VERSION;

    /// The same with its fingerprint. How many replicas there are, and which share they have, is none of
    /// it: neither makes a replica another one.
    pub fn sealed(mut self) -> Result<Self, ServeError> {
        self.digest = String::new();
        let json = serde_json::to_vec(&self).map_err(std::io::Error::from)?;
        hex::encode(Sha256::digest(&json))[..32].clone_into(&mut self.digest);
        Ok(self)
    }

    /// Reads the definition with this fingerprint.
    pub fn read(paths: &EndpointPaths, digest: &str) -> Result<Self, ServeError> {
        let path = paths.definition(digest);
        let bytes = sys::read_own(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ServeError::Missing(paths.endpoint.clone()),
            _ => error.into(),
        })?;
        read_document(&bytes, DEFINITION_VERSION)
            .map_err(|error| ServeError::Damaged { path, reason: error.to_string() })
    }

    /// Writes it so that it survives a loss of power.
    pub fn write(&self, paths: &EndpointPaths) -> Result<(), ServeError> {
        let path = paths.definition(&self.digest);
        if let Some(dir) = path.parent() {
            private_dir(dir)?;
        }
        let bytes = serde_json::to_vec_pretty(self).map_err(std::io::Error::from)?;
        Ok(write_atomic(&path, &bytes, Durability::PowerLoss)?)
    }

    /// The job of a replica, with its secrets in their places and the endpoint's copy of its code.
    pub fn loaded(
        &self,
        paths: &EndpointPaths,
        variables: &BTreeMap<String, String>,
    ) -> Result<LoadedJob, ServeError> {
        let mut job = revealed(&self.job, &self.secrets, variables)?;
        let fixed = self.code.as_ref().map(|code| paths.code(&code.sha256));
        if let Some(code) = &fixed {
            job.code = Some(code.to_string_lossy().into_owned().into());
        }
        Ok(LoadedJob {
            code_beside: false,
            is_typed: false,
            own_rules: fixed.map(|_| CodeRules::fixed()),
            job,
            from_env: self.from_env.clone(),
            source: "".into(),
            base: self.base.clone(),
            foreign: self.foreign,
            storage: self.storage.clone(),
        })
    }
}
