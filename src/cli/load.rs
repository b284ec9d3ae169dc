//! A text becomes documents, or all that is wrong with it is said at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::code_files::NamedCode;
use super::script::is_program;
use super::{CliError, Context, ErrorKind, LoadedDocument, Problem, Purpose, SpecArgs};
use crate::spec::syntax::{
    Code, Diagnostic, Diagnostics, RenderOptions, Source, SourceSpan, Spans,
};
use crate::spec::{Document, LoadOptions, Loaded, Resolved, SPEC_LIMIT, SpecFiles, TUNE_JOB, load};
use crate::storage::{BucketSettings, Place, locate, read_text};
use crate::ui::{Text, Verbosity};
use crate::work::batch::LoadedBatch;
use crate::work::serve::LoadedEndpoint;
use crate::work::train::LoadedJob;
use crate::work::tune::LoadedStudy;

/// What a file of another system has said in vain.
const LOST: [Code; 3] =
    [Code::VertexUnknownField, Code::KatibUnknownField, Code::ForeignUnknownField];

/// A text with what is known of where it comes from.
pub(super) struct Read<'a> {
    pub(super) source: Source,
    /// Files that it names are in this folder.
    pub(super) base: &'a Path,
    /// What users call that folder.
    pub(super) beside: &'a Path,
    /// Somebody has written it, so that places in it say something.
    pub(super) is_written: bool,
}

/// A document with what it was before, and what was found on the way.
pub struct Originated {
    /// The document.
    pub document: LoadedDocument,
    /// The other system's format that it was written in; `None` for a document of ours.
    pub from: Option<&'static str>,
    /// Where its values are written, by paths of ours.
    pub spans: Spans,
    /// What was found in it.
    pub findings: Vec<Diagnostic>,
}

impl Context {
    /// Loads a source; everything that is wrong is printed at once.
    pub(super) fn load(
        &self,
        read: Read<'_>,
        how: (Purpose, &SpecArgs),
    ) -> Result<Vec<LoadedDocument>, CliError> {
        let all = self.load_from(read, how, None)?.into_iter();
        Ok(all.map(|one| one.document).collect())
    }

    /// The same with what each document was before. With `system` it is taken for a file of that one.
    pub(super) fn load_from(
        &self,
        read: Read<'_>,
        (purpose, args): (Purpose, &SpecArgs),
        system: Option<&str>,
    ) -> Result<Vec<Originated>, CliError> {
        let Read { source, base, beside, is_written } = read;
        let (folder, beside) = (base.to_owned(), beside.to_owned());
        let code = NamedCode { base: folder.clone(), beside: beside.clone() };
        let env = self.env.vars.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let options = LoadOptions {
            set: args.set.clone(),
            name: args.name.clone(),
            env,
            accelerators: self.settings.accelerators.keys().cloned().collect(),
            system: system.map(str::to_owned),
            files: SpecFiles::by(move |path| named_file(&folder, &beside, path)).with_code(code),
        };
        let sources = [source];
        let found = match load(&sources, &options) {
            Ok(Loaded { documents, warnings: mut findings }) => {
                let storage = &self.settings.storage;
                let text: Arc<str> = sources[0].text.as_str().into();
                let mut all = Vec::new();
                let mut refused = Vec::new();
                for document in documents {
                    let loaded = loaded_document(document.clone(), &text, base, storage);
                    let (from, spans) = document.origin();
                    let mut own = within(&findings.list, spans.value(""));
                    if self.is_for_a_cluster(purpose, document.kind()) {
                        let reasons = self.unstartable(&loaded, &document, &findings)?;
                        own.extend(reasons.iter().cloned());
                        refused.extend(reasons);
                    }
                    all.push(Originated {
                        document: loaded,
                        from,
                        spans: spans.clone(),
                        findings: own,
                    });
                }
                findings.list.extend(refused);
                if !findings.has_errors() {
                    self.say_findings(&findings);
                    return Ok(all);
                }
                findings
            }
            Err(findings) => findings,
        };
        let mut findings = found;
        if !is_written {
            // A place in a text that nobody has written says nothing.
            let of_cluster = findings.list.iter_mut().filter(|one| one.code == Code::NotInCluster);
            of_cluster.for_each(|one| one.labels.retain(|label| label.span.source != 0));
        }
        findings.sort();
        self.printer.line(self.render(&findings));
        Err(CliError::printed(ErrorKind::Spec).with(Problem::of_spec(&findings)))
    }

    /// Whether a document of this kind is to be in a cluster.
    fn is_for_a_cluster(&self, purpose: Purpose, kind: &str) -> bool {
        match purpose {
            Purpose::Look => false,
            Purpose::Run => self.runs_in_a_cluster(),
            Purpose::RunOf(wanted) => kind == wanted && self.runs_in_a_cluster(),
            Purpose::Render => kind != TUNE_JOB,
        }
    }

