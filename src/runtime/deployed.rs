//! An endpoint in a cluster as its routers see it: what was applied, the pods there are, who decides.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;

use super::RuntimeError;
use crate::gang::RunId;

/// What a router in a pod asks and tells its cluster. Nothing here waits for a change: what was seen last
/// comes from watches that go on by themselves.
pub trait Deployed: Sync {
    /// Grows with each change of the endpoint's documents and its journal, so that they are read only then.
    fn changes(&self) -> u64;

    /// The documents that were applied last, by the names of their files.
    fn documents(&self) -> Result<BTreeMap<String, String>, RuntimeError>;

    /// All pods of the endpoint that are there now; an error before the first list has come, or while the
    /// cluster gives none.
    fn pods(&self) -> Result<Vec<EndpointPod>, RuntimeError>;

    /// How many replicas a Deployment is to have, as far as this process has seen; `None` where there is no
    /// such Deployment.
    fn replicas(&self, deployment: &RunId) -> Result<Option<u32>, RuntimeError>;

    /// Says how many replicas a Deployment is to have.
    fn scale(&self, deployment: &RunId, replicas: u32) -> Result<(), RuntimeError>;

    /// Takes or renews the right to decide for this long, unless another pod has it; says who has it then.
    fn hold(&self, pod: &str, lifetime: Duration) -> Result<String, RuntimeError>;

    /// Gives that right back, so that a successor needs not wait for its end.
    fn let_go(&self, pod: &str) -> Result<(), RuntimeError>;

    /// Shows people and other machines how the endpoint is: a document of JSON.
    fn show(&self, live: &str) -> Result<(), RuntimeError>;
}

/// A pod of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointPod {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub part: EndpointPart,
    /// Its address, once it has one.
    pub address: Option<IpAddr>,
    /// The ports that its own container declares, by their names.
    pub ports: BTreeMap<String, u16>,
    /// How far it is.
    pub phase: PodPhase,
    /// How often its container was started again.
    pub restarts: u32,
    /// When it failed last.
    pub failed_at: Option<Timestamp>,
    /// Why it can't go on, or has failed last.
    pub failure: Option<String>,
}

/// What a pod of an endpoint is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointPart {
    /// It routes.
    Router,
    /// It answers: a replica of the revision whose Deployment this is.
    Replica(RunId),
}

/// How far a pod is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodPhase {
    /// It can't be asked yet, or no longer.
    Starting,
    /// Its probe says that it can be asked.
    Ready,
    /// It was told to go.
    Draining,
}
