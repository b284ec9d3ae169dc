//! Errors on their way to the user: classes, exit codes, hints.

mod batch;
mod document;
mod from;
mod models;
mod predict;
mod serve;
mod tune;
mod types;

pub use document::*;
pub use types::*;
