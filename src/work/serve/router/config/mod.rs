//! What a router is told to do: [`RouterConfig`], its check, and how a caller's point finds a revision.

mod assignment;
mod check;
mod limits;
mod revision;
mod router;
mod token;

pub use assignment::{Assignment, Share};
pub use check::{ConfigError, Fault};
pub use limits::{Limits, Retries};
pub use revision::{ReplicaConfig, RevisionConfig, Routes};
pub use router::{LogConfig, RouterConfig, SCHEMA_VERSION, ShadowConfig, Sticky};
pub use token::{TokenHash, TokenHashError};
