//! `kind: TuneJob`: its types, what its schema can't check, and the space that it searches.

mod habits;
mod kind;
mod lint;
pub mod space;
mod types;
mod write;

pub(crate) use kind::KIND;
pub use kind::TUNE_JOB;
pub(crate) use lint::document as lint_document;
pub use types::*;
