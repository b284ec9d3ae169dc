//! From texts to documents: parse, `--set`, convert, check, type, lint.

use std::ops::Range;
use std::path::Path;

use indexmap::IndexMap;

use crate::spec::check::{self, Gap, Input, secret};
use crate::spec::files::SpecFiles;
use crate::spec::foreign::{ForeignSystem, systems};
use crate::spec::installs::Installs;
use crate::spec::kinds::train::{Setup, TrainJob};
use crate::spec::kinds::tune::{Trial, TuneJob};
use crate::spec::kinds::{Converted, Document, ForeignContext, Origin, Part, Resolved, foreign};
use crate::spec::syntax::{Change, PARAMETER, parse, set};
use crate::spec::syntax::{Code, Diagnostic, Diagnostics};
use crate::spec::syntax::{Node, Source, SourceSpan, Spans, index_path};
use crate::storage::Place;

/// What the caller adds to the files.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Texts of `--set`, in the order in which they are applied to every document.
    pub set: Vec<String>,
    /// The name that a document gets in place of its own, whichever system it is of.
    pub name: Option<String>,
    /// The environment: values for `${VAR}` by the name of the variable.
    pub env: IndexMap<String, String>,
    /// Types of accelerators that the settings add.
    pub accelerators: Vec<String>,
    /// The system whose files these are, by its name in [`crate::spec::system_names`]; `None` for what each
    /// document looks like.
    pub system: Option<String>,
    /// How files are read that a spec names.
    pub files: SpecFiles,
}

/// The documents of a load that found no error.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The documents in order; at least one.
    pub documents: Vec<Document>,
    /// Warnings, and the sources for findings of later checks.
    pub warnings: Diagnostics,
}

/// Loads every document of every source, or says everything that is wrong with them.
pub fn load(sources: &[Source], options: &LoadOptions) -> Result<Loaded, Diagnostics> {
    let mut all: Vec<Source> = sources.to_vec();
    let set = options.set.iter().map(|text| Source::new(set::SOURCE_NAME, text.as_str()));
    all.extend(set);
    let first_name = all.len();
    all.extend(options.name.iter().map(|name| Source::new(set::NAME_SOURCE, name.as_str())));
    let mut loader = Loader {
        options,
        out: Diagnostics { sources: all, ..Diagnostics::default() },
        changes: Vec::new(),
        documents: Vec::new(),
    };
    loader.read_changes(sources.len()..first_name);
    for index in 0..sources.len() {
        loader.source(index);
    }
    let Loader { mut out, documents, .. } = loader;
    out.sort();
    if out.has_errors() {
        return Err(out);
    }
    Ok(Loaded { documents, warnings: out })
}

/// Says of a text with the braces of a template that it isn't filled in yet.
fn template(source: usize, text: &str) -> Option<Diagnostic> {
    let start = text.find("{{")?;
    let end = text[start..].find("}}").map_or(start + 2, |length| start + length + 2);
    let finding = Diagnostic::error(Code::Template, "this is a template, which is not filled in");
    Some(finding.at(SourceSpan { source, start, end }, "").help(
        "render it first: `helm template CHART --show-only FILE | mlctl convert -` reads what comes out",
    ))
}

struct Loader<'a> {
    options: &'a LoadOptions,
    out: Diagnostics,
    changes: Vec<Change>,
    documents: Vec<Document>,
}

