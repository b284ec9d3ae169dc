//! The two containers of a pod: `mlctl` brings the agent, `main` runs it in the user's image.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Container, EnvFromSource, EnvVar, EnvVarSource, ObjectFieldSelector, ResourceFieldSelector,
    ResourceRequirements, SecretEnvSource, SecretKeySelector, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::context::ManifestContext;
use super::placement::Nodes;
use super::{security, volumes};
use crate::agent::pod::{CONFIG_DIR, DOCUMENT, PROGRAM, downward};
use crate::plan::{Plan, RolePlan};
use crate::text::CpuQuantity;

/// The name of the container that runs the agent in the user's image.
pub const MAIN: &str = "main";
/// The name of the init container, which brings the agent.
pub const INIT: &str = "mlctl";

/// The path of the binary in the runner image.
pub(crate) const RUNNER: &str = "/mlctl";
/// Where the init container has the folder that is [`PROGRAM`]'s in the main container: nothing can
/// be mounted below its own binary.
pub(crate) const INSTALL_DIR: &str = "/install";

/// How much CPU the init container asks for where the role names none: it copies one file.
pub(crate) const INIT_CPU: CpuQuantity = CpuQuantity { millis: 200 };
/// How much memory the init container asks for where the role names none.
pub(crate) const INIT_MEMORY: &str = "64Mi";

/// The init container, which copies the agent into the folder that the main container mounts
/// read-only.
pub(crate) fn init(plan: &Plan, context: &ManifestContext, role: &RolePlan) -> Container {
    // The scheduler counts the larger of init and main container, so that as much as the main one has
    // costs nothing, and whatever a LimitRange asks of both the role alone decides.
    let cpu = role.cpu.unwrap_or(INIT_CPU).to_string();
    let memory = role.memory.map_or_else(|| INIT_MEMORY.into(), |memory| memory.to_string());
    Container {
        name: INIT.into(),
        image: Some(context.runner_image.clone()),
        command: Some(vec![RUNNER.into(), "agent-install".into(), INSTALL_DIR.into()]),
        resources: Some(limited([("cpu", cpu), ("memory", memory)], context.cpu_limits)),
        security_context: Some(security::init(plan.gang().security)),
        volume_mounts: Some(vec![VolumeMount {
            name: volumes::PROGRAM.into(),
            mount_path: INSTALL_DIR.into(),
            ..VolumeMount::default()
        }]),
        ..Container::default()
    }
}

/// The main container, which runs the agent. The user's command is in the agent's document, so that
/// containers differ only where the roles do.
pub(crate) fn main(
    plan: &Plan,
    context: &ManifestContext,
    role: &RolePlan,
    nodes: &Nodes,
    mounts: Vec<VolumeMount>,
) -> Container {
    let env_from = env_from(plan, role);
    Container {
        name: MAIN.into(),
        image: role.image.clone(),
        command: Some(vec![
            PROGRAM.into(),
            "agent".into(),
            "--pod".into(),
            format!("{CONFIG_DIR}/{DOCUMENT}"),
        ]),
        env: Some(env(role)),
        env_from: (!env_from.is_empty()).then_some(env_from),
        resources: Some(resources(role, nodes, context.cpu_limits)),
        security_context: Some(security::main(plan.gang().security)),
        volume_mounts: Some(mounts),
        ..Container::default()
    }
}

/// The Secrets whose keys are variables. Those of a role win over the credentials of the stores.
pub(crate) fn env_from(plan: &Plan, role: &RolePlan) -> Vec<EnvFromSource> {
    let of_role = role.secrets.iter().filter(|secret| secret.mount_path.is_none());
    let names = plan.gang().storage.secret.iter().chain(of_role.map(|secret| &secret.name));
    names
        .map(|name| EnvFromSource {
            secret_ref: Some(SecretEnvSource { name: name.clone(), optional: None }),
            ..EnvFromSource::default()
        })
        .collect()
}

