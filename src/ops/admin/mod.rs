//! What an admin applies once: namespaces, Roles, quotas and network policies.

mod manifests;
mod names;
mod subject;

pub use manifests::{Grant, admin_manifests};
pub use names::AdminError;
