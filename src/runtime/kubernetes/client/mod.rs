//! The connection to an API server: where it is, what may be asked of it, what its refusals mean.

pub(crate) mod access;
mod api;
mod apply;
mod clock;
mod connect;
mod create;
mod error;
mod needs;
mod proxy;
pub(crate) mod refusal;
mod roles;
mod service;
mod user;

pub use access::roles_of_verbs;
pub(crate) use api::Cluster;
pub(crate) use clock::{ServerClock, age};
pub use connect::{ConnectOptions, Location, contexts};
pub(crate) use connect::{Endpoint, client, endpoint};
pub(crate) use create::Makeable;
pub(crate) use error::{Target, is_not_found, is_of_node, is_passing, names_kubelet, of_kubelet};
pub use proxy::ProxyVariables;
pub use roles::{AdminRole, ClusterScope};
pub(crate) use user::{user, user_within};
