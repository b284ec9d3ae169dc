//! From texts to documents: parse, `--set`, convert, check, type, lint.

use std::ops::Range;

use indexmap::IndexMap;

use crate::spec::check::{self, secret};
use crate::spec::files::SpecFiles;
use crate::spec::foreign::{ForeignSystem, systems};
use crate::spec::kinds::{Converted, Document, ForeignContext, foreign};
use crate::spec::syntax::{Change, parse, set};
use crate::spec::syntax::{Code, Diagnostic, Diagnostics};
use crate::spec::syntax::{Node, Source, SourceSpan};

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
        told: check::Told::default(),
    };
    loader.read_changes(sources.len()..first_name);
    for index in 0..sources.len() {
        loader.source(index);
    }
    let Loader { mut out, documents, .. } = loader;
    secret::hide(&mut out);
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

/// A load that is under way.
pub(super) struct Loader<'a> {
    pub(super) options: &'a LoadOptions,
    pub(super) out: Diagnostics,
    changes: Vec<Change>,
    pub(super) documents: Vec<Document>,
    /// What has been said of secrets.
    pub(super) told: check::Told,
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
        // What stands twice is in the tree once.
        let is_twice = |finding: &Diagnostic| finding.code == Code::DuplicateKey;
        if parsed.broken || parsed.findings.iter().any(is_twice) {
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
        let mut documents: Vec<Node> = parsed.documents.into_iter().flat_map(listed).collect();
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
    pub(super) fn systems(&self) -> impl Iterator<Item = &'static ForeignSystem> + use<> {
        let named = self.options.system.clone();
        systems().filter(move |system| named.as_ref().is_none_or(|named| named == system.name))
    }

    /// What the system makes of a document whose it is.
    pub(super) fn converted(
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
            // What is a part of another document keeps the name by which that one knows it.
            Some((_, found)) if found.documents.is_empty() && found.is_sound() => return None,
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
}

/// The objects of a `kind: List`, in which `kubectl get` prints several; any other document is one by itself.
fn listed(document: Node) -> Vec<Node> {
    let is = |field: &str, text: &str| document.get(field).and_then(Node::as_text) == Some(text);
    if !is("kind", "List") || !is("apiVersion", "v1") {
        return vec![document];
    }
    match document.get("items").and_then(Node::as_list) {
        Some(items) if !items.is_empty() => items.to_vec(),
        _ => vec![document],
    }
}
