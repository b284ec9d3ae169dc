//! An endpoint as its routers see it from within: watches of what concerns it, and the few things that its
//! leader changes.

mod endpoint;
mod lease;
mod pods;
mod watches;

pub use endpoint::DeployedEndpoint;
pub(crate) use pods::failure_of;
