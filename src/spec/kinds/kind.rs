//! What the loader, the checks and `explain` have to know of a kind of document.

use serde_json::Value as Json;

use super::document::{Document, Origin};
use crate::spec::check::Gap;
use crate::spec::syntax::{Diagnostic, Spans};

/// A kind of document that this version runs. Each has a folder here, with one of these.
pub(crate) struct Kind {
    /// What `kind:` says: `TrainJob`.
    pub(crate) name: &'static str,
    /// What messages call such a document: `job`.
    pub(crate) noun: &'static str,
    /// A name for a document of this kind, for examples in messages.
    pub(crate) example: &'static str,
    /// File name of the published schema, below `https://mlctl.dev/schemas/v1/`.
    pub(crate) schema_file: &'static str,
    /// The schema as the types give it; it is made once.
    pub(crate) schema: fn() -> &'static Json,
    /// Its mappings from names that users choose.
    pub(crate) named: &'static [Named],
    /// Fields with fields of their own, as path and definition in the schema: where a field belongs
    /// that stands elsewhere.
    pub(crate) owners: &'static [(&'static str, &'static str)],
    /// Fields in which a whole document of another kind may stand, with that kind.
    pub(crate) nested: &'static [(&'static str, &'static Kind)],
    /// What people write who know other systems.
    pub(crate) habits: &'static [Habit],
    /// The document out of a value that the schema has passed.
    pub(crate) read: fn(Json, Origin) -> Result<Document, serde_json::Error>,
    /// The linter on a value that lacks the parts that are wrong: findings that are true whatever
    /// those parts say. None when the value can't be read.
    pub(crate) check_part: fn(Json, &Part<'_>) -> Vec<Diagnostic>,
}

/// A mapping whose keys are names of the user's own choice, such as `roles`.
pub(crate) struct Named {
    /// The field of the document.
    pub(crate) field: &'static str,
    /// What one entry is called in messages: `role`.
    pub(crate) one: &'static str,
    /// What stands for any name in paths: `<role>`.
    pub(crate) placeholder: &'static str,
    /// A usual name, for examples.
    pub(crate) example: &'static str,
    /// An entry's definition in the schema.
    pub(crate) definition: &'static str,
}

/// A field of another system: its name, where it is meant, what to write instead.
pub(crate) type Habit = (&'static str, Where, &'static str);

/// Where in a document a field of another system is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// At the top level only; elsewhere it may mean something else.
    Top,
    /// At any depth.
    Any,
}

/// What is known beside the sound part of a document with mistakes.
pub(crate) struct Part<'a> {
    /// Where the sound values are written.
    pub(crate) spans: &'a Spans,
    /// Paths of values that came from the environment.
    pub(crate) from_env: &'a [String],
    /// Types of accelerators that the settings add.
    pub(crate) accelerators: &'a [String],
    /// The parts that were left out.
    pub(crate) gaps: &'a [Gap],
}

impl Kind {
    /// The kind of the document that a path is in, the path from there on, and the field with that
    /// document; `""` where it is the whole.
    pub(crate) fn at<'p>(&'static self, path: &'p str) -> (&'static Self, &'p str, &'static str) {
        let inner = |&(field, kind): &(&'static str, &'static Self)| {
            let rest = path.strip_prefix(field)?;
            let below = if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') };
            below.map(|below| (kind, below, field))
        };
        self.nested.iter().find_map(inner).unwrap_or((self, path, ""))
    }

    /// What to write instead of a field that another system has at this path.
    pub(crate) fn habit(&self, name: &str, path: &str) -> Option<&'static str> {
        let here = |place: Where| place == Where::Any || path.is_empty();
        let known = self.habits.iter().find(|(habit, place, _)| *habit == name && here(*place));
        known.map(|(_, _, help)| *help)
    }
}
