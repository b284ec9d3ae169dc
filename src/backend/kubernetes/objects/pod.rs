//! The pod template of one shape.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PodSpec, PodTemplateSpec, Toleration};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::manifests::ManifestContext;
use super::names::{annotations, label, labels};
use super::{container, security, volumes};
use crate::plan::{ClusterLayout, Plan, RolePlan};
use crate::spec;

/// Seconds that a pod has beyond what its agent needs to leave.
const GRACE_SLACK: u64 = 5;

const OS: &str = "kubernetes.io/os";
const ARCH: &str = "kubernetes.io/arch";

/// The template of pods like those of `role`; `lone` when the Job has no other role.
pub(super) fn template(
    plan: &Plan,
    context: &ManifestContext,
    role: &RolePlan,
    lone: Option<&str>,
) -> Result<PodTemplateSpec, Vec<String>> {
    let mut refused = Vec::new();
    let volumes = volumes::volumes(plan, context, role, &mut refused);
    if !refused.is_empty() {
        return Err(refused);
    }
    let mut labels = mesh_labels();
    labels.extend(self::labels(plan, context));
    if let Some(lone) = lone {
        labels.insert(label::ROLE.into(), lone.into());
    }
    let mut annotations = annotations(context);
    annotations.extend(stay_annotations());
    let leave = plan.gang.leave_bound().as_secs() + GRACE_SLACK;
    Ok(PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels),
            annotations: Some(annotations),
            ..ObjectMeta::default()
        }),
        spec: Some(PodSpec {
            restart_policy: Some("Never".into()),
            subdomain: Some(ClusterLayout::of(plan).service),
            termination_grace_period_seconds: i64::try_from(leave).ok(),
            // The agents need nothing of the cluster's API.
            automount_service_account_token: Some(false),
            // Else the command sees variables of every Service in the namespace.
            enable_service_links: Some(false),
            security_context: Some(security::pod(plan.security)),
            init_containers: Some(vec![container::init(plan, context, role)]),
            containers: vec![container::main(plan, role, volumes.mounts)],
            volumes: Some(volumes.volumes),
            node_selector: Some(node_selector(context, role)),
            tolerations: tolerations(role),
            ..PodSpec::default()
        }),
    })
}

/// A sidecar of a mesh never ends and encrypts what the gang talks; a spec's own labels win.
fn mesh_labels() -> BTreeMap<String, String> {
    [("sidecar.istio.io/inject", "false"), ("kuma.io/sidecar-injection", "disabled")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// A gang loses all its work since the last checkpoint with one of its pods.
fn stay_annotations() -> BTreeMap<String, String> {
    [
        ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"),
        ("karpenter.sh/do-not-disrupt", "true"),
        ("linkerd.io/inject", "disabled"),
        ("consul.hashicorp.com/connect-inject", "false"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

fn node_selector(context: &ManifestContext, role: &RolePlan) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> = [(OS.to_owned(), "linux".to_owned())].into();
    if let [only] = &context.architectures[..] {
        labels.insert(ARCH.into(), only.clone());
    }
    labels.extend(role.node_selector.clone());
    labels
}

fn tolerations(role: &RolePlan) -> Option<Vec<Toleration>> {
    let tolerations = role.tolerations.iter().map(|toleration| {
        let spec::Toleration { key, operator, value, effect, toleration_seconds } = toleration;
        Toleration {
            key: key.clone(),
            operator: operator.map(|operator| format!("{operator:?}")),
            value: value.clone(),
            effect: effect.map(|effect| format!("{effect:?}")),
            toleration_seconds: *toleration_seconds,
        }
    });
    let tolerations: Vec<_> = tolerations.collect();
    (!tolerations.is_empty()).then_some(tolerations)
}
