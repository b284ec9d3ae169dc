//! A system whose files are taken: what `mlctl explain --from` and docs/imports.md say of it.

use serde::Serialize;

use super::fields::{Table, Use};
use crate::spec::kinds::{ReadText, Recognise};

/// A system whose files are taken.
pub(in crate::spec) struct ForeignSystem {
    /// What it is called on the command line.
    pub(in crate::spec) name: &'static str,
    /// What people call it.
    pub(in crate::spec) title: &'static str,
    /// Its kinds of documents, each with the kind of ours that it becomes.
    pub(in crate::spec::foreign) kinds: &'static [(&'static str, &'static str)],
    /// The keys to the field with a document's name, which `--name` sets.
    pub(in crate::spec) name_keys: &'static [&'static str],
    /// How its texts are read that are no YAML.
    pub(in crate::spec) read: Option<ReadText>,
    /// Its converter.
    pub(in crate::spec) recognise: Recognise,
    /// The mappings of its documents with their fields.
    pub(in crate::spec::foreign) tables: &'static [(&'static str, Table)],
}

/// What becomes of the files of a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedSystem {
    /// What it is called on the command line.
    pub system: String,
    /// What people call it.
    pub title: String,
    /// Its kinds of documents, each with the kind of ours that it becomes.
    pub kinds: Vec<ExplainedKind>,
    /// The mappings of its documents with their fields.
    pub mappings: Vec<ExplainedMapping>,
}

/// A kind of document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedKind {
    /// What it is called there.
    pub kind: String,
    /// What it becomes.
    pub becomes: String,
}

/// A mapping of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedMapping {
    /// Where it stands.
    pub mapping: String,
    /// Its fields.
    pub fields: Vec<ForeignField>,
}

/// A field of another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ForeignField {
    /// Its name there.
    pub field: String,
    /// What becomes of it.
    pub fate: Fate,
    /// As which field of ours, as what else, or what to do instead.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub words: String,
}

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// Its own fields are listed.
    Within,
    /// It is kept as a field of ours.
    Kept,
    /// It becomes something else.
    Changed,
    /// It is left out, with a warning.
    LeftOut,
    /// A file with it is refused.
    Refused,
    /// The system wrote it into a copy; it is passed over.
    Output,
}

impl Fate {
    /// It in a word or two, as tables have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Within => "see below",
            Self::Kept => "kept",
            Self::Changed => "changed",
            Self::LeftOut => "left out",
            Self::Refused => "refused",
            Self::Output => "passed over",
        }
    }
}

impl ForeignSystem {
    /// What its documents are called.
    pub(in crate::spec) fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.iter().map(|(kind, _)| *kind)
    }

    /// All that its converter knows, for people.
    pub(in crate::spec) fn explained(&self) -> ExplainedSystem {
        let field = |(name, usage): &(&str, Use)| {
            let (fate, words) = match usage {
                Use::Within => (Fate::Within, ""),
                Use::Kept(words) => (Fate::Kept, *words),
                Use::Changed(words) => (Fate::Changed, *words),
                Use::Left(words) => (Fate::LeftOut, *words),
                Use::Refused(words) => (Fate::Refused, *words),
                Use::Output => (Fate::Output, ""),
            };
            ForeignField { field: (*name).to_owned(), fate, words: words.to_owned() }
        };
        let mapping = |(path, table): &(&str, Table)| {
            let mut fields: Vec<ForeignField> = table.iter().map(field).collect();
            // What is done with a field matters more than the order in which a converter looks.
            fields.sort_by_key(|field| field.fate);
            ExplainedMapping { mapping: (*path).to_owned(), fields }
        };
        let kind = |(kind, becomes): &(&str, &str)| ExplainedKind {
            kind: (*kind).to_owned(),
            becomes: (*becomes).to_owned(),
        };
        ExplainedSystem {
            system: self.name.to_owned(),
            title: self.title.to_owned(),
            kinds: self.kinds.iter().map(kind).collect(),
            mappings: self.tables.iter().map(mapping).collect(),
        }
    }
}
