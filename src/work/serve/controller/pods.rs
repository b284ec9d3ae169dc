//! Replicas in a cluster: the pods of a Deployment for each revision, which the cluster makes and replaces.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mlctl_router::{ReplicaConfig, Snapshot};

use super::replicas::{READY, Replicas, ShownReplica};
use crate::gang::RunId;
use crate::plan::{REPLICA_GRPC_PORT, REPLICA_HTTP_PORT};
use crate::runtime::{Deployed, EndpointPart, EndpointPod, PodPhase};
use crate::work::serve::endpoint::{ServeError, deployment_of};
use crate::work::serve::rollout::{EndpointState, RevisionFacts, RevisionId};
use crate::work::serve::scale::Target;

/// How often a Deployment is asked how many replicas it is to have, where others may say so too.
const ASK_PACE: Duration = Duration::from_secs(10);

/// What is known of a revision's Deployment.
#[derive(Debug)]
struct OfRevision {
    deployment: RunId,
    /// How many replicas it is to have; `None` where it is not there.
    wanted: Option<u32>,
    asked: Instant,
    pods: Vec<EndpointPod>,
}

/// The pods of all revisions.
pub struct ReplicaPods<'a> {
    endpoint: RunId,
    deployed: &'a dyn Deployed,
    revisions: BTreeMap<RevisionId, OfRevision>,
    is_scaled_elsewhere: bool,
    /// Pods of Deployments that no revision has any more.
    left: usize,
}

impl<'a> ReplicaPods<'a> {
    /// Nothing is known of them yet.
    pub fn new(endpoint: RunId, deployed: &'a dyn Deployed) -> Self {
        let revisions = BTreeMap::new();
        Self { endpoint, deployed, revisions, is_scaled_elsewhere: false, left: 0 }
    }

    /// Learns which Deployments there are to be, and how many replicas each is told to have.
    fn take(&mut self, state: &EndpointState) -> Result<(), ServeError> {
        let target = state.rules.as_ref().map(|rules| &rules.scaling.target);
        self.is_scaled_elsewhere = matches!(target, Some(Target::Cpu(_)));
        for (id, revision) in &state.revisions {
            let deployment =
                deployment_of(&self.endpoint, id.name.as_ref(), &revision.rules.digest)?;
            let known = self.revisions.get(id).filter(|known| known.deployment == deployment);
            let is_due = known.is_none_or(|known| {
                let may_change = self.is_scaled_elsewhere || known.wanted.is_none();
                may_change && known.asked.elapsed() >= ASK_PACE
            });
            if is_due {
                let wanted = self.deployed.replicas(&deployment)?;
                let asked = Instant::now();
                let pods = Vec::new();
                self.revisions.insert(id.clone(), OfRevision { deployment, wanted, asked, pods });
            }
        }
        Ok(())
    }
}

impl Replicas for ReplicaPods<'_> {
    fn find(&mut self, state: &EndpointState) -> Result<(), ServeError> {
        self.revisions.clear();
        self.take(state)
    }

    fn look(
        &mut self,
        state: &EndpointState,
        _: &Snapshot,
        _: Duration,
    ) -> Result<Vec<String>, ServeError> {
        self.take(state)?;
        let mut all: BTreeMap<RunId, Vec<EndpointPod>> = BTreeMap::new();
        for pod in self.deployed.pods()? {
            if let EndpointPart::Replica(deployment) = &pod.part {
                all.entry(deployment.clone()).or_default().push(pod);
            }
        }
        for one in self.revisions.values_mut() {
            one.pods = all.remove(&one.deployment).unwrap_or_default();
        }
        self.left = all.values().map(Vec::len).sum();
        self.revisions.retain(|id, one| state.revisions.contains_key(id) || !one.pods.is_empty());
        Ok(Vec::new())
    }

    fn facts(&self) -> BTreeMap<RevisionId, RevisionFacts> {
        let of = |one: &OfRevision| {
            let count = |phase: PodPhase| {
                let pods = one.pods.iter().filter(|pod| pod.phase == phase).count();
                u32::try_from(pods).unwrap_or(u32::MAX)
            };
            let ready = count(PodPhase::Ready);
            // What fails while nothing is ready may have been wrong from the start.
            let failing = one.pods.iter().filter(|pod| pod.phase == PodPhase::Starting);
            let worst = failing.filter(|pod| pod.failure.is_some()).max_by_key(|pod| pod.failed_at);
            let missing = one.wanted.is_none().then(|| {
                format!("its Deployment {} is not there; serve again to make it", one.deployment)
            });
            RevisionFacts {
                wanted: one.wanted,
                starting: count(PodPhase::Starting),
                ready,
                warm: ready,
                draining: count(PodPhase::Draining),
                failed: 0,
                failures: worst.map_or(u32::from(missing.is_some()), |pod| pod.restarts.max(1)),
                failed_at: worst.and_then(|pod| pod.failed_at),
                failure: worst.and_then(|pod| pod.failure.clone()).or(missing),
                is_scaled_elsewhere: self.is_scaled_elsewhere,
                ..RevisionFacts::default()
            }
        };
        self.revisions.iter().map(|(id, one)| (id.clone(), of(one))).collect()
    }

    fn ready(&self, id: &RevisionId) -> Vec<ReplicaConfig> {
        let pods = self.revisions.get(id).into_iter().flat_map(|one| &one.pods);
        pods.filter(|pod| pod.phase == PodPhase::Ready)
            .filter_map(|pod| {
                let address = pod.address?;
                let at = |name: &str, usual: u16| {
                    SocketAddr::new(address, pod.ports.get(name).copied().unwrap_or(usual))
                };
                Some(ReplicaConfig {
                    id: pod.name.clone(),
                    address: at("http", REPLICA_HTTP_PORT),
                    grpc_address: Some(at("grpc", REPLICA_GRPC_PORT)),
                })
            })
            .collect()
    }

    fn shown(&self, id: &RevisionId) -> Vec<ShownReplica> {
        let pods = self.revisions.get(id).into_iter().flat_map(|one| &one.pods);
        let word = |phase: PodPhase| match phase {
            PodPhase::Starting => "starting",
            PodPhase::Ready => READY,
            PodPhase::Draining => "draining",
        };
        pods.map(|pod| ShownReplica { name: pod.name.clone(), state: word(pod.phase) }).collect()
    }

    fn scale(
        &mut self,
        _: &EndpointState,
        id: &RevisionId,
        replicas: u32,
    ) -> Result<Vec<String>, ServeError> {
        let Some(one) = self.revisions.get_mut(id) else { return Ok(Vec::new()) };
        if one.wanted.is_none() && replicas > 0 {
            let deployment = &one.deployment;
            return Ok(vec![format!(
                "{id} has no Deployment {deployment}, so that it can't be started"
            )]);
        }
        self.deployed.scale(&one.deployment, replicas)?;
        one.wanted = Some(replicas);
        Ok(Vec::new())
    }

    // The cluster does both by itself.
    fn replace(&mut self, _: &EndpointState, _: &RevisionId, _: u32) -> Vec<String> {
        Vec::new()
    }

    fn top_up(&mut self, _: &EndpointState) -> Vec<String> {
        Vec::new()
    }

    // Whoever ends an endpoint in a cluster deletes its Deployments.
    fn end(&mut self) {}

    fn is_empty(&self) -> bool {
        self.left == 0 && self.revisions.values().all(|one| one.pods.is_empty())
    }
}
