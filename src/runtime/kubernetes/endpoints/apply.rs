//! The requests that make an endpoint, or make another one of it, in an order in which whoever dies between
//! two of them has told nobody anything wrong.

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::DeleteParams;
use serde_json::json;

use super::there::{self, name};
use crate::gang::RunId;
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::{Cluster, Makeable};
use crate::runtime::kubernetes::objects::endpoint::{
    EndpointManifests, HTTP_ROUTE, RevisionManifests,
};
use crate::runtime::kubernetes::submit::{Record, given};

/// What is there of an endpoint before it is applied.
pub(super) struct Standing {
    /// Its record; `None` for one that begins.
    pub(super) record: Option<Record>,
    /// The Deployments of its revisions, those that the spec has no more too.
    pub(super) deployments: Vec<String>,
}

/// Makes what is not there and changes what is.
pub(super) async fn apply(
    cluster: &Cluster,
    made: &mut EndpointManifests,
    run: &RunId,
    standing: &Standing,
) -> Result<(), ClusterError> {
    let uid = match &standing.record {
        Some(record) => record.map.metadata.uid.clone(),
        None => cluster.create(&made.record).await?.metadata.uid,
    };
    // An owner without a uid is none: what the endpoint has made would stay for ever.
    made.own(&given(uid.as_ref(), "uid")?);
    made.keep(&standing.deployments);
    cluster.apply(&made.account).await?;
    cluster.apply(&made.role).await?;
    cluster.apply(&made.binding).await?;
    once(cluster, &made.lease, run).await?;
    for map in &made.written {
        once(cluster, map, run).await?;
    }
    for one in &made.revisions {
        revision(cluster, one, standing, run).await?;
    }
    // From here on the controller may use what is above.
    cluster.apply(&made.documents).await?;
    if let Some(secret) = &made.secret {
        cluster.create_unread(secret).await?;
    }
    cluster.apply(&made.service).await?;
    around(cluster, made, run, standing.record.is_some()).await?;
    cluster.apply(&made.routers).await?;
    if standing.record.is_some() {
        let change = json!({
            "metadata": {
                "annotations": made.record.metadata.annotations,
                "labels": made.record.metadata.labels,
            },
            "data": made.record.data,
        });
        cluster.change::<ConfigMap>(run, &change).await?;
    }
    Ok(())
}

/// The objects of one revision. What a Deployment is called says what its pods are: one that is there
/// stays as it is, with as many replicas as its controller has given it.
async fn revision(
    cluster: &Cluster,
    one: &RevisionManifests,
    standing: &Standing,
    run: &RunId,
) -> Result<(), ClusterError> {
    let called = name(&one.deployment.metadata);
    let is_there = standing.deployments.iter().any(|name| name == called);
    if !is_there {
        for map in &one.config_maps {
            anew(cluster, map, run).await?;
        }
        cluster.create_unread(&one.secret).await?;
        cluster.apply(&one.deployment).await?;
    }
    match &one.scaler {
        Some(scaler) => drop(cluster.apply(scaler).await?),
        None if is_there => {
            let params = DeleteParams::background();
            if_allowed(cluster.delete::<HorizontalPodAutoscaler>(called, &params).await)?;
        }
        None => {}
    }
    Ok(())
}

/// What is there only where the spec asks for it: else it goes, if it may be there.
async fn around(
    cluster: &Cluster,
    made: &EndpointManifests,
    run: &RunId,
    may_be_there: bool,
) -> Result<(), ClusterError> {
    let params = DeleteParams::background();
    match &made.budget {
        Some(budget) => drop(cluster.apply(budget).await?),
        None if may_be_there => {
            if_allowed(cluster.delete::<PodDisruptionBudget>(run, &params).await)?;
        }
        None => {}
    }
    let kind = made.way.as_ref().and_then(|way| way["kind"].as_str());
    if let Some(way) = &made.way {
        cluster.apply_json(way, false).await?;
    }
    if may_be_there && kind != Some("Ingress") {
        if_allowed(cluster.delete::<Ingress>(run, &params).await)?;
    }
    if may_be_there && kind != Some(HTTP_ROUTE.1) {
        if_allowed(cluster.delete_any(HTTP_ROUTE, run, &params).await)?;
    }
    Ok(())
}

/// Who may not delete objects of a kind could not have made one either.
pub(super) fn if_allowed(deleted: Result<(), ClusterError>) -> Result<(), ClusterError> {
    match deleted {
        Err(ClusterError::Forbidden { .. }) => Ok(()),
        deleted => deleted,
    }
}

/// Makes an object that the routers write to. One that the endpoint has already stays as it is.
async fn once<K: Makeable>(cluster: &Cluster, object: &K, run: &RunId) -> Result<(), ClusterError> {
    match cluster.create(object).await {
        Ok(_) => Ok(()),
        Err(ClusterError::Taken(words)) => {
            let there = cluster.find::<K>(name(object.meta())).await?;
            // What nobody owns may be anybody's, and goes with no record.
            let is_own = there.is_some_and(|there| {
                there.meta().owner_references.is_some() && there::is_own(there.meta(), run)
            });
            if is_own { Ok(()) } else { Err(ClusterError::Taken(words)) }
        }
        Err(error) => Err(error),
    }
}

/// Makes a ConfigMap that never changes. One that an application has left which died before its Deployment
/// was made is taken away first: no pod has read it.
async fn anew(cluster: &Cluster, map: &ConfigMap, run: &RunId) -> Result<(), ClusterError> {
    let words = match cluster.create(map).await {
        Ok(_) => return Ok(()),
        Err(ClusterError::Taken(words)) => words,
        Err(error) => return Err(error),
    };
    let called = name(&map.metadata);
    let there: Option<ConfigMap> = cluster.find(called).await?;
    let is_left = there.is_some_and(|there| {
        there.metadata.owner_references.is_some() && there::is_own(&there.metadata, run)
    });
    if !is_left {
        return Err(ClusterError::Taken(words));
    }
    cluster.delete::<ConfigMap>(called, &DeleteParams::default()).await?;
    cluster.create(map).await.map(|_| ())
}
