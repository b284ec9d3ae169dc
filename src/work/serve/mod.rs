//! Serving: an endpoint's revisions, the router in front of them, and what decides over both.

mod controller;
mod endpoint;
mod guard;
mod loaded;
mod replica;
pub mod rollout;
pub mod scale;
#[cfg(test)]
mod sim;
pub mod window;

pub use controller::{
    Asked as EndpointAsked, EndpointJournal, LIVE_VERSION, LOOP_VERB as SERVE_LOOP_VERB,
    LiveChange, LiveDocument, LiveReplica, LiveRevision, LiveTraffic, Prepared, ReplicaRuns,
    Replicas, RunsPlace, SECRET_VARIABLE as SERVE_SECRET_VARIABLE, Serving, StepFigures,
    Surroundings as EndpointSurroundings, Told as EndpointTold, append as append_entries,
    begin as begin_endpoint, control as control_endpoint, go_on as go_on_serving,
    prepare as prepare_endpoint,
};
pub use endpoint::{
    Definition, EndpointDocument, ServeError, ServedModel, current_rules, deployment_of,
    replica_job, revision_rules,
};
pub use loaded::LoadedEndpoint;
pub use replica::{ReadyDocument, ReplicaEnd, ReplicaError, ReplicaPlace, serve_replica};
