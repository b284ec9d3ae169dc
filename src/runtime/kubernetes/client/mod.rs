//! The connection to an API server: where it is, what may be asked of it, what its refusals mean.

pub(crate) mod access;
mod api;
mod connect;
mod create;
mod error;
mod proxy;
pub(crate) mod refusal;
mod roles;

pub(crate) use api::Cluster;
pub use connect::{ConnectOptions, Location};
pub(crate) use connect::{Endpoint, client, endpoint};
pub(crate) use error::{Target, is_not_found};
pub use proxy::ProxyVariables;
pub use roles::{AdminRole, ClusterScope};
