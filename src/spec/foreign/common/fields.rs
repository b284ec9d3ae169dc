//! Mappings of a foreign file: known fields in any spelling, all others named.
//!
//! The API's JSON has `imageUri`, Python and YAML users also write `image_uri`, and both are
//! accepted by Google's parsers. `imageURI` and `image-uri` are not, but what they mean is clear.

use crate::spec::syntax::SourceSpan;
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{Entry, Node};

use super::remarks::Remarks;
use super::suspects::is_unfilled;
use crate::text::{most_alike, one_slip_from};

/// A shorter name is one slip away from others that mean something else.
const SHORTEST_SLIP: usize = 4;

/// What becomes of a known field: the converter's table, and what `mlctl explain --from` prints of it.
#[derive(Clone, Copy)]
pub(in crate::spec::foreign) enum Use {
    /// It is a mapping, or a list of mappings, whose fields have a table of their own.
    Within,
    /// It is kept as it is, as this field of ours.
    Kept(&'static str),
    /// It becomes something else; the words say what.
    Changed(&'static str),
    /// It has no counterpart; the words say what to do instead.
    Left(&'static str),
    /// A file with it is refused by its converter; the words say what to do instead.
    Refused(&'static str),
    /// The system wrote it into a copy of the document; it says nothing about what to run.
    Output,
}

/// The fields of one message by their name in the API.
pub(in crate::spec::foreign) type Table = &'static [(&'static str, Use)];

/// The fields of one mapping that are read, by their name in the API.
#[derive(Default)]
pub(in crate::spec::foreign) struct Fields<'a> {
    found: Vec<(&'static str, &'a Entry)>,
}

impl<'a> Fields<'a> {
    /// Key and value of a field that is there and not null.
    pub(in crate::spec::foreign) fn entry(&self, name: &str) -> Option<&'a Entry> {
        self.found.iter().find(|(known, _)| *known == name).map(|(_, entry)| *entry)
    }

    /// The value of a field that is there and not null.
    pub(in crate::spec::foreign) fn get(&self, name: &str) -> Option<&'a Node> {
        self.entry(name).map(|entry| &entry.value)
    }
}

/// What findings about another system's files are called, and where its fields belong.
pub(in crate::spec::foreign) struct System {
    /// Who writes fields into copies of a document.
    pub(in crate::spec::foreign) writer: &'static str,
    pub(in crate::spec::foreign) wrong_type: Code,
    pub(in crate::spec::foreign) placeholder: Code,
    pub(in crate::spec::foreign) variable: Code,
    pub(in crate::spec::foreign) empty_item: Code,
    pub(in crate::spec::foreign) twice: Code,
    pub(in crate::spec::foreign) misplaced: Code,
    pub(in crate::spec::foreign) unknown: Code,
    pub(in crate::spec::foreign) left_out: Code,
    pub(in crate::spec::foreign) output: Code,
    /// A required field is not there.
    pub(in crate::spec::foreign) missing: Code,
    /// Something that mlctl runs in no way.
    pub(in crate::spec::foreign) refused: Code,
    /// Something that is done in another way.
    pub(in crate::spec::foreign) instead: Code,
    /// Fields that are often written at the wrong depth, each with where it belongs.
    pub(in crate::spec::foreign) homes: &'static [(&'static str, &'static str)],
}

impl System {
    /// A system whose findings have the codes that most systems share.
    pub(in crate::spec::foreign) const fn of(
        writer: &'static str,
        homes: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            writer,
            wrong_type: Code::ForeignType,
            placeholder: Code::ForeignPlaceholder,
            variable: Code::ForeignVariable,
            empty_item: Code::ForeignEmptyItem,
            twice: Code::ForeignTwice,
            misplaced: Code::ForeignMisplaced,
            unknown: Code::ForeignUnknownField,
            left_out: Code::ForeignLeftOut,
            output: Code::ForeignOutputField,
            missing: Code::ForeignMissing,
            refused: Code::ForeignRefused,
            instead: Code::ForeignInstead,
            homes,
        }
    }
}

