//! YAML in, typed spec out, with every error of a file at once.

pub mod check;
mod explain;
mod files;
mod foreign;
mod installs;
pub mod kinds;
mod load;
pub mod requirements;
pub mod syntax;

pub use check::{is_secret_name, json_schema};
pub use explain::{Explained, ExplainedField, UnknownPath, explain};
pub use files::{CodeFiles, SpecFiles};
pub use foreign::{
    BatchDirective, ExplainedKind, ExplainedMapping, ExplainedSystem, Fate, ForeignField,
    batch_directives, commented, explain_system, imports_document, is_text_of_a_system,
    system_names,
};
pub(crate) use installs::plainly;
pub use kinds::batch::*;
pub use kinds::endpoint::*;
pub(crate) use kinds::train::lint::is_writable;
pub use kinds::train::*;
pub use kinds::tune::*;
pub use kinds::{DEFAULT_KIND, names as kind_names};
pub use kinds::{Document, Resolved};
pub use load::{LoadOptions, Loaded, load};
pub use syntax::{
    Code, Diagnostic, Diagnostics, Label, Node, RenderOptions, SPEC_LIMIT, Severity, Source,
    SourceSpan, Spans,
};
