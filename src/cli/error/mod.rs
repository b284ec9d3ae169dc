//! Errors on their way to the user: classes, exit codes, hints.

mod batch;
mod from;
mod models;
mod tune;
mod types;

pub use types::*;
