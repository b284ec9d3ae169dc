//! The pods that answer: those of other runs, but that they go on, one like the other.

use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EnvVar, HTTPGetAction, PodTemplateSpec, Probe,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::labels;
use super::names::variable;
use crate::agent::pod::downward;
use crate::plan::{ClusterLayout, EndpointPods, Plan, RevisionPods, ServingPlan};
use crate::runtime::kubernetes::objects::container::{MAIN, field};
use crate::runtime::kubernetes::objects::{ManifestContext, Reason, patch, pod, volumes};

/// How many seconds a pod may take to end beyond what its requests and its server need.
const END_SLACK_SECONDS: u64 = 10;
/// How often it is looked whether a replica can be asked.
const READY_PACE_SECONDS: i32 = 1;
/// The process beside the server has said so within this time.
const READY_LIMIT_SECONDS: i32 = 5;

/// The template of a revision's pods. The error has every reason against it.
pub(super) fn template(
    plan: &Plan,
    service: &EndpointPods,
    revision: &RevisionPods,
    context: &ManifestContext,
) -> Result<PodTemplateSpec, Vec<Reason>> {
    let own = &revision.plan;
    let missing = || vec![Reason::new("its plan is of no replica").in_role(&revision.revision)];
    let gang = own.gang();
    let role = gang.roles.first().ok_or_else(missing)?;
    let serving = gang.serving.as_ref().ok_or_else(missing)?;
    let (lone, mut refused) = (Some(revision.revision.as_str()), Vec::new());
    let mut template = pod::unpatched(own, context, role, lone, &mut refused);
    if let Some(meta) = &mut template.metadata {
        labels::of_endpoint(meta, plan, revision);
    }
    if let Some(spec) = &mut template.spec {
        spec.restart_policy = Some("Always".into());
        // Each is found by its address.
        spec.subdomain = None;
        let end = (service.drain + serving.grace).as_secs().saturating_add(END_SLACK_SECONDS);
        let end = i64::try_from(end).unwrap_or(i64::MAX);
        spec.termination_grace_period_seconds =
            spec.termination_grace_period_seconds.max(Some(end));
        // What is remembered of a run is for pods that take another's place.
        spec.volumes.iter_mut().for_each(|all| all.retain(|one| one.name != volumes::PAST));
        for main in spec.containers.iter_mut().filter(|container| container.name == MAIN) {
            main.volume_mounts
                .iter_mut()
                .for_each(|all| all.retain(|one| one.name != volumes::PAST));
            serve(main, &ClusterLayout::of(own), serving);
        }
    }
    pod::whole(patch::patched(template, &gang.pods), refused)
}

/// Makes the container one of many that nobody counts, and says whether it can be asked.
fn serve(main: &mut Container, layout: &ClusterLayout, serving: &ServingPlan) {
    let literal = |name: &str, value: &str| EnvVar {
        name: name.into(),
        value: Some(value.into()),
        value_from: None,
    };
    let job = layout.jobs.first().map(|job| job.name.as_str()).unwrap_or_default();
    let env = main.env.get_or_insert_default();
    env.retain(|one| ![downward::FAILURES, downward::IGNORED].contains(&one.name.as_str()));
    for variable in env.iter_mut() {
        match variable.name.as_str() {
            downward::JOB => *variable = literal(downward::JOB, job),
            // No two pods are of one attempt: each is its own.
            downward::JOB_UID => *variable = field(downward::JOB_UID, "metadata.uid"),
            downward::INDEX => *variable = literal(downward::INDEX, "0"),
            _ => {}
        }
    }
    env.push(field(variable::ADDRESS, "status.podIP"));
    let Some(ports) = serving.ports else { return };
    let port = |name: &str, number: u16| ContainerPort {
        name: Some(name.into()),
        container_port: number.into(),
        protocol: Some("TCP".into()),
        ..ContainerPort::default()
    };
    main.ports = Some(vec![port("http", ports.http), port("grpc", ports.grpc)]);
    main.readiness_probe = Some(Probe {
        http_get: Some(HTTPGetAction {
            path: Some("/ready".into()),
            port: IntOrString::Int(ports.status.into()),
            ..HTTPGetAction::default()
        }),
        period_seconds: Some(READY_PACE_SECONDS),
        failure_threshold: Some(1),
        timeout_seconds: Some(READY_LIMIT_SECONDS),
        ..Probe::default()
    });
}
