//! A study as it was loaded from its file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::spec::{Resolved, Trial, TuneJob};
use crate::storage::BucketSettings;
use crate::work::train::LoadedJob;

/// One study with what is known of its source.
#[derive(Debug)]
pub struct LoadedStudy {
    /// The study with overrides and variables filled in.
    pub job: TuneJob,
    /// What its trials run, before any of them has its parameters; the name is the study's. Relative
    /// paths start in the folder of the file that it was written in.
    pub trial: LoadedJob,
    /// Paths of the study's values that the environment gave.
    pub from_env: Vec<String>,
}

impl LoadedStudy {
    /// A study that was read from `source`, whose relative paths start at `base`. `storage` is how
    /// the user reaches buckets.
    pub fn new(
        resolved: Resolved<TuneJob>,
        source: Arc<str>,
        base: PathBuf,
        storage: BTreeMap<String, BucketSettings>,
    ) -> Self {
        let Resolved { spec: job, from_env, converted_from, .. } = resolved;
        let of_trial = |path: &String| path.strip_prefix("trial.").map(str::to_owned);
        let mut trial = LoadedJob {
            job: job.trial.job().cloned().unwrap_or_default(),
            from_env: from_env.iter().filter_map(of_trial).collect(),
            source,
            base,
            foreign: converted_from.is_some(),
            code_beside: false,
            is_typed: false,
            own_rules: None,
            storage,
        };
        if let Trial::File(file) = &job.trial {
            if let Some(folder) = Path::new(file.file.as_str()).parent() {
                trial.base.push(folder);
            }
            if let Some(written) = &file.job {
                trial.from_env.clone_from(&written.from_env);
                trial.foreign = written.converted_from.is_some();
            }
        }
        trial.job.name.clone_from(&job.name);
        Self { job, trial, from_env }
    }
}
