//! What is left of revisions that nothing names any more goes: their Deployments, and what their pods read.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::DeleteParams;

use super::apply::if_allowed;
use super::there::{self, name};
use crate::gang::RunId;
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::follow::selector;
use crate::runtime::kubernetes::objects::endpoint::DEPLOYMENT;
use crate::runtime::kubernetes::session::Session;
use crate::store::RunPaths;

/// Deletes these Deployments of the endpoint. Their Secrets, which whoever serves may not delete, go with
/// the endpoint.
pub(crate) fn discard(
    session: &Session,
    run: &RunPaths,
    deployments: &[RunId],
) -> Result<(), RuntimeError> {
    let cluster = session.cluster()?;
    session.block_on(async {
        let found = there::deployments(&cluster, &run.run).await?;
        let params = DeleteParams::background();
        let is_over = |one: &&Deployment| {
            let called = name(&one.metadata);
            *called != *run.run && deployments.iter().any(|over| **over == *called)
        };
        for one in found.iter().filter(is_over) {
            let called = name(&one.metadata);
            if_allowed(cluster.delete::<HorizontalPodAutoscaler>(called, &params).await)?;
            cluster.delete::<Deployment>(called, &params).await?;
            let of_it = format!("{},{DEPLOYMENT}={called}", selector(&run.run));
            let mut maps: Vec<ConfigMap> = cluster.list(&of_it, "").await?;
            maps.retain(|map| there::is_own(&map.metadata, &run.run));
            for map in &maps {
                cluster.delete::<ConfigMap>(name(&map.metadata), &params).await?;
            }
        }
        Ok(())
    })
}
