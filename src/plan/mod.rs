//! Spec to plan, purely: what runs, with which environment. No file, clock or network here.

pub mod batch;
mod check;
mod claim;
mod context;
mod error;
mod expansion;
mod known;
mod layout;
mod mask;
mod push;
pub(crate) mod rendezvous;
mod secrets;
mod service;
mod serving;
mod started;
mod study;
mod table;
mod tasks;
mod types;
mod withheld;

pub use crate::spec::check::{mask_argv, mask_spec, mask_text};
pub(crate) use context::{BLAME_HOLD, DRAIN, GRACE, KILL_BOUND, LEASE, OUTSIDE_PAUSE};
pub use context::{PlanContext, RuntimeDefaults};
pub use error::PlanError;
pub use expansion::{DECLARED, Declared, Expansion, declared, unexpanded};
pub use known::{Known, is_telling, secrets_in_arguments};
pub use layout::*;
pub use mask::shown_label;
pub use push::PushPlan;
pub use rendezvous::{OUTPUT_PARTS, OutputDirs, UnknownReplica, environment, hidden};
pub use secrets::{SecretVariables, hide};
pub use service::{CpuScaling, EndpointPods, RevisionPods, SERVICE_VERSION, ServicePlan};
pub use serving::{
    REPLICA_GRPC_PORT, REPLICA_HTTP_PORT, REPLICA_STATUS_PORT, REPLICA_VERB, ServerPorts,
    ServingPlan, WarmupPlan,
};
pub use started::{ImageIds, StartedWith, started_rows, started_with};
pub use study::{ControllerPlan, MetricsPlan, ReplicaOf, TrialOf, group};
pub use table::{Section, shell_line, table};
pub use tasks::{BatchPlan, OWN_PROGRAM, Protocol, ServerPlan, TASKS_VERSION, TasksPlan};
pub use types::*;
pub use withheld::Withheld;
