//! Serving: an endpoint's revisions, the router in front of them, and what decides over both.

mod controller;
mod endpoint;
mod guard;
mod kept;
mod loaded;
mod replica;
pub mod rollout;
pub mod scale;
#[cfg(test)]
mod sim;
pub mod window;

pub use controller::{
    Asked as EndpointAsked, EndpointJournal, InCluster, LIVE_VERSION, LOOP_VERB as SERVE_LOOP_VERB,
    LiveChange, LiveDocument, LiveHistory, LiveReplica, LiveRevision, LiveShadow, LiveTraffic,
    Prepared, ReplicaPods, ReplicaRuns, Replicas, RunsPlace,
    SECRET_VARIABLE as SERVE_SECRET_VARIABLE, ServicePlanned, Serving, StepFigures,
    Surroundings as EndpointSurroundings, Told as EndpointTold, append as append_entries,
    begin as begin_endpoint, begin_in_cluster, change_in_cluster, control as control_endpoint,
    go_on as go_on_serving, planned_in, prepare as prepare_endpoint, service_plan,
};
pub use endpoint::{
    Definition, ENDPOINT_DOCUMENT, EndpointDocument, KeptRequests, LookedUp, ServeError,
    current_rules, deployment_of, replica_job, revision_rules, unnamed_deployments,
    write_documents,
};
pub use kept::{Keeper, LONGEST_QUEUE};
pub use loaded::LoadedEndpoint;
pub use replica::{ReadyDocument, ReplicaEnd, ReplicaError, ReplicaPlace, serve_replica};
