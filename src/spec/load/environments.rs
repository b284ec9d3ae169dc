//! What documents install from their code is looked at.

use std::path::Path;

use super::loader::Loader;
use crate::spec::installs::Installs;
use crate::spec::kinds::train::Setup;
use crate::spec::kinds::tune::Trial;
use crate::spec::kinds::{Document, Resolved};
use crate::spec::syntax::{Spans, index_path};
use crate::storage::Place;

impl Loader<'_> {
    /// Looks at what a document installs from its code.
    pub(super) fn installs(&mut self, document: &Document) {
        let own = "setup.python".to_owned();
        match document {
            Document::TrainJob(job) => {
                self.installed(
                    job.spec.code.as_ref(),
                    job.spec.setup.as_ref(),
                    &job.spans,
                    own,
                    "",
                );
            }
            Document::BatchPredictJob(job) => {
                self.installed(
                    job.spec.code.as_ref(),
                    job.spec.setup.as_ref(),
                    &job.spans,
                    own,
                    "",
                );
            }
            Document::TuneJob(study) => match &study.spec.trial {
                Trial::File(file) => {
                    let Some(job) = &file.job else { return };
                    let beside = file.file.as_str();
                    self.installed(
                        job.spec.code.as_ref(),
                        job.spec.setup.as_ref(),
                        &job.spans,
                        own,
                        beside,
                    );
                }
                Trial::Job(job) => {
                    let path = "trial.setup.python".to_owned();
                    self.installed(job.code.as_ref(), job.setup.as_ref(), &study.spans, path, "");
                }
            },
            Document::Endpoint(endpoint) => {
                let Resolved { spec, spans, .. } = &**endpoint;
                if spec.revisions.iter().any(|one| one.setup.is_none() && one.code.is_none()) {
                    self.installed(spec.code.as_ref(), spec.setup.as_ref(), spans, own, "");
                }
                for (index, revision) in spec.revisions.iter().enumerate() {
                    if revision.setup.is_none() && revision.code.is_none() {
                        continue;
                    }
                    let path = if revision.setup.is_some() {
                        format!("{}.setup.python", index_path("revisions", index))
                    } else {
                        "setup.python".to_owned()
                    };
                    let whole = spec.effective(revision);
                    self.installed(whole.code.as_ref(), whole.setup.as_ref(), spans, path, "");
                }
            }
        }
    }

    /// Looks at a Python environment and the code that it is made from. `path` is where the spec has
    /// it, `beside` the file that names the code.
    fn installed(
        &mut self,
        place: Option<&Place>,
        setup: Option<&Setup>,
        spans: &Spans,
        path: String,
        beside: &str,
    ) {
        let (Some(files), Some(Place::Path(code))) = (self.options.files.code(), place) else {
            return;
        };
        let Some(python) = setup.and_then(|setup| setup.python.as_ref()) else { return };
        let beside = Path::new(beside).parent().unwrap_or(Path::new(""));
        let code = beside.join(code.as_path()).to_string_lossy().into_owned();
        Installs { files, code, python, spans, path }.check(&mut self.out);
    }
}