/// Findings of one file: the same remark at several places is one finding.
pub(in crate::spec::foreign) struct Findings {
    pub(in crate::spec::foreign) list: Vec<Diagnostic>,
    pub(in crate::spec::foreign) system: &'static System,
    outputs: Vec<(String, SourceSpan)>,
    remarks: Remarks,
}

impl Findings {
    /// No findings yet in a file of this system.
    pub(in crate::spec::foreign) fn of(system: &'static System) -> Self {
        Self { list: Vec::new(), system, outputs: Vec::new(), remarks: Remarks::default() }
    }

    /// Adds a finding, or its place to the same finding elsewhere.
    pub(in crate::spec::foreign) fn add(&mut self, finding: Diagnostic) {
        self.remarks.add(&mut self.list, finding);
    }

    /// A required field is not there; the place is that of what lacks it.
    pub(in crate::spec::foreign) fn missing(&mut self, at: &Node, path: &str) {
        let first = at.as_map().and_then(<[Entry]>::first).map_or(at.span, |entry| entry.key.span);
        let message = format!("`{path}` is missing");
        self.add(Diagnostic::error(self.system.missing, message).at(first, ""));
    }

    /// Something by its name that mlctl does not do, with what to do instead.
    pub(in crate::spec::foreign) fn refuse(&mut self, at: &Node, message: String, help: &str) {
        self.add(Diagnostic::error(self.system.refused, message).at(at.span, "").help(help));
    }

    /// Something that is done in another way than the system does it.
    pub(in crate::spec::foreign) fn instead(&mut self, at: &Node, message: String, help: &str) {
        self.add(Diagnostic::warning(self.system.instead, message).at(at.span, "").help(help));
    }

    /// A part of a document that is done otherwise.
    pub(in crate::spec::foreign) fn otherwise(&mut self, at: &Node, what: &str, help: &str) {
        self.instead(at, format!("`{what}` is left out"), help);
    }

    /// A variable that was set before; the place is that of the later value.
    pub(in crate::spec::foreign) fn set_twice(&mut self, at: &Node, name: &str) {
        let message = format!("`{name}` is set twice: the later value counts");
        self.instead(at, message, "remove the other one");
    }

    /// Something of another type than the API's.
    pub(in crate::spec::foreign) fn wrong_type(&mut self, node: &Node, path: &str, expected: &str) {
        if node.as_text().is_some_and(is_unfilled) {
            let message = format!("`{path}` is a placeholder");
            self.add(
                Diagnostic::error(self.system.placeholder, message)
                    .at(node.span, "")
                    .help(format!("fill it in: it must be {expected}")),
            );
            return;
        }
        let message = format!("`{path}` must be {expected}");
        let found = format!("this is {}", node.describe());
        self.add(Diagnostic::error(self.system.wrong_type, message).at(node.span, found));
    }