    fn say_findings(&self, findings: &Diagnostics) {
        if findings.list.is_empty() {
            return;
        }
        if self.printer.verbosity != Verbosity::Quiet {
            return self.printer.say(self.render(findings));
        }
        // What is left out although nobody knows what it meant may be what went wrong.
        let mut lost = findings.clone();
        lost.list.retain(|one| LOST.contains(&one.code));
        if !lost.list.is_empty() {
            self.printer.line(self.render(&lost));
        }
    }

    fn render(&self, findings: &Diagnostics) -> Text {
        let terminal = self.printer.terminal;
        let text = findings.render(RenderOptions {
            color: terminal.color_err,
            width: terminal.width,
            ..RenderOptions::default()
        });
        Text::painted(text.trim_end())
    }
}

/// The findings in a part of a text. They are in the order of the text: a file of many documents has many of them.
fn within(sorted: &[Diagnostic], whole: SourceSpan) -> Vec<Diagnostic> {
    let place = |one: &Diagnostic| (one.span().source, one.span().start);
    let first = sorted.partition_point(|one| place(one) < (whole.source, whole.start));
    let last = sorted.partition_point(|one| place(one) <= (whole.source, whole.end));
    let is_within = |one: &&Diagnostic| one.span().end <= whole.end;
    sorted[first..last].iter().filter(is_within).cloned().collect()
}

/// A document with the text that it was read from and the folder of its relative paths.
fn loaded_document(
    document: Document,
    text: &Arc<str>,
    base: &Path,
    storage: &BTreeMap<String, BucketSettings>,
) -> LoadedDocument {
    let storage = storage.clone();
    match document {
        Document::TrainJob(resolved) => {
            let Resolved { spec: job, from_env, converted_from, code_beside, .. } = *resolved;
            LoadedDocument::Train(Box::new(LoadedJob {
                job,
                from_env,
                source: Arc::clone(text),
                base: base.to_owned(),
                foreign: converted_from.is_some(),
                code_beside,
                is_typed: false,
                own_rules: None,
                storage,
            }))
        }
        Document::BatchPredictJob(resolved) => {
            let Resolved { spec: job, from_env, converted_from, .. } = *resolved;
            let (text, base) = (Arc::clone(text), base.to_owned());
            let foreign = converted_from.is_some();
            LoadedDocument::Batch(Box::new(LoadedBatch::new(
                job, from_env, text, base, foreign, storage,
            )))
        }
        Document::TuneJob(resolved) => {
            let (text, base) = (Arc::clone(text), base.to_owned());
            LoadedDocument::Tune(Box::new(LoadedStudy::new(*resolved, text, base, storage)))
        }
        Document::Endpoint(resolved) => {
            let Resolved { spec, from_env, converted_from, .. } = *resolved;
            let (text, base) = (Arc::clone(text), base.to_owned());
            let foreign = converted_from.is_some();
            LoadedDocument::Endpoint(Box::new(LoadedEndpoint::new(
                spec, from_env, text, base, foreign, storage,
            )))
        }
    }
}

/// Reads a file that a spec in the folder `base` names; users call the folder `beside`.
fn named_file(base: &Path, beside: &Path, path: &str) -> Result<Source, String> {
    let place = Place::from(path);
    let Place::Path(local) = &place else {
        return Err(format!("{path} is no file of this machine"));
    };
    if local.as_path().as_os_str().is_empty() {
        return Err("an empty text is the path of no file".to_owned());
    }
    let full = base.join(local.as_path());
    // Errors show parts of the file, and a spec may be anybody's: outside of its folder and checkout it
    // names specs only, none by a link, and nothing in a hidden folder, where people keep credentials.
    // A file that can't be found can't be read either, which says so below.
    let found = locate(base, &place).ok().flatten().filter(|found| found.outside);
    if let Some(found) = found.filter(|found| found.by_link || !may_be_named(&found.real, base)) {
        let real = found.real.display();
        return Err(format!(
            "{path} is {real}, outside of the spec's folder, and no spec by its name"
        ));
    }
    let text = read_text(&full, SPEC_LIMIT).map_err(|error| {
        if error.is_missing() { format!("{path} does not exist") } else { error.to_string() }
    })?;
    Ok(Source::new(beside.join(local.as_path()).display().to_string(), text))
}

/// Whether a file outside of a spec's folder looks like a spec by its path from there.
fn may_be_named(file: &Path, base: &Path) -> bool {
    let base = base.canonicalize().unwrap_or_else(|_| base.to_owned());
    let shared = file.components().zip(base.components()).take_while(|(a, b)| a == b).count();
    let mut own = file.components().skip(shared);
    let is_hidden = own.any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."));
    !is_hidden && is_program(file) == Some(false)
}
