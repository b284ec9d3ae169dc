//! A job as YAML: short, and read back as the same job.

use super::types::{BatchInput, BatchOutput, BatchPredictJob, ModelRef};
use crate::spec::kinds::train::{TrainJob, written};
use crate::spec::syntax::escape;
use crate::storage::Place;

impl BatchPredictJob {
    /// The job as YAML, without what is a default anyway. Values are written in full: one that came
    /// from the environment is there in clear text.
    pub fn to_yaml(&self) -> Result<String, serde_saphyr::ser::Error> {
        serde_saphyr::to_string(&self.written())
    }

    /// The job as a file says it that means this one: what was replaced once is not replaced again.
    #[must_use]
    pub fn written(&self) -> Self {
        let common = TrainJob { secrets: self.secrets.clone(), ..self.workers() };
        let TrainJob { name, labels, code, env, accelerators, node_selector, queue, .. } =
            written(&common);
        let mut job =
            Self { name, labels, code, env, accelerators, node_selector, queue, ..self.clone() };
        let model = &mut job.model;
        let texts = [
            &mut model.image,
            &mut model.signature,
            &mut model.version,
            &mut model.name,
            &mut model.routes.predict,
            &mut model.routes.health,
            &mut job.endpoint,
            &mut job.instances.key_field,
            &mut job.storage.secret,
            &mut job.storage.service_account,
            &mut job.storage.endpoint,
            &mut job.storage.region,
            &mut job.priority_class,
            &mut job.service_account,
        ];
        texts.into_iter().flatten().for_each(escape);
        job.files_mut().into_iter().for_each(escape_place);
        job.model.uri.iter_mut().for_each(escape_model);
        job
    }

    /// The places of the job's files: inputs and output.
    pub fn files_mut(&mut self) -> Vec<&mut Place> {
        let mut places: Vec<&mut Place> = Vec::new();
        match &mut self.input {
            BatchInput::Place(place) => places.push(place),
            BatchInput::Places(several) => places.extend(several),
            BatchInput::Files(files) => places.extend(&mut files.uris),
        }
        match &mut self.output {
            BatchOutput::Place(place) => places.push(place),
            BatchOutput::Folder(folder) => places.push(&mut folder.uri),
        }
        places
    }
}

/// What a file says that means this model: what was replaced once is not replaced again.
pub(crate) fn escape_model(model: &mut ModelRef) {
    let mut text = model.to_string();
    escape(&mut text);
    *model = text.into();
}

fn escape_place(place: &mut Place) {
    let mut text = place.to_string();
    escape(&mut text);
    *place = text.into();
}
