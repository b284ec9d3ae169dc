//! The end of an endpoint: callers can reach it no more, its routers answer what is under way, and the pods
//! behind them go.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Service};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::DeleteParams;
use serde_json::json;

use super::there::{self, name};
use crate::gang::RunId;
use crate::plan::EndpointPods;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::objects::annotation;
use crate::runtime::kubernetes::objects::endpoint::HTTP_ROUTE;
use crate::runtime::kubernetes::session::Session;
use crate::runtime::{ClusterError, RuntimeError};
use crate::spec::{Expose, ExposeBy};
use crate::store::RunPaths;

/// Ends the endpoint in the name of `by`. Its pods take the time that their requests need; what says how
/// it went stays until it is removed.
pub(crate) fn cancel(
    session: &Session,
    run: &RunPaths,
    service: &EndpointPods,
    by: &str,
) -> Result<(), RuntimeError> {
    let cluster = session.cluster()?;
    let change = json!({"metadata": {"annotations": {annotation::CANCELLED_BY: by}}});
    session.block_on(async {
        cluster.change::<ConfigMap>(&run.run, &change).await?;
        delete(&cluster, &run.run, service, &DeleteParams::foreground()).await
    })?;
    Ok(())
}

/// Ends whatever is left of it at once, without a grace period. Its record stays.
pub(crate) fn remove(
    session: &Session,
    run: &RunPaths,
    service: &EndpointPods,
) -> Result<(), RuntimeError> {
    let cluster = session.cluster()?;
    let now = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
    session.block_on(async {
        delete(&cluster, &run.run, service, &DeleteParams::background()).await?;
        for pod in there::pods(&cluster, &run.run).await? {
            cluster.delete::<Pod>(name(&pod.metadata), &now).await?;
        }
        Ok::<_, ClusterError>(())
    })?;
    Ok(())
}

/// Nothing of it can answer any more: neither is there a pod, nor anything that would make one.
pub(crate) fn is_gone(session: &Session, run: &RunPaths) -> Result<bool, RuntimeError> {
    let cluster = session.cluster()?;
    Ok(session.block_on(async {
        let left = there::deployments(&cluster, &run.run).await?;
        let pods = there::pods(&cluster, &run.run).await?;
        Ok::<_, ClusterError>(left.is_empty() && pods.is_empty())
    })?)
}

/// Deletes what callers come by, then the routers, then the replicas, and what would make them anew first
/// of all.
async fn delete(
    cluster: &Cluster,
    run: &RunId,
    service: &EndpointPods,
    deployments: &DeleteParams,
) -> Result<(), ClusterError> {
    let found = there::deployments(cluster, run).await?;
    let params = DeleteParams::background();
    let (mut routers, mut replicas) = (None, Vec::new());
    for one in &found {
        match name(&one.metadata) {
            called if *called == **run => routers = Some(called),
            called => replicas.push(called),
        }
    }
    for called in &replicas {
        cluster.delete::<HorizontalPodAutoscaler>(called, &params).await?;
    }
    match &service.expose {
        Expose::By(ExposeBy { ingress: Some(_), .. }) => {
            cluster.delete::<Ingress>(run, &params).await?;
        }
        Expose::By(_) => cluster.delete_any(HTTP_ROUTE, run, &params).await?,
        Expose::Simply(_) => {}
    }
    let address: Option<Service> = cluster.find(&service.address).await?;
    let address = address.filter(|address| {
        address.metadata.owner_references.is_some() && there::is_own(&address.metadata, run)
    });
    if address.is_some() {
        cluster.delete::<Service>(&service.address, &params).await?;
    }
    if service.routers >= 2 {
        cluster.delete::<PodDisruptionBudget>(run, &params).await?;
    }
    for called in routers.into_iter().chain(replicas) {
        cluster.delete::<Deployment>(called, deployments).await?;
    }
    Ok(())
}
