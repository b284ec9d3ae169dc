//! The replicas of an endpoint as its controller sees them, wherever they are.

use std::collections::BTreeMap;
use std::time::Duration;

use mlctl_router::{ReplicaConfig, Snapshot};

use crate::work::serve::endpoint::ServeError;
use crate::work::serve::rollout::{EndpointState, RevisionFacts, RevisionId};

/// The replicas of all revisions: runs of this machine, or pods of a cluster.
pub trait Replicas {
    /// Finds those that a predecessor has left.
    fn find(&mut self, state: &EndpointState) -> Result<(), ServeError>;

    /// Looks at every one of them. `snapshot` says what each has under way, and `drain` for how long one
    /// that ends may go on with that. Gives what a person should know.
    fn look(
        &mut self,
        state: &EndpointState,
        snapshot: &Snapshot,
        drain: Duration,
    ) -> Result<Vec<String>, ServeError>;

    /// What decisions need to know of each revision, but for its requests.
    fn facts(&self) -> BTreeMap<RevisionId, RevisionFacts>;

    /// Those of a revision that can be asked.
    fn ready(&self, id: &RevisionId) -> Vec<ReplicaConfig>;

    /// All of a revision that are there.
    fn shown(&self, id: &RevisionId) -> Vec<ShownReplica>;

    /// A revision is to have so many. Those that are too many get nothing new from here on.
    fn scale(
        &mut self,
        state: &EndpointState,
        id: &RevisionId,
        replicas: u32,
    ) -> Result<Vec<String>, ServeError>;

    /// Starts successors for so many that have failed.
    fn replace(&mut self, state: &EndpointState, id: &RevisionId, count: u32) -> Vec<String>;

    /// Starts what is missing of all revisions, as far as there is room for it now.
    fn top_up(&mut self, state: &EndpointState) -> Vec<String>;

    /// Ends all of them, once what they have under way is answered.
    fn end(&mut self);

    /// Nothing of them is left.
    fn is_empty(&self) -> bool;
}

/// A replica as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownReplica {
    /// Its run, or its pod.
    pub name: String,
    /// How far it is: `starting`, [`READY`], `draining` or `gone`.
    pub state: &'static str,
}

/// The word for a replica that can be asked.
pub(super) const READY: &str = "ready";
