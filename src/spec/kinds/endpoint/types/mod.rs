//! The typed spec: what an `Endpoint` file says.

mod access;
mod effective;
mod endpoint;
mod replicas;
mod revision;
mod rollout;
mod traffic;

pub use access::*;
pub use effective::*;
pub use endpoint::*;
pub use replicas::*;
pub use revision::*;
pub use rollout::*;
pub use traffic::*;
