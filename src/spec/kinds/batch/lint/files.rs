//! Where rows come from and where results go.

use super::context::Lint;
use super::model::wrong_model;
use crate::spec::kinds::batch::{BatchInput, BatchOutput, ModelRef};
use crate::spec::syntax::{Code, Diagnostic, SourceSpan, index_path};
use crate::storage::Place;

impl Lint<'_> {
    pub(super) fn files(&mut self) {
        let job = self.job;
        let base = match &job.input {
            BatchInput::Place(_) | BatchInput::Places(_) => "input",
            BatchInput::Files(_) => "input.uris",
        };
        if job.input.places().is_empty() {
            self.add(
                Diagnostic::error(Code::EmptyPath, "there is no input")
                    .at(self.spans.key(base), "")
                    .help("name files, folders or patterns: `input: s3://bucket/in/*.jsonl`"),
            );
        }
        for (index, place) in job.input.places().iter().enumerate() {
            let path = match &job.input {
                BatchInput::Place(_) => base.to_owned(),
                BatchInput::Places(_) | BatchInput::Files(_) => index_path(base, index),
            };
            self.place("input", place, self.spans.value(&path));
        }
        let at = self.spans.value("model.uri");
        match &job.model.uri {
            Some(ModelRef::Place(place)) => {
                self.place("model.uri", place, at);
            }
            Some(ModelRef::Named(named)) if named.name.is_empty() && named.version.is_none() => {
                self.place("model.uri", &Place::from(""), at);
            }
            // A word alone may be a folder's name too, whatever is in it.
            Some(ModelRef::Named(named)) if named.version.is_some() => {
                if let Some(finding) = wrong_model(named, at) {
                    self.add(finding);
                }
            }
            Some(ModelRef::Named(_)) | None => {}
        }
        let span = match &job.output {
            BatchOutput::Place(_) => self.spans.value("output"),
            BatchOutput::Folder(_) => self.spans.value("output.uri"),
        };
        let output = job.output.place();
        if self.place("output", output, span) {
            self.written_to(output, span);
        }
        for bucket in job.storage.buckets.keys().filter(|bucket| !bucket.contains("://")) {
            self.add(
                Diagnostic::error(Code::BadUri, format!("`{bucket}` names no bucket"))
                    .at(self.spans.key(&format!("storage.buckets.{bucket}")), "")
                    .help(format!("write `s3://{bucket}`")),
            );
        }
    }

    /// Whether a place can be one at all.
    fn place(&mut self, field: &str, place: &Place, span: SourceSpan) -> bool {
        let text = place.as_str();
        let finding = if text.trim().is_empty() {
            Diagnostic::error(Code::EmptyPath, format!("`{field}` is empty"))
                .at(span, "")
                .help("write a bucket's URL or a path")
        } else if text == "~" || text.starts_with("~/") {
            Diagnostic::error(Code::Tilde, format!("`{field}`: `~` is a shell's abbreviation"))
                .at(span, "a folder called `~`")
                .help(format!("write `${{HOME}}{}`", &text[1..]))
        } else if place.claim().is_some() {
            Diagnostic::error(
                Code::BadUri,
                format!("`{place}` is a claim, which only pods can read"),
            )
            .at(span, "")
            .help("the inputs are listed before any pod is there: use a bucket")
        } else {
            return true;
        };
        self.add(finding);
        false
    }

    fn written_to(&mut self, output: &Place, span: SourceSpan) {
        let text = output.as_str();
        if ["http://", "https://", "hf://"].iter().any(|scheme| text.starts_with(scheme)) {
            self.add(
                Diagnostic::error(Code::BadUri, format!("nothing can be written to `{output}`"))
                    .at(span, "")
                    .help("write a bucket's folder (`s3://`, `gs://`, `az://`) or a path"),
            );
        }
        if let Some(character) = text.chars().find(|c| "*?[]{}".contains(*c)) {
            self.add(
                Diagnostic::error(
                    Code::UnknownPlaceholder,
                    format!("`{character}` in `output`: it is one folder, the same for every run"),
                )
                .at(span, "")
                .help("a run of the same job goes on where another one stopped"),
            );
        }
    }
}
