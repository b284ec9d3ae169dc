//! One document: converted where it is another system's, else checked by its schema, typed and linted.

use super::loader::Loader;
use crate::spec::check::{self, Gap, Input};
use crate::spec::foreign::systems;
use crate::spec::kinds::{Converted, Document, Origin, Part, foreign};
use crate::spec::syntax::{Code, Diagnostic, Node, PARAMETER, Source, Spans, set};

impl Loader<'_> {
    /// The documents that one of a source is, as far as they are right by themselves: one, where it is ours. With
    /// `is_trial` it is that of a study, whose parameters it may name.
    pub(super) fn document(
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
            code_beside: false,
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

    pub(super) fn accept(&mut self, mut document: Document) {
        if let Document::TuneJob(study) = &mut document {
            self.trial(study);
        }
        self.out.list.extend(document.lint(&self.options.accelerators));
        self.installs(&document);
        self.documents.push(document);
    }

    /// Warns of secrets that are written into a document, where no rule of its kind has.
    pub(super) fn literal_secrets(&mut self, node: &Node) {
        let texts = &self.out.sources;
        let is_given = |source: &Source| source.name == set::SOURCE_NAME;
        let given = texts.iter().position(is_given).unwrap_or(texts.len());
        let found = check::literal_secrets(node, &self.out.list, &mut self.told, given);
        self.out.list.extend(found);
    }
}
