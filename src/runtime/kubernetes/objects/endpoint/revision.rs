//! The objects of one revision: its Deployment, and what the pods of that read.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy};
use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, MetricSpec,
    MetricTarget, ResourceMetricSource,
};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::context::EndpointContext;
use super::{labels, replicas};
use crate::plan::{ClusterLayout, CpuScaling, EndpointPods, Plan, RevisionPods};
use crate::runtime::kubernetes::objects::manifests::{document, incomplete};
use crate::runtime::kubernetes::objects::{Reason, code_maps, decided, meta};
use crate::runtime::kubernetes::objects::{record, secret};
use crate::storage::left_behind;

/// A rollout of new pods has so many seconds beyond what their server may take to start: for a node, and
/// for its image.
const PROGRESS_SLACK_SECONDS: u64 = 1800;

/// The objects of one revision, in the order in which they are made.
#[derive(Clone, Debug)]
pub struct RevisionManifests {
    /// `pod.json` and the code.
    pub config_maps: Vec<ConfigMap>,
    /// The token and secret values.
    pub secret: Secret,
    /// The pods that answer.
    pub deployment: Deployment,
    /// Says how many, where the cluster scales by the use of processors.
    pub scaler: Option<HorizontalPodAutoscaler>,
}

/// Writes the objects of a revision. The error has every reason against them.
pub(super) fn revision_manifests(
    plan: &Plan,
    service: &EndpointPods,
    revision: &RevisionPods,
    context: &EndpointContext,
    notices: &mut Vec<String>,
) -> Result<RevisionManifests, Vec<Reason>> {
    let own = &revision.plan;
    let context = &context.of_revision(revision);
    let gang = decided::gang_of(own);
    notices.extend(left_behind("data", &context.code.data_left));
    if let Some(archive) = &gang.archive {
        let mib = archive.size as f64 / f64::from(1 << 20);
        let uri = &archive.uri;
        notices.push(format!(
            "the code of {}, {mib:.1} MiB when packed, goes to its pods through {uri}",
            revision.revision
        ));
    }
    let mut refused = incomplete(gang);
    let layout = ClusterLayout::of(own);
    let mut config_maps = Vec::new();
    match record::pod_document(own, context, &document(own, context, &layout)) {
        Ok(map) => config_maps.push(map),
        Err(reason) => refused.push(reason),
    }
    config_maps.extend(code_maps::code_maps(own, context));
    let secret = secret::secret(own, context).map_err(|reason| refused.push(reason)).ok();
    let template = replicas::template(plan, service, revision, context);
    let template = template.map_err(|reasons| refused.extend(reasons)).ok();
    let (Some(mut secret), Some(template)) = (secret, template) else { return Err(refused) };
    if !refused.is_empty() {
        return Err(refused);
    }
    let of_endpoint = |meta: &mut ObjectMeta| labels::of_endpoint(meta, plan, revision);
    for map in &mut config_maps {
        of_endpoint(&mut map.metadata);
    }
    of_endpoint(&mut secret.metadata);
    let mut metadata = meta(own, context, revision.deployment.to_string());
    of_endpoint(&mut metadata);
    let start = gang.serving.as_ref().map(|serving| serving.server.start_timeout);
    let deadline = start.unwrap_or_default().as_secs().saturating_add(PROGRESS_SLACK_SECONDS);
    let deployment = Deployment {
        metadata: metadata.clone(),
        spec: Some(DeploymentSpec {
            replicas: Some(i32::try_from(revision.replicas).unwrap_or(i32::MAX)),
            selector: labels::selector(labels::of_replicas(&plan.head.run, &revision.deployment)),
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".into()),
                rolling_update: None,
            }),
            progress_deadline_seconds: Some(i32::try_from(deadline).unwrap_or(i32::MAX)),
            // What is called so has one template for ever: there is nothing to go back to.
            revision_history_limit: Some(0),
            template,
            ..DeploymentSpec::default()
        }),
        status: None,
    };
    let scaler = revision.cpu.map(|cpu| scaler(metadata, &cpu));
    Ok(RevisionManifests { config_maps, secret, deployment, scaler })
}

/// What scales a Deployment by the use of its pods' processors, called as that.
fn scaler(metadata: ObjectMeta, cpu: &CpuScaling) -> HorizontalPodAutoscaler {
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let target = CrossVersionObjectReference {
        api_version: Some("apps/v1".into()),
        kind: "Deployment".into(),
        name: metadata.name.clone().unwrap_or_default(),
    };
    HorizontalPodAutoscaler {
        metadata,
        spec: Some(HorizontalPodAutoscalerSpec {
            scale_target_ref: target,
            min_replicas: Some(count(cpu.min)),
            max_replicas: count(cpu.max),
            metrics: Some(vec![MetricSpec {
                type_: "Resource".into(),
                resource: Some(ResourceMetricSource {
                    name: "cpu".into(),
                    target: MetricTarget {
                        type_: "Utilization".into(),
                        average_utilization: Some(cpu.percent.into()),
                        ..MetricTarget::default()
                    },
                }),
                ..MetricSpec::default()
            }]),
            ..HorizontalPodAutoscalerSpec::default()
        }),
        status: None,
    }
}
