//! An endpoint: what is written down of it, and how its spec becomes that.

mod definition;
mod deployment;
mod document;
mod documents;
mod error;
mod replica_plan;
mod rules;

pub use definition::{Definition, LookedUp};
pub use deployment::{deployment_of, unnamed_deployments};
pub use document::{ENDPOINT_DOCUMENT, EndpointDocument, KeptRequests};
pub use documents::write_documents;
pub use error::ServeError;
pub use replica_plan::replica_job;
pub use rules::{current_rules, revision_rules};