impl Loader<'_> {
    fn read_changes(&mut self, texts: Range<usize>) {
        for index in texts {
            let source = &self.out.sources[index];
            match set::read(index, source) {
                Ok(change) => self.changes.push(change),
                Err(findings) => {
                    secret::find_in_text(index, &source.text, &mut self.out.secrets);
                    self.out.list.extend(findings);
                }
            }
        }
    }

    fn source(&mut self, index: usize) {
        let source = &self.out.sources[index];
        let text = &source.text;
        let other =
            self.systems().find_map(|system| system.read.and_then(|read| read(index, source)));
        let mut parsed = other.unwrap_or_else(|| parse(index, text));
        // What a template's braces are to YAML says nothing to who wrote them.
        if !parsed.findings.is_empty()
            && let Some(finding) = template(index, text)
        {
            parsed.documents.clear();
            parsed.findings = vec![finding];
        }
        if parsed.broken {
            secret::find_in_text(index, text, &mut self.out.secrets);
        }
        let nothing = parsed.documents.is_empty() && parsed.findings.is_empty();
        self.out.list.extend(parsed.findings);
        if nothing {
            self.out.list.push(
                Diagnostic::error(Code::Empty, "there is no document in this file")
                    .at(SourceSpan { source: index, start: 0, end: 0 }, "")
                    .help("`mlctl init` writes a spec to begin with"),
            );
        }
        let before = self.documents.len();
        let mut documents = parsed.documents;
        for number in 0..documents.len() {
            if !self.changes.is_empty() {
                // A finding may show what was written before.
                secret::find(&documents[number], &mut self.out.secrets);
            }
            let name = self.name(&documents, index, number);
            let node = &mut documents[number];
            for change in self.changes.iter().chain(&name) {
                let at = change.value();
                let text = &self.out.sources[at.source].text;
                let kind = foreign::kind_of(node).ok();
                let value = check::given(&text[at.start..], at, kind, &change.steps());
                let changed =
                    value.and_then(|value| change.apply(node, value).map_err(|one| vec![one]));
                if let Err(findings) = changed {
                    secret::find_in_text(at.source, text, &mut self.out.secrets);
                    self.out.list.extend(findings);
                }
            }
            secret::find(node, &mut self.out.secrets);
        }
        for (number, node) in documents.iter().enumerate() {
            let found = self.document(&documents, index, number, false);
            if found.is_empty() {
                continue;
            }
            for document in found {
                self.accept(document);
            }
            self.literal_secrets(node);
        }
        if let Some(first) = documents.first()
            && self.documents.len() == before
            && !self.out.has_errors()
        {
            let message = "nothing in this file says what to run";
            self.out.list.push(Diagnostic::error(Code::Empty, message).at(first.span, ""));
        }
    }

    /// The systems whose files these may be.
    fn systems(&self) -> impl Iterator<Item = &'static ForeignSystem> + use<> {
        let named = self.options.system.clone();
        systems().filter(move |system| named.as_ref().is_none_or(|named| named == system.name))
    }

    /// What the system makes of a document whose it is.
    fn converted(
        &self,
        siblings: &[Node],
        source: usize,
        index: usize,
    ) -> Option<(&'static ForeignSystem, Converted)> {
        let source_name = &self.out.sources[source].name;
        let env = &self.options.env;
        let context = ForeignContext { source_name, source, index, siblings, env };
        self.systems()
            .find_map(|system| Some((system, (system.recognise)(&siblings[index], &context)?)))
    }

    /// The change that gives a document its name, by the field in which its system has it.
    fn name(&self, siblings: &[Node], of: usize, number: usize) -> Option<Change> {
        let (index, source) = self.options.name.as_ref().and_then(|_| {
            self.out.sources.iter().enumerate().find(|(_, one)| one.name == set::NAME_SOURCE)
        })?;
        let node = &siblings[number];
        let keys: &[&str] = match self.converted(siblings, of, number) {
            Some((system, _)) => system.name_keys,
            None if foreign::kind_of(node).is_err() && node.get("metadata").is_some() => {
                &["metadata", "name"]
            }
            None => &["name"],
        };
        if keys.is_empty() {
            return None;
        }
        Some(Change::whole(index, source, keys))
    }

    /// The documents that one of a source is, as far as they are right by themselves: one, where it is ours. With
    /// `is_trial` it is that of a study, whose parameters it may name.
    fn document(
        &mut self,
        siblings: &[Node],
        source: usize,
        index: usize,
        is_trial: bool,
    ) -> Vec<Document> {
        if let Some((_, converted)) = self.converted(siblings, source, index) {
            let Converted { documents, findings } = converted;
            self.out.list.extend(findings);
            return documents;
        }
        self.own(&siblings[index], source, index, is_trial).into_iter().collect()
    }

    /// A document of ours that is right, by itself at least.
    fn own(
        &mut self,
        node: &Node,
        source: usize,
        index: usize,
        is_trial: bool,
    ) -> Option<Document> {
        let named = self.options.system.as_deref();
        if let Some(system) = systems().find(|system| named == Some(system.name)) {
            let message = format!("this is no document of {}", system.title);
            let kinds: Vec<&str> = system.kinds().collect();
            self.out.list.push(
                Diagnostic::error(Code::ForeignKind, message)
                    .at(node.span, "")
                    .help(format!("its files are: {}", kinds.join("; "))),
            );
            return None;
        }
        let kind = match foreign::kind_of(node) {
            Ok(kind) => kind,
            Err(finding) => {
                self.out.list.push(finding);
                return None;
            }
        };
        let input = Input {
            kind,
            schema: (kind.schema)(),
            env: &self.options.env,
            sources: &self.out.sources,
            params: is_trial || !kind.nested.is_empty(),
        };
        let checked = check::check(node, input);
        if !checked.gaps.is_empty() {
            let mut more = self.more_about(node, input, &checked.gaps);
            if is_trial {
                // The study replaces them.
                let is_parameter = format!("${{{PARAMETER}");
                more.retain(|finding| {
                    finding.code != Code::NotExpanded || !finding.message.contains(&is_parameter)
                });
            }
            self.out.list.extend(checked.findings);
            self.out.list.extend(more);
            return None;
        }
        let origin = Origin {
            spec: (),
            spans: Spans::of(node),
            from_env: checked.from_env,
            source,
            index,
            converted_from: None,
        };
        match (kind.read)(checked.value, origin) {
            Ok(document) => Some(document),
            // The schema comes from the types, so this is a gap between the two.
            Err(error) => {
                let message = format!("the spec can't be read: {error}");
                self.out.list.push(
                    Diagnostic::error(Code::NotUnderstood, message)
                        .at(node.span, "in this document"),
                );
                None
            }
        }
    }

    /// What the linter says about the parts of a document that are right.
    fn more_about(&self, node: &Node, input: Input<'_>, gaps: &[Gap]) -> Vec<Diagnostic> {
        let Some((sound, checked)) = check::sound_part(node, input, gaps) else {
            return Vec::new();
        };
        let part = Part {
            spans: &Spans::of(&sound),
            from_env: &checked.from_env,
            accelerators: &self.options.accelerators,
            gaps,
        };
        (input.kind.check_part)(checked.value, &part)
    }

    fn accept(&mut self, mut document: Document) {
        if let Document::TuneJob(study) = &mut document {
            self.trial(study);
        }
        self.out.list.extend(document.lint(&self.options.accelerators));
        self.installs(&document);
        self.documents.push(document);
    }

    /// Warns of secrets that are written into a document, where no rule of its kind has.
    fn literal_secrets(&mut self, node: &Node) {
        let texts = &self.out.sources;
        let is_given = |source: &Source| source.name == set::SOURCE_NAME;
        let given = texts.iter().position(is_given).unwrap_or(texts.len());
        let found = check::literal_secrets(node, &self.out.list, given);
        self.out.list.extend(found);
    }

    /// Looks at what a document installs from its code.
    fn installs(&mut self, document: &Document) {
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

    /// Reads the file of a study's trial, if it has one and there is a reader.
    fn trial(&mut self, study: &mut Resolved<TuneJob>) {
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
