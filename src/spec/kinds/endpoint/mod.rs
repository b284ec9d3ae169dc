//! `kind: Endpoint`: its types and what its schema can't check.

mod habits;
mod kind;
mod lint;
mod types;
mod write;

pub use kind::ENDPOINT;
pub(crate) use kind::KIND;
pub use lint::MAX_REVISION;
pub(crate) use lint::document as lint_document;
pub use types::*;
