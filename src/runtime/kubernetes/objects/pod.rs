//! The pod template of one shape.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{LocalObjectReference, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::context::ManifestContext;
use super::error::Reason;
use super::names::{annotations, label, labels};
use super::{container, patch, placement, security, volumes};
use crate::plan::{ClusterLayout, Plan, RolePlan};

/// How many seconds a pod may take to end beyond what its agent needs.
const GRACE_SLACK_SECONDS: u64 = 5;

/// The template of pods like those of `role`. `lone` is the role's name when the Job has no other
/// one. The error has every reason against it.
pub(crate) fn template(
    plan: &Plan,
    context: &ManifestContext,
    role: &RolePlan,
    lone: Option<&str>,
) -> Result<PodTemplateSpec, Vec<Reason>> {
    let mut refused = Vec::new();
    let mut template = unpatched(plan, context, role, lone, &mut refused);
    let annotations = template.metadata.get_or_insert_default().annotations.get_or_insert_default();
    annotations.extend(stay_annotations());
    whole(patch::patched(template, &plan.gang().pods), refused)
}

/// A template against which nothing was found, before its patch or by it.
pub(crate) fn whole(
    patched: Result<PodTemplateSpec, Vec<Reason>>,
    mut refused: Vec<Reason>,
) -> Result<PodTemplateSpec, Vec<Reason>> {
    match patched {
        Ok(template) if refused.is_empty() => Ok(template),
        Ok(_) => Err(refused),
        Err(more) => {
            refused.extend(more);
            Err(refused)
        }
    }
}

/// The same before the spec's `podPatch`, and of pods that may be moved. Reasons against it go to `refused`.
pub(crate) fn unpatched(
    plan: &Plan,
    context: &ManifestContext,
    role: &RolePlan,
    lone: Option<&str>,
    refused: &mut Vec<Reason>,
) -> PodTemplateSpec {
    let volumes = volumes::volumes(plan, context, role, refused);
    let nodes = placement::nodes(&plan.gang().pods, context, role, refused);
    let mut labels = mesh_labels();
    labels.extend(self::labels(plan, context));
    if let Some(lone) = lone {
        labels.insert(label::ROLE.into(), lone.into());
    }
    let mut annotations = annotations(context);
    annotations.extend(mesh_annotations());
    let pods = &plan.gang().pods;
    let pull = pods.image_pull_secrets.iter();
    let pull: Vec<_> = pull.map(|name| LocalObjectReference { name: name.clone() }).collect();
    let leave = plan.gang().rules.leave_bound().as_secs() + GRACE_SLACK_SECONDS;
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels),
            annotations: Some(annotations),
            ..ObjectMeta::default()
        }),
        spec: Some(PodSpec {
            restart_policy: Some("Never".into()),
            subdomain: Some(ClusterLayout::of(plan).service),
            termination_grace_period_seconds: i64::try_from(leave).ok(),
            service_account_name: pods.service_account.clone(),
            // The agents ask the cluster's API for nothing.
            automount_service_account_token: pods.service_account.is_none().then_some(false),
            priority_class_name: pods.priority_class.clone(),
            image_pull_secrets: (!pull.is_empty()).then_some(pull),
            // Otherwise the command would see variables of every Service in the namespace.
            enable_service_links: Some(false),
            security_context: Some(security::pod(plan.gang().security)),
            init_containers: Some(vec![container::init(plan, context, role)]),
            containers: vec![container::main(plan, context, role, &nodes, volumes.mounts)],
            volumes: Some(volumes.volumes),
            node_selector: Some(nodes.selector),
            affinity: nodes.affinity,
            tolerations: (!nodes.tolerations.is_empty()).then_some(nodes.tolerations),
            ..PodSpec::default()
        }),
    }
}

/// Labels that keep the sidecars of service meshes away: a sidecar never ends, so that its pod
/// doesn't either, and it would encrypt what the gang's processes send to each other. The labels of
/// a spec win.
pub(crate) fn mesh_labels() -> BTreeMap<String, String> {
    [("sidecar.istio.io/inject", "false"), ("kuma.io/sidecar-injection", "disabled")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// Annotations that keep autoscalers from moving a pod: with any of its pods a gang loses all its
/// work since the last checkpoint.
fn stay_annotations() -> BTreeMap<String, String> {
    [
        ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"),
        ("karpenter.sh/do-not-disrupt", "true"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

/// Annotations that keep the sidecars of service meshes away, as [`mesh_labels`] do.
pub(crate) fn mesh_annotations() -> BTreeMap<String, String> {
    [("linkerd.io/inject", "disabled"), ("consul.hashicorp.com/connect-inject", "false")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}
