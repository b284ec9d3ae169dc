//! A batch prediction as it was loaded from its file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::spec::BatchPredictJob;
use crate::storage::{BucketSettings, Place};
use crate::work::train::{LoadedJob, TrainError};

/// One job with what is known of its source.
#[derive(Debug)]
pub struct LoadedBatch {
    /// The job with overrides and variables filled in.
    pub job: BatchPredictJob,
    /// Its replicas, as what packs and plans training runs takes them.
    pub workers: LoadedJob,
    /// Only rows that have failed are asked again, as this generation of the output's markers.
    pub retry: Option<u32>,
}

impl LoadedBatch {
    /// A job that was read from `source`. `from_env` are the paths of values that the environment
    /// gave, relative paths start at `base`, a `foreign` job was written for Vertex AI, and
    /// `storage` is how the user reaches buckets.
    pub fn new(
        job: BatchPredictJob,
        from_env: Vec<String>,
        source: String,
        base: PathBuf,
        foreign: bool,
        storage: BTreeMap<String, BucketSettings>,
    ) -> Self {
        let workers = super::build::workers(&job);
        let workers = LoadedJob { job: workers, from_env, source, base, foreign, storage };
        Self { workers, job, retry: None }
    }

    /// The folder of the results.
    pub fn output(&self) -> Place {
        self.absolute(self.job.output.place())
    }

    /// The job as YAML for whoever knows nothing of the spec's folder: its own places are whole, so
    /// that it means the same wherever it is read.
    pub fn resolved(&self) -> Result<String, TrainError> {
        let mut job = self.job.clone();
        job.places_mut().into_iter().for_each(|place| *place = self.absolute(place));
        job.code = job.code.map(|code| self.absolute(&code));
        job.to_yaml().map_err(|error| TrainError::Unwritable(error.to_string()))
    }

    /// A place of the spec for whoever knows nothing of the spec's folder.
    pub(super) fn absolute(&self, place: &Place) -> Place {
        place.without_file_scheme().starting_at(&self.workers.base)
    }
}
