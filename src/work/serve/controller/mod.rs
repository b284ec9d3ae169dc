//! The controller of an endpoint: a run whose command routes requests, decides over the revisions, and makes
//! and ends the runs that are their replicas.

mod actions;
mod begin;
mod control;
mod facts;
mod fleet;
mod journal;
mod live;
mod look;
mod loop_plan;
mod prepare;
mod recent;
mod replica;
mod routing;

pub use begin::{Serving, begin, go_on};
pub use control::{Asked, Surroundings, Told, control};
pub use journal::{EndpointJournal, append};
pub use live::{
    LIVE_VERSION, LiveChange, LiveDocument, LiveReplica, LiveRevision, LiveTraffic, StepFigures,
};
pub use loop_plan::{LOOP_VERB, SECRET_VARIABLE};
pub use prepare::{Prepared, prepare};
