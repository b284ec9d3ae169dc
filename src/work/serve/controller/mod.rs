//! The controller of an endpoint: a run whose command routes requests, decides over the revisions, and makes
//! and ends the runs that are their replicas.

mod begin;
mod control;
mod facts;
mod history;
mod in_cluster;
mod journal;
mod live;
mod loop_plan;
mod pods;
mod prepare;
mod recent;
mod replicas;
mod routing;
mod runs;

pub use begin::{Serving, begin, go_on};
pub use control::{Asked, Surroundings, Told, control};
pub use history::LiveHistory;
pub use in_cluster::{
    InCluster, ServicePlanned, begin_in_cluster, change_in_cluster, planned_in, service_plan,
};
pub use journal::{EndpointJournal, append};
pub use live::{
    LIVE_VERSION, LiveChange, LiveDocument, LiveReplica, LiveRevision, LiveShadow, StepFigures,
};
pub use loop_plan::{LOOP_VERB, SECRET_VARIABLE};
pub use pods::ReplicaPods;
pub use prepare::{Prepared, prepare};
pub use recent::LiveTraffic;
pub use replicas::Replicas;
pub use runs::{ReplicaRuns, RunsPlace};
