//! The trial of a study that stands in a file of its own.

use super::loader::Loader;
use crate::spec::check::secret;
use crate::spec::kinds::train::TrainJob;
use crate::spec::kinds::tune::{Trial, TuneJob};
use crate::spec::kinds::{Document, Resolved};
use crate::spec::syntax::{Code, Diagnostic, Source, parse};

impl Loader<'_> {
    /// Reads the file of a study's trial, if it has one and there is a reader.
    pub(super) fn trial(&mut self, study: &mut Resolved<TuneJob>) {
        let Trial::File(file) = &mut study.spec.trial else { return };
        let path = file.file.as_str();
        let Some(read) = self.options.files.read(path) else { return };
        let span = study.spans.value("trial.file");
        match read.and_then(|source| self.trial_in(source)) {
            Ok(job) => file.job = job.map(Box::new),
            Err(reason) => self.out.list.push(
                Diagnostic::error(Code::TrialFile, reason)
                    .at(span, "")
                    .help("name a file with one TrainJob, or write the TrainJob below `trial:`"),
            ),
        }
    }

    /// The one TrainJob of a file; none when its errors are among the findings.
    fn trial_in(&mut self, source: Source) -> Result<Option<Resolved<TrainJob>>, String> {
        let name = source.name.clone();
        let parsed = parse(self.out.sources.len(), &source.text);
        self.out.sources.push(source);
        let index = self.out.sources.len() - 1;
        if parsed.broken {
            secret::find_in_text(index, &self.out.sources[index].text, &mut self.out.secrets);
        }
        for node in &parsed.documents {
            secret::find(node, &mut self.out.secrets);
        }
        let unread = !parsed.findings.is_empty();
        self.out.list.extend(parsed.findings);
        match &parsed.documents[..] {
            _ if unread => Ok(None),
            [] => Err(format!("there is no document in {name}")),
            [node] => match self.document(&parsed.documents, index, 0, true).pop() {
                Some(Document::TrainJob(job)) => {
                    self.literal_secrets(node);
                    Ok(Some(*job))
                }
                Some(other) => {
                    Err(format!("{name} has a {}, and a trial is a TrainJob", other.kind()))
                }
                None => Ok(None),
            },
            several => Err(format!("{name} has {} documents, and a trial is one", several.len())),
        }
    }
}
