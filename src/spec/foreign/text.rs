//! What becomes of a system's fields, for people: in a terminal, and as a document.

use std::fmt::{self, Write as _};

use super::common::system::{ExplainedMapping, ExplainedSystem, Fate, ForeignField};
use super::registry::systems;
use crate::spec::syntax::wrap;
use crate::text::most_alike;

/// Lines are no longer, as in all helps.
const WIDTH: usize = 80;

impl ExplainedSystem {
    /// The same with nothing but the fields of this name, whatever they are in; or the nearest name, where there
    /// are none.
    pub fn only(self, field: &str) -> Result<Self, Option<String>> {
        let last = field.rsplit('.').next().unwrap_or(field).trim_end_matches("[]");
        let names: Vec<String> =
            self.mappings.iter().flat_map(|one| &one.fields).map(|one| one.field.clone()).collect();
        let is_asked = |name: &str| name.eq_ignore_ascii_case(last);
        if !names.iter().any(|name| is_asked(name)) {
            let lower = last.to_ascii_lowercase();
            let all = names.iter().map(|name| (name.to_ascii_lowercase(), name.clone()));
            return Err(most_alike(&lower, all, 0.8));
        }
        let mappings = self.mappings.into_iter().map(|one| {
            let fields = one.fields.into_iter().filter(|field| is_asked(&field.field)).collect();
            ExplainedMapping { fields, ..one }
        });
        let mappings = mappings.filter(|one| !one.fields.is_empty()).collect();
        Ok(Self { mappings, ..self })
    }
}

/// A field in one sentence: what becomes of it, and as what.
fn fate(field: &ForeignField) -> String {
    match field.fate {
        Fate::Kept => format!("kept as `{}`", field.words),
        Fate::Within | Fate::Output => field.fate.as_str().to_owned(),
        Fate::Changed | Fate::LeftOut | Fate::Refused => {
            format!("{}: {}", field.fate.as_str(), field.words)
        }
    }
}

impl fmt::Display for ExplainedSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Files of {}, and what they become\n", self.title)?;
        for kind in &self.kinds {
            let text = format!("{}: {}", kind.kind, kind.becomes);
            let lines = wrap(&text, WIDTH - 4);
            for (number, line) in lines.lines().enumerate() {
                writeln!(f, "{}{line}", if number == 0 { "  " } else { "    " })?;
            }
        }
        for mapping in &self.mappings {
            writeln!(f, "\n{}:", mapping.mapping)?;
            let is_told =
                |field: &&ForeignField| !matches!(field.fate, Fate::Within | Fate::Output);
            for field in mapping.fields.iter().filter(is_told) {
                writeln!(f, "  {}", field.field)?;
                for line in wrap(&fate(field), WIDTH - 6).lines() {
                    writeln!(f, "      {line}")?;
                }
            }
            for fate in [Fate::Within, Fate::Output] {
                let names = mapping.fields.iter().filter(|field| field.fate == fate);
                let names: Vec<&str> = names.map(|field| field.field.as_str()).collect();
                if names.is_empty() {
                    continue;
                }
                let text = format!("{}: {}", fate.as_str(), names.join(", "));
                for line in wrap(&text, WIDTH - 4).lines() {
                    writeln!(f, "  {line}")?;
                }
            }
        }
        Ok(())
    }
}

/// All systems as one document in Markdown, `docs/imports.md`.
pub fn imports_document() -> String {
    let mut text = "# Files of other systems\n\nMade from the tables of the converters in `src/spec/foreign/`; \
                    `mlctl explain --from SYSTEM` prints one.\n\n`validate`, `convert`, `train`, `tune`, \
                    `batch-predict` and `serve` take these files as they are. Of each field is said whether it is \
                    kept, changed, left out with a warning, or refused; fields that the system itself writes into \
                    copies of a file are passed over. `mlctl convert FILE` prints what a file becomes.\n"
        .to_owned();
    let cell = |text: &str| text.replace('|', "\\|");
    for system in systems().map(super::common::system::ForeignSystem::explained) {
        // Writing to a `String` can't fail.
        let _ = write!(text, "\n## {}\n\n| Kind | Becomes |\n|---|---|\n", system.title);
        for kind in &system.kinds {
            let _ = writeln!(text, "| {} | {} |", cell(&kind.kind), kind.becomes);
        }
        for mapping in &system.mappings {
            let fields: Vec<&ForeignField> =
                mapping.fields.iter().filter(|field| field.fate != Fate::Output).collect();
            if fields.is_empty() {
                continue;
            }
            let _ = write!(text, "\n`{}`\n\n| Field | |\n|---|---|\n", mapping.mapping);
            for field in fields {
                let _ = writeln!(text, "| `{}` | {} |", field.field, cell(&fate(field)));
            }
        }
    }
    text
}
