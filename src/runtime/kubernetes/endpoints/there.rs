//! What is there of an endpoint.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::gang::RunId;
use crate::plan::Plan;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::follow::selector;
use crate::runtime::kubernetes::objects::endpoint::{PART, REPLICA, ROUTER};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::{ClusterError, RuntimeError};
use crate::store::RunPaths;

/// The plan of a run that is an endpoint in a cluster; `None` for every other run.
pub(crate) fn plan_of(run: &RunPaths) -> Option<Plan> {
    // What every other run of a cluster leaves is looked for first: most runs are such.
    if run.submission().exists() {
        return None;
    }
    run.read_plan().ok().filter(|plan| plan.service().is_some())
}

/// The Deployments of an endpoint, its routers' own among them.
pub(super) async fn deployments(
    cluster: &Cluster,
    endpoint: &RunId,
) -> Result<Vec<Deployment>, ClusterError> {
    let mut all: Vec<Deployment> = cluster.list(&selector(endpoint), "").await?;
    // Whoever may make Deployments may write the label: those of others are no part of it.
    all.retain(|one| is_own(&one.metadata, endpoint));
    Ok(all)
}

/// The pods of an endpoint: those that route and those that answer.
pub(super) async fn pods(cluster: &Cluster, endpoint: &RunId) -> Result<Vec<Pod>, ClusterError> {
    let mut all: Vec<Pod> = cluster.list(&selector(endpoint), "").await?;
    // ReplicaSets are made by the cluster alone: mlctl's Roles allow nobody to make one, or to make a pod
    // in the name of one.
    let is_made = |pod: &Pod| {
        let owners = pod.metadata.owner_references.iter().flatten();
        owners.into_iter().any(|one| one.controller == Some(true) && one.kind == "ReplicaSet")
    };
    all.retain(|pod| part(&pod.metadata).is_some() && is_made(pod));
    Ok(all)
}

/// Whether a pod is one of an endpoint's replicas: who may write how the endpoint is may name any pod.
pub(crate) fn has_replica(
    session: &Session,
    endpoint: &RunPaths,
    pod: &str,
) -> Result<bool, RuntimeError> {
    let cluster = session.cluster()?;
    let all = session.block_on(pods(&cluster, &endpoint.run))?;
    let is_it = |one: &Pod| name(&one.metadata) == pod && part(&one.metadata) == Some(REPLICA);
    Ok(all.iter().any(is_it))
}

/// What a pod is for: [`ROUTER`] or [`REPLICA`].
pub(super) fn part(meta: &ObjectMeta) -> Option<&str> {
    let part = meta.labels.as_ref()?.get(PART)?;
    [ROUTER, REPLICA].into_iter().find(|known| known == part)
}

/// The endpoint's record owns it, or nobody does, as when kubectl has made it.
pub(super) fn is_own(meta: &ObjectMeta, endpoint: &RunId) -> bool {
    let mut owners = meta.owner_references.iter().flatten().peekable();
    let is_record = |name: &str, kind: &str| kind == "ConfigMap" && *name == **endpoint;
    owners.peek().is_none() || owners.any(|owner| is_record(&owner.name, &owner.kind))
}

/// The name of an object.
pub(super) fn name(meta: &ObjectMeta) -> &str {
    meta.name.as_deref().unwrap_or_default()
}