/// A variable whose value is a field of the pod.
pub(crate) fn field(name: &str, path: impl Into<String>) -> EnvVar {
    EnvVar {
        name: name.into(),
        value_from: Some(EnvVarSource {
            field_ref: Some(ObjectFieldSelector { field_path: path.into(), api_version: None }),
            ..EnvVarSource::default()
        }),
        value: None,
    }
}

/// The variables by which an agent learns which pod it is in, and those that refer to Secrets.
fn env(role: &RolePlan) -> Vec<EnvVar> {
    let label = |key: &str| format!("metadata.labels['batch.kubernetes.io/{key}']");
    let annotation = |key: &str| format!("metadata.annotations['batch.kubernetes.io/{key}']");
    let mut env = vec![
        field(downward::POD_UID, "metadata.uid"),
        field(downward::JOB, label("job-name")),
        field(downward::JOB_UID, label("controller-uid")),
        field(downward::INDEX, annotation("job-completion-index")),
        field(downward::FAILURES, annotation("job-index-failure-count")),
        field(downward::IGNORED, annotation("job-index-ignored-failure-count")),
    ];
    if role.memory.is_some() {
        env.push(EnvVar {
            name: downward::MEMORY_LIMIT.into(),
            value_from: Some(EnvVarSource {
                resource_field_ref: Some(ResourceFieldSelector {
                    container_name: Some(MAIN.into()),
                    resource: "limits.memory".into(),
                    divisor: None,
                }),
                ..EnvVarSource::default()
            }),
            value: None,
        });
    }
    env.extend(references(role));
    env
}

/// The variables of a role whose values are keys of Secrets.
pub(crate) fn references(role: &RolePlan) -> impl Iterator<Item = EnvVar> {
    role.env.iter().filter_map(|variable| {
        let key = &variable.value_from.as_ref()?.secret_key_ref;
        Some(from_secret(&variable.name, &key.name, &key.key, key.optional))
    })
}

/// A variable whose value is a key of a Secret.
pub(crate) fn from_secret(name: &str, secret: &str, key: &str, optional: bool) -> EnvVar {
    EnvVar {
        name: name.into(),
        value_from: Some(EnvVarSource {
            secret_key_ref: Some(SecretKeySelector {
                name: secret.into(),
                key: key.into(),
                optional: optional.then_some(true),
            }),
            ..EnvVarSource::default()
        }),
        value: None,
    }
}

/// What the main container asks for.
fn resources(role: &RolePlan, nodes: &Nodes, cpu_limits: bool) -> ResourceRequirements {
    let mut amounts = Vec::new();
    amounts.extend(role.cpu.map(|cpu| ("cpu", cpu.to_string())));
    amounts.extend(role.memory.map(|memory| ("memory", memory.to_string())));
    amounts.extend(
        nodes.accelerators.iter().map(|(resource, count)| (resource.as_str(), count.to_string())),
    );
    limited(amounts, cpu_limits)
}

/// Amounts that are requested, and a limit too, because a gang that is evicted in one place waits in
/// all others. The CPU has a limit only where the namespace insists on one: it would stand still
/// beside idle cores, and with it the whole gang.
pub(crate) fn limited<'a>(
    amounts: impl IntoIterator<Item = (&'a str, String)>,
    cpu_limits: bool,
) -> ResourceRequirements {
    let mut resources = equal(amounts);
    if let Some(limits) = resources.limits.as_mut().filter(|_| !cpu_limits) {
        limits.remove("cpu");
    }
    resources.limits = resources.limits.filter(|limits| !limits.is_empty());
    resources
}

/// Amounts that are both requested and a limit.
pub(crate) fn equal<'a>(
    amounts: impl IntoIterator<Item = (&'a str, String)>,
) -> ResourceRequirements {
    let amounts: BTreeMap<String, Quantity> =
        amounts.into_iter().map(|(name, amount)| (name.to_owned(), Quantity(amount))).collect();
    ResourceRequirements {
        limits: Some(amounts.clone()),
        requests: Some(amounts),
        ..ResourceRequirements::default()
    }
}
