//! The pods that route and decide.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment,
};
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EmptyDirVolumeSource, EnvVar, HTTPGetAction, LocalObjectReference,
    PodSpec, PodTemplateSpec, Probe, Secret, TopologySpreadConstraint, Volume, VolumeMount,
};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::labels;
use super::names::{ADMIN_PORT, PART, ROUTER, ROUTER_PORT, ROUTER_VERB, TLS_DIR, variable};
use crate::plan::{EndpointPods, Plan, RolePlan};
use crate::runtime::kubernetes::objects::container::{self, RUNNER, field};
use crate::runtime::kubernetes::objects::{
    ManifestContext, Reason, annotation, annotations, meta, placement, pod, secret_name, security,
    volumes,
};

/// How many seconds a router may take to end beyond what its requests have.
const END_SLACK_SECONDS: u64 = 15;
/// How often it is looked whether a router routes.
const READY_PACE_SECONDS: i32 = 1;
/// How often it is looked whether it lives: a router that says nothing for two minutes is begun again.
const LIVE_PACE_SECONDS: i32 = 20;
const LIVE_FAILURES: i32 = 6;
const LIVE_LIMIT_SECONDS: i32 = 10;
/// The only folder in which a router may write.
const TMP: &str = "/tmp";

/// The Deployment of the routers, and the Secret with what they alone may know. The error has every
/// reason against them.
pub(super) fn routers(
    plan: &Plan,
    context: &ManifestContext,
    service: &EndpointPods,
) -> Result<(Deployment, Option<Secret>), Vec<Reason>> {
    let run = &plan.head.run;
    let role = plan.gang().roles.first();
    let role = role.ok_or_else(|| vec![Reason::new("the plan has no routers")])?;
    let secret = secret(plan, context, role);
    let spec = pod(plan, context, service, role, secret.as_ref())?;
    let mut metadata = meta(plan, context, run.to_string());
    metadata.labels.get_or_insert_default().insert(PART.into(), ROUTER.into());
    let mut labels = pod::mesh_labels();
    labels.extend(metadata.labels.clone().unwrap_or_default());
    let template = PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels),
            annotations: Some(of_pods(context)),
            ..ObjectMeta::default()
        }),
        spec: Some(spec),
    };
    let deployment = Deployment {
        metadata,
        spec: Some(DeploymentSpec {
            replicas: Some(i32::try_from(service.routers).unwrap_or(i32::MAX)),
            selector: labels::selector(labels::of_routers(run)),
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".into()),
                // One that routes goes when its successor does.
                rolling_update: Some(RollingUpdateDeployment {
                    max_surge: Some(IntOrString::Int(1)),
                    max_unavailable: Some(IntOrString::Int(0)),
                }),
            }),
            revision_history_limit: Some(1),
            template,
            ..DeploymentSpec::default()
        }),
        status: None,
    };
    Ok((deployment, secret))
}

/// Keeps one router at work while nodes are emptied. Of a single one it would keep the node from that.
pub(super) fn budget(
    plan: &Plan,
    context: &ManifestContext,
    service: &EndpointPods,
) -> Option<PodDisruptionBudget> {
    (service.routers >= 2).then(|| PodDisruptionBudget {
        metadata: meta(plan, context, plan.head.run.to_string()),
        spec: Some(PodDisruptionBudgetSpec {
            min_available: Some(IntOrString::Int(1)),
            selector: Some(labels::selector(labels::of_routers(&plan.head.run))),
            ..PodDisruptionBudgetSpec::default()
        }),
        status: None,
    })
}

/// What stands on the pods. The spec's hash is not among it: routers read what changes, and begin again
/// only when their own pods are to be others.
fn of_pods(context: &ManifestContext) -> BTreeMap<String, String> {
    let mut all = annotations(context);
    all.remove(annotation::SPEC_HASH);
    all.extend(pod::mesh_annotations());
    let scraped = [
        ("prometheus.io/scrape", "true".to_owned()),
        ("prometheus.io/port", ADMIN_PORT.to_string()),
        ("prometheus.io/path", "/metrics".to_owned()),
    ];
    all.extend(scraped.map(|(key, value)| (key.to_owned(), value)));
    all
}

/// Values that no object may show, by the variables that they are of.
fn secret(plan: &Plan, context: &ManifestContext, role: &RolePlan) -> Option<Secret> {
    let values = context.secrets.0.get(role.name.as_str()).filter(|values| !values.is_empty())?;
    let data = values.iter();
    let data = data.map(|(name, value)| (name.clone(), ByteString(value.clone().into_bytes())));
    Some(Secret {
        metadata: meta(plan, context, secret_name(&plan.head.run, &context.token)),
        data: Some(data.collect()),
        immutable: Some(true),
        type_: Some("Opaque".into()),
        ..Secret::default()
    })
}

