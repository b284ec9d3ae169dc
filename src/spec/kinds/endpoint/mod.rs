//! `kind: Endpoint`: its types and what its schema can't check.

mod types;

pub use types::*;