    /// A mapping's known fields. `path` is how the mapping is called in messages, `""` for the
    /// document. Null means absent, as everywhere in the API's JSON.
    pub(in crate::spec::foreign) fn fields<'a>(
        &mut self,
        node: &'a Node,
        path: &str,
        table: Table,
    ) -> Fields<'a> {
        self.fields_but(node, path, table, None)
    }

    /// The same without one entry, whatever its name is.
    pub(in crate::spec::foreign) fn fields_but<'a>(
        &mut self,
        node: &'a Node,
        path: &str,
        table: Table,
        skip: Option<&Entry>,
    ) -> Fields<'a> {
        let mut fields = Fields { found: Vec::new() };
        let Some(entries) = node.as_map() else {
            if !node.is_null() {
                let path = if path.is_empty() { "the document" } else { path };
                self.wrong_type(node, path, "a mapping");
            }
            return fields;
        };
        for entry in entries {
            if skip.is_some_and(|skip| std::ptr::eq(skip, entry)) {
                continue;
            }
            let written = entry.key.text.as_str();
            let folded = fold(written);
            let known = table.iter().find(|(name, _)| fold(name) == folded);
            let Some((name, usage)) = known else {
                self.unknown(entry, path, table);
                continue;
            };
            if entry.value.is_null() {
                continue;
            }
            match usage {
                Use::Within | Use::Kept(_) | Use::Changed(_) | Use::Refused(_) => {
                    if let Some((_, first)) = fields.found.iter().find(|(k, _)| k == name) {
                        let message =
                            format!("`{}` and `{written}` are the same field", first.key.text);
                        self.add(
                            Diagnostic::error(self.system.twice, message)
                                .at(entry.key.span, "the second one")
                                .at(first.key.span, "the first one"),
                        );
                    } else {
                        fields.found.push((name, entry));
                    }
                }
                Use::Left(advice) => self.left(name, entry, advice),
                Use::Output => self.outputs.push(((*name).to_owned(), entry.key.span)),
            }
        }
        fields
    }

    /// A field that is known and has no counterpart here.
    pub(in crate::spec::foreign) fn left(&mut self, name: &str, entry: &Entry, advice: &str) {
        let empty = entry.value.as_map().is_some_and(<[_]>::is_empty)
            || entry.value.as_list().is_some_and(<[_]>::is_empty)
            || entry.value.as_text().is_some_and(|text| text.is_empty() || text == "false");
        if !empty {
            self.add(
                Diagnostic::warning(self.system.left_out, format!("`{name}` is left out"))
                    .at(entry.key.span, "")
                    .help(advice),
            );
        }
    }

    /// A near miss is an error: the job would not do what its author means. Anything else may come
    /// from a newer API, and is named.
    fn unknown(&mut self, entry: &Entry, path: &str, table: Table) {
        let written = entry.key.text.as_str();
        let place = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
        let names = table.iter().map(|(name, _)| (fold(name), *name));
        let near = most_alike(&fold(written), names, 0.91).or_else(|| {
            let long = table.iter().filter(|(name, _)| name.len() >= SHORTEST_SLIP);
            one_slip_from(written, long.map(|(name, _)| *name))
        });
        let home = self.system.homes.iter().find(|(name, _)| fold(name) == fold(written));
        let finding = if let Some((name, home)) = home {
            let message = format!("`{name}` is at the wrong place{place}");
            Diagnostic::error(self.system.misplaced, message)
                .at(entry.key.span, "")
                .help(format!("it belongs into {}; mind the indentation", quoted(home)))
        } else if let Some(name) = near {
            Diagnostic::error(self.system.unknown, format!("there is no `{written}`{place}"))
                .at(entry.key.span, "")
                .help(format!("did you mean `{name}`?"))
        } else {
            Diagnostic::warning(
                self.system.unknown,
                format!("`{written}`{place} is not known and left out"),
            )
            .at(entry.key.span, "")
        };
        self.add(finding);
    }

    /// All findings; the fields that Vertex AI wrote are one of them.
    pub(in crate::spec::foreign) fn finish(mut self) -> Vec<Diagnostic> {
        if !self.outputs.is_empty() {
            let names: Vec<_> = self.outputs.iter().map(|(name, _)| format!("`{name}`")).collect();
            let message =
                format!("{}: written by {}, left out", names.join(", "), self.system.writer);
            let finding = Diagnostic::warning(self.system.output, message);
            let finding = self.outputs.iter().fold(finding, |all, (_, span)| all.at(*span, ""));
            self.list.push(finding);
        }
        self.list
    }
}

/// A field's name in quotes; words are none.
fn quoted(home: &str) -> String {
    if home.contains(' ') { home.to_owned() } else { format!("`{home}`") }
}

/// `imageUri`, `image_uri` and `image-uri` alike.
pub(in crate::spec::foreign) fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

/// The entry of a mapping by its name in the API, in any spelling.
pub(in crate::spec::foreign) fn find<'a>(node: &'a Node, name: &str) -> Option<&'a Entry> {
    node.as_map()?.iter().find(|entry| fold(&entry.key.text) == fold(name))
}
