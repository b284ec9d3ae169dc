//! The documents of a registry. Each has a `schemaVersion`; a newer one is refused, never guessed at.

mod deployment;
mod lineage;
mod pointers;
mod version;

pub use deployment::{DEPLOYMENT_VERSION, Deployment, Endpoint};
pub use lineage::{Lineage, RunLineage};
pub use pointers::{AliasDocument, POINTER_VERSION, RetentionDocument};
pub use version::{CLAIM_VERSION, ClaimDocument, DECISION_VERSION, Decision, VersionFacts};
