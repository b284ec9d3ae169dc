//! A batch prediction as it was loaded from its file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::JobDocument;
use crate::spec::{BatchFiles, BatchInput, BatchPredictJob};
use crate::storage::{BucketSettings, Place};
use crate::work::ServedModel;
use crate::work::train::{LoadedJob, TrainError, rules_beside};

/// One job with what is known of its source.
#[derive(Debug)]
pub struct LoadedBatch {
    /// The job with overrides and variables filled in.
    pub job: BatchPredictJob,
    /// Its replicas, as what packs and plans training runs takes them.
    pub workers: LoadedJob,
    /// The model; a name is a folder's until somebody has looked it up.
    pub model: ServedModel,
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
        source: Arc<str>,
        base: PathBuf,
        foreign: bool,
        storage: BTreeMap<String, BucketSettings>,
    ) -> Self {
        let workers = super::build::workers(&job);
        let own_rules = rules_beside(&workers, job.output.place(), &base);
        let workers = LoadedJob {
            code_beside: false,
            is_typed: false,
            job: workers,
            from_env,
            source,
            base,
            foreign,
            own_rules: Some(own_rules),
            storage,
        };
        let asked = job.model.uri.as_ref().map(ToString::to_string);
        let place = asked.as_ref().map(|text| Place::from(text.as_str()));
        let place = place.map(|place| place.without_file_scheme().starting_at(&workers.base));
        let model = ServedModel { asked, place, ..ServedModel::default() };
        Self { workers, job, model, retry: None }
    }

    /// The folder of the results.
    pub fn output(&self) -> Place {
        self.absolute(self.job.output.place())
    }

    /// The job as YAML for whoever knows nothing of the spec's folder: its own places are whole, those of
    /// a model hub at the commit of its document, and a model of the registry has its version's number,
    /// so that it means the same wherever and whenever it is read.
    pub fn resolved(&self, document: &JobDocument) -> Result<String, TrainError> {
        let mut job = self.job.clone();
        job.files_mut().into_iter().for_each(|place| *place = self.absolute(place));
        let is_of_hub = |place: &Place| place.as_str().starts_with("hf://");
        let of_hub = self.model.place.as_ref().is_some_and(is_of_hub);
        job.model.uri = if of_hub && document.model.starts_with("hf://") {
            Some(document.model.as_str().into())
        } else {
            self.model.pinned()
        };
        if job.input.places().iter().any(is_of_hub) {
            let format = Some(job.input.format());
            let uris = document.inputs.iter().map(|input| input.place.clone()).collect();
            job.input = BatchInput::Files(BatchFiles { uris, format });
        }
        job.code = job.code.map(|code| self.absolute(&code));
        job.to_yaml().map_err(|error| TrainError::Unwritable(error.to_string()))
    }

    /// A place of the spec for whoever knows nothing of the spec's folder.
    pub(super) fn absolute(&self, place: &Place) -> Place {
        place.without_file_scheme().starting_at(&self.workers.base)
    }
}
