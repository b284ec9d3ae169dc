//! What a study is, written down when it begins: everything that its loop needs to go on with it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::StudyError;
use crate::gang::RunId;
use crate::ops::cost::PriceFile;
use crate::spec::{TrainJob, Trial, TuneJob, Word};
use crate::storage::{BucketSettings, CodeDigest, CodeRules, Place};
use crate::store::{Durability, StudyPaths, write_atomic};
use crate::sys;
use crate::text::read_document;
use crate::work::train::{LoadedJob, SecretAt, revealed};

/// Format of the document: the one that is written, and the newest that can be read.
pub(super) const STUDY_VERSION: u32 = 1;

/// How the variables begin that bring a loop its secrets.
pub const SECRET_VARIABLE: &str = "MLCTL_STUDY_SECRET_";

/// A study as it lies in the state folder, `studies/<study>/study.json`. It has no secrets: what is
/// withheld comes to the loop by variables of its own environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StudyDocument {
    /// Format of this document, [`STUDY_VERSION`].
    pub schema_version: u32,
    /// The study's id: that of the run that began it.
    pub study: RunId,
    /// When it began.
    pub created: Timestamp,
    /// The study with overrides and variables filled in; what its trials run stands in place.
    pub spec: TuneJob,
    /// The folder in which relative paths of the trial start.
    pub base: PathBuf,
    /// The trials' code as the spec names it. Where the trial has none, it is the copy that the study has
    /// of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Place>,
    /// What that copy is, so that no trial has to read it for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_digest: Option<CodeDigest>,
    /// The trial was written for another system: what it asks of machines is taken as a hint.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
    /// Paths of the trial's values that the environment gave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from_env: Vec<String>,
    /// How the user reaches buckets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<String, BucketSettings>,
    /// Whose the study is, by the name that the trials' cluster knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Where trials run: `local`, or `<context>/<namespace>` of a cluster.
    pub runtime: String,
    /// What things cost there, where the study or its trials have a limit: a loop in a pod has no
    /// settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<PriceFile>,
    /// What the choices of parameters depend on beside the results.
    pub seed: u64,
    /// Trials run on the CPU where their accelerators are missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_cpu: bool,
    /// Where values of the trial stand that are secret, and by which variables the loop gets them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretAt>,
    /// What earlier studies have found that this one learns from, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Vec<EarlierTrial>>,
}

/// A trial of an earlier study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EarlierTrial {
    /// Its parameters.
    pub params: IndexMap<String, Word>,
    /// A value for each metric of this study; `None` where it failed.
    pub values: Option<Vec<f64>>,
}

impl StudyDocument {
    /// Reads the document of a study.
    pub fn read(paths: &StudyPaths) -> Result<Self, StudyError> {
        let path = paths.document();
        let damaged = |reason: String| StudyError::Damaged { path: path.clone(), reason };
        let bytes = sys::read_own(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => StudyError::Missing(paths.study.clone()),
            _ => error.into(),
        })?;
        let document: Self =
            read_document(&bytes, STUDY_VERSION).map_err(|error| damaged(error.to_string()))?;
        if document.study != paths.study {
            return Err(damaged(format!("it says that it is of the study {}", document.study)));
        }
        Ok(document)
    }

    /// Writes the document so that it survives a loss of power.
    pub fn write(&self, paths: &StudyPaths) -> Result<(), StudyError> {
        let bytes = serde_json::to_vec_pretty(self).map_err(std::io::Error::from)?;
        Ok(write_atomic(&paths.document(), &bytes, Durability::PowerLoss)?)
    }

    /// What trials run, before any of them has its parameters.
    pub fn template(&self) -> TrainJob {
        let mut job = self.spec.trial.job().cloned().unwrap_or_default();
        job.name.clone_from(&self.spec.name);
        job
    }

    /// The same with all that is known of its source.
    pub fn loaded(&self) -> LoadedJob {
        let job = self.template();
        LoadedJob {
            // The loop has put the copy in the place of the user's folder.
            code_beside: false,
            is_typed: false,
            own_rules: (job.code != self.code).then(CodeRules::fixed),
            job,
            from_env: self.from_env.clone(),
            source: self.spec.to_yaml().unwrap_or_default().into(),
            base: self.base.clone(),
            foreign: self.foreign,
            storage: self.storage.clone(),
        }
    }

    /// Makes the study whole for its loop: puts the secret values in their places, out of the loop's
    /// environment, and the copy of the code in that of the user's.
    pub fn reveal(
        &mut self,
        paths: &StudyPaths,
        variables: &BTreeMap<String, String>,
    ) -> Result<(), StudyError> {
        let mut job = revealed(&self.template(), &self.secrets, variables)?;
        if job.code.is_none() && self.code.is_some() {
            job.code = Some(paths.code().to_string_lossy().into_owned().into());
        }
        self.spec.trial = Trial::Job(Box::new(job));
        Ok(())
    }
}
