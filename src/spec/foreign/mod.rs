//! Files of other systems, accepted as people write them: a folder for each system, and what they share.

mod comments;
mod common;
mod dstack;
mod katib;
mod kserve;
mod kubeflow;
mod kubernetes;
mod launchers;
mod others;
mod places;
mod registry;
mod skypilot;
mod text;
mod tfserving;
mod trainer;
mod vertex;

pub use comments::commented;
pub(super) use common::system::ForeignSystem;
pub use common::system::{ExplainedKind, ExplainedMapping, ExplainedSystem, Fate, ForeignField};
pub use others::{BatchDirective, batch_directives};
pub(super) use registry::systems;
pub use registry::{explain_system, is_text_of_a_system, system_names};
pub use text::imports_document;