fn pod(
    plan: &Plan,
    context: &ManifestContext,
    service: &EndpointPods,
    role: &RolePlan,
    secret: Option<&Secret>,
) -> Result<PodSpec, Vec<Reason>> {
    let mut refused = Vec::new();
    let options = &plan.gang().pods;
    let nodes = placement::nodes(options, context, role, &mut refused);
    if !refused.is_empty() {
        return Err(refused);
    }
    let pull = options.image_pull_secrets.iter();
    let pull: Vec<_> = pull.map(|name| LocalObjectReference { name: name.clone() }).collect();
    let end = service.drain.as_secs().saturating_add(END_SLACK_SECONDS);
    let (folders, mounts) = folders(service);
    // One node's end takes as few of them as can be; a cluster of one node has them all the same.
    let spread = (service.routers >= 2).then(|| TopologySpreadConstraint {
        max_skew: 1,
        topology_key: "kubernetes.io/hostname".into(),
        when_unsatisfiable: "ScheduleAnyway".into(),
        label_selector: Some(labels::selector(labels::of_routers(&plan.head.run))),
        ..TopologySpreadConstraint::default()
    });
    Ok(PodSpec {
        service_account_name: Some(plan.head.run.to_string()),
        automount_service_account_token: Some(true),
        termination_grace_period_seconds: Some(i64::try_from(end).unwrap_or(i64::MAX)),
        priority_class_name: options.priority_class.clone(),
        image_pull_secrets: (!pull.is_empty()).then_some(pull),
        enable_service_links: Some(false),
        security_context: Some(security::pod(plan.gang().security)),
        containers: vec![container(plan, context, role, mounts, secret)],
        volumes: Some(folders),
        node_selector: Some(nodes.selector),
        affinity: nodes.affinity,
        tolerations: (!nodes.tolerations.is_empty()).then_some(nodes.tolerations),
        topology_spread_constraints: spread.map(|spread| vec![spread]),
        ..PodSpec::default()
    })
}

/// The folders of a router, and where it has them.
fn folders(service: &EndpointPods) -> (Vec<Volume>, Vec<VolumeMount>) {
    let mount = |name: &str, path: &str, read_only: bool| VolumeMount {
        name: name.into(),
        mount_path: path.into(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    };
    let mut folders = vec![volumes::empty("tmp", EmptyDirVolumeSource::default())];
    let mut mounts = vec![mount("tmp", TMP, false)];
    if let Some(name) = &service.tls_secret {
        folders.push(volumes::secret("tls", name, volumes::SECRET_MODE));
        mounts.push(mount("tls", TLS_DIR, true));
    }
    (folders, mounts)
}

fn container(
    plan: &Plan,
    context: &ManifestContext,
    role: &RolePlan,
    mounts: Vec<VolumeMount>,
    secret: Option<&Secret>,
) -> Container {
    let amounts = [
        role.cpu.map(|cpu| ("cpu", cpu.to_string())),
        role.memory.map(|memory| ("memory", memory.to_string())),
    ];
    let env_from = container::env_from(plan, role);
    let port = |name: &str, number: u16| ContainerPort {
        name: Some(name.into()),
        container_port: number.into(),
        protocol: Some("TCP".into()),
        ..ContainerPort::default()
    };
    let asked = |path: &str| HTTPGetAction {
        path: Some(path.into()),
        port: IntOrString::Int(ADMIN_PORT.into()),
        ..HTTPGetAction::default()
    };
    Container {
        name: ROUTER.into(),
        image: Some(context.runner_image.clone()),
        command: Some(vec![RUNNER.into(), ROUTER_VERB.into()]),
        env: Some(env(plan, role, secret)),
        env_from: (!env_from.is_empty()).then_some(env_from),
        ports: Some(vec![port("http", ROUTER_PORT), port("admin", ADMIN_PORT)]),
        resources: Some(container::limited(amounts.into_iter().flatten(), context.cpu_limits)),
        // It runs mlctl, which needs no rights, whatever the servers need.
        security_context: Some(security::init(plan.gang().security)),
        readiness_probe: Some(Probe {
            http_get: Some(asked("/healthz")),
            period_seconds: Some(READY_PACE_SECONDS),
            failure_threshold: Some(2),
            ..Probe::default()
        }),
        liveness_probe: Some(Probe {
            http_get: Some(asked("/metrics")),
            period_seconds: Some(LIVE_PACE_SECONDS),
            failure_threshold: Some(LIVE_FAILURES),
            timeout_seconds: Some(LIVE_LIMIT_SECONDS),
            ..Probe::default()
        }),
        volume_mounts: Some(mounts),
        ..Container::default()
    }
}

/// Which pod of which endpoint it is, and the variables of the plan.
fn env(plan: &Plan, role: &RolePlan, secret: Option<&Secret>) -> Vec<EnvVar> {
    let literal = |name: &str, value: &str| EnvVar {
        name: name.into(),
        value: Some(value.into()),
        value_from: None,
    };
    let mut env = vec![
        literal(variable::ENDPOINT, &plan.head.run),
        field(variable::POD, "metadata.name"),
        field(variable::ADDRESS, "status.podIP"),
        literal("HOME", TMP),
    ];
    let name = secret.and_then(|secret| secret.metadata.name.as_deref()).unwrap_or_default();
    let hidden = secret.and_then(|secret| secret.data.as_ref());
    let is_hidden = |variable: &str| hidden.is_some_and(|data| data.contains_key(variable));
    let literals = role.env.iter().filter(|one| !is_hidden(&one.name));
    env.extend(literals.filter_map(|one| Some(literal(&one.name, one.value.as_ref()?))));
    let hidden = hidden.into_iter().flatten();
    env.extend(hidden.map(|(variable, _)| container::from_secret(variable, name, variable, false)));
    env.extend(container::references(role));
    env
}
