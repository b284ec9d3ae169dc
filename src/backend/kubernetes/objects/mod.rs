//! Plan to manifests, purely.

mod manifests;

pub use manifests::*;
