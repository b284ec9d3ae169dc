//! What belongs to endpoints.

mod applied;
mod args;
mod callers;
mod certificate;
mod change;
mod deploy;
mod difference;
mod follow;
mod from_model;
mod given;
mod lookup;
mod marks;
mod named;
mod rendered;
mod replica;
mod router;
mod run_loop;
mod target;
mod undeploy;
mod wait;

pub(in crate::cli) use applied::document_of;
pub use args::{RollbackArgs, RolloutArgs, ScaleArgs, ServeArgs, TrafficArgs, UndeployArgs};
pub use change::{rollback, rollout, scale, traffic};
pub(in crate::cli) use deploy::port_within;
pub use deploy::serve;
pub(in crate::cli) use lookup::unreachable;
pub use rendered::{Rendering, rendered_endpoint};
pub use replica::{ServeReplicaArgs, serve_replica_verb};
pub use router::serve_router;
pub use run_loop::{ServeVariables, serve_loop};
pub use target::{EndpointReport, EndpointTarget, endpoint_report};
pub use undeploy::{forget, may_end, undeploy};
pub use wait::wait_endpoint;
