//! All runs of an endpoint's replicas, as the trait of replicas has them.

use std::collections::BTreeMap;
use std::time::Duration;

use mlctl_router::{ReplicaConfig, Snapshot};

use super::fleet::Fleet;
use super::replica::Phase;
use crate::ops::cost::Prices;
use crate::run::Submitter;
use crate::runtime::Runtime;
use crate::store::{EndpointPaths, Store};
use crate::work::serve::controller::replicas::{READY, Replicas, ShownReplica};
use crate::work::serve::endpoint::{Definition, ServeError};
use crate::work::serve::rollout::{EndpointState, RevisionFacts, RevisionId};

/// What is needed to make runs of replicas.
pub struct RunsPlace<'a> {
    /// The state folder.
    pub store: &'a Store,
    /// Where the endpoint lies in it.
    pub paths: &'a EndpointPaths,
    /// Where replicas run.
    pub runtime: &'a dyn Runtime,
    /// Who submits replicas.
    pub submitter: Submitter<'a>,
    /// What things cost there.
    pub prices: Prices,
    /// Secret values of the replicas, by their variables.
    pub secrets: BTreeMap<String, String>,
}

/// The runs.
pub struct ReplicaRuns<'a> {
    pub(super) place: RunsPlace<'a>,
    pub(super) fleet: Fleet,
    /// What was read of each revision, by its digest.
    pub(super) definitions: BTreeMap<String, Definition>,
}

impl<'a> ReplicaRuns<'a> {
    /// Nothing is known of them yet.
    pub fn new(place: RunsPlace<'a>) -> Self {
        Self { place, fleet: Fleet::default(), definitions: BTreeMap::new() }
    }
}

impl Replicas for ReplicaRuns<'_> {
    fn find(&mut self, _: &EndpointState) -> Result<(), ServeError> {
        self.find_runs()
    }

    fn look(
        &mut self,
        _: &EndpointState,
        snapshot: &Snapshot,
        drain: Duration,
    ) -> Result<Vec<String>, ServeError> {
        Ok(self.look_at_runs(snapshot, drain))
    }

    fn facts(&self) -> BTreeMap<RevisionId, RevisionFacts> {
        self.fleet.facts()
    }

    fn ready(&self, id: &RevisionId) -> Vec<ReplicaConfig> {
        let own = self.fleet.replicas.values();
        own.filter(|one| one.of == *id && one.phase == Phase::Ready)
            .filter_map(|one| {
                let ready = one.ready.as_ref()?;
                let address = ready.http.parse().ok()?;
                let grpc_address = ready.grpc.as_ref().and_then(|grpc| grpc.parse().ok());
                Some(ReplicaConfig { id: one.run().to_string(), address, grpc_address })
            })
            .collect()
    }

    fn shown(&self, id: &RevisionId) -> Vec<ShownReplica> {
        let own = self.fleet.replicas.values().filter(|one| one.of == *id);
        own.map(|one| ShownReplica { name: one.run().to_string(), state: word(&one.phase) })
            .collect()
    }

    fn scale(
        &mut self,
        state: &EndpointState,
        id: &RevisionId,
        replicas: u32,
    ) -> Result<Vec<String>, ServeError> {
        Ok(self.scale_runs(state, id, replicas))
    }

    fn replace(&mut self, state: &EndpointState, id: &RevisionId, count: u32) -> Vec<String> {
        let told = self.fleet.told(id);
        told.failed = told.failed.saturating_sub(count);
        self.top_up_one(state, id)
    }

    fn top_up(&mut self, state: &EndpointState) -> Vec<String> {
        let ids: Vec<RevisionId> = self.fleet.told.keys().cloned().collect();
        ids.iter().flat_map(|id| self.top_up_one(state, id)).collect()
    }

    fn end(&mut self) {
        self.fleet.replicas.values_mut().for_each(super::replica::Replica::drain);
    }

    fn is_empty(&self) -> bool {
        self.fleet.replicas.is_empty()
    }
}

fn word(phase: &Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Ready => READY,
        Phase::Draining { .. } => "draining",
        Phase::Gone | Phase::Failed(_) => "gone",
    }
}
