//! From texts to documents: parse, `--set`, convert, check, type, lint.

use indexmap::IndexMap;

use crate::spec::check::{self, Gap, Input, secret};
use crate::spec::kinds::{Converted, Document, ForeignContext, Origin, Part, RECOGNISERS, foreign};
use crate::spec::syntax::{Change, parse, set};
use crate::spec::syntax::{Code, Diagnostic, Diagnostics};
use crate::spec::syntax::{Node, Source, SourceSpan, Spans};

/// What the caller adds to the files.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Texts of `--set`, in the order in which they are applied to every document.
    pub set: Vec<String>,
    /// The environment: values for `${VAR}` by the name of the variable.
    pub env: IndexMap<String, String>,
    /// Types of accelerators that the settings add.
    pub accelerators: Vec<String>,
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
    let mut loader = Loader {
        options,
        out: Diagnostics { sources: all, ..Diagnostics::default() },
        changes: Vec::new(),
        documents: Vec::new(),
    };
    loader.read_changes(sources.len());
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

struct Loader<'a> {
    options: &'a LoadOptions,
    out: Diagnostics,
    changes: Vec<Change>,
    documents: Vec<Document>,
}

impl Loader<'_> {
    fn read_changes(&mut self, first: usize) {
        for index in first..self.out.sources.len() {
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
        let text = &self.out.sources[index].text;
        let parsed = parse(index, text);
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
        for (number, mut node) in parsed.documents.into_iter().enumerate() {
            for change in &self.changes {
                if let Err(finding) = change.apply(&mut node) {
                    let index = change.source();
                    let text = &self.out.sources[index].text;
                    secret::find_in_text(index, text, &mut self.out.secrets);
                    self.out.list.push(finding);
                }
            }
            secret::find(&node, &mut self.out.secrets);
            self.document(&node, index, number);
        }
    }

    fn document(&mut self, node: &Node, source: usize, index: usize) {
        let name = &self.out.sources[source].name;
        let context = ForeignContext { source_name: name, source, index };
        if let Some(converted) = RECOGNISERS.iter().find_map(|recognise| recognise(node, &context))
        {
            let Converted { document, findings } = converted;
            self.out.list.extend(findings);
            if let Some(document) = document {
                self.accept(document);
            }
            return;
        }
        let kind = match foreign::kind_of(node) {
            Ok(kind) => kind,
            Err(finding) => {
                self.out.list.push(finding);
                return;
            }
        };
        let input = Input {
            kind,
            schema: (kind.schema)(),
            env: &self.options.env,
            sources: &self.out.sources,
        };
        let checked = check::check(node, input);
        if !checked.gaps.is_empty() {
            let more = self.more_about(node, input, &checked.gaps);
            self.out.list.extend(checked.findings);
            self.out.list.extend(more);
            return;
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
            Ok(document) => self.accept(document),
            // The schema comes from the types, so this is a gap between the two.
            Err(error) => self.out.list.push(
                Diagnostic::error(Code::NotUnderstood, format!("the spec can't be read: {error}"))
                    .at(node.span, "in this document"),
            ),
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

    fn accept(&mut self, document: Document) {
        self.out.list.extend(document.lint(&self.options.accelerators));
        self.documents.push(document);
    }
}
