//! `kind: BatchPredictJob`: its types and what its schema can't check.

mod habits;
mod kind;
pub(super) mod lint;
mod types;
mod write;

pub use kind::BATCH_PREDICT_JOB;
pub(crate) use kind::KIND;
pub(crate) use lint::document as lint_document;
pub use types::*;
pub(crate) use write::escape_model;
