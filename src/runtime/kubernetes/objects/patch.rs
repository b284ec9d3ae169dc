//! `podPatch`: what a spec changes in the template, without breaking what the agent relies on.

use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use serde_json::Value as Json;

use super::container::{INIT, MAIN};
use super::error::Reason;
use super::merge::merge;
use super::volumes;
use crate::agent::pod::ROOT;
use crate::plan::PodOptions;
use crate::spec::syntax::typed;
use crate::storage::mount_touches;

/// How the names of the variables begin that the agent reads.
const AGENT_VARIABLES: &str = "MLCTL_AGENT_";

/// Applies the `podPatch` of a spec. A template in which the agent couldn't work is refused, with
/// every reason at once.
pub(crate) fn patched(
    template: PodTemplateSpec,
    options: &PodOptions,
) -> Result<PodTemplateSpec, Vec<Reason>> {
    if options.patch.is_empty() {
        return Ok(template);
    }
    let against = |reason: String| Reason::new(format!("podPatch: {reason}")).of("podPatch");
    let say = |reason: String| vec![against(reason)];
    let patch: Json =
        options.patch.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let mut value = serde_json::to_value(&template).map_err(|error| say(error.to_string()))?;
    merge(&mut value, &patch, "podPatch").map_err(say)?;
    let patched = typed::<PodTemplateSpec>(&value).map_err(|misfit| say(misfit.to_string()))?;
    let broken = broken(&template, &patched);
    if broken.is_empty() { Ok(patched) } else { Err(broken.into_iter().map(against).collect()) }
}

/// The reasons against a patch: everything that the agent needs and that the patch has changed.
fn broken(before: &PodTemplateSpec, after: &PodTemplateSpec) -> Vec<String> {
    let mut broken = Vec::new();
    labels(before, after, &mut broken);
    let (Some(before), Some(after)) = (&before.spec, &after.spec) else {
        return vec!["the template has no `spec` any more".into()];
    };
    pod(before, after, &mut broken);
    let init = |spec: &PodSpec| named(spec.init_containers.as_deref().unwrap_or(&[]), INIT);
    match (init(before), init(after)) {
        (Some(before), Some(after)) => {
            container(&before, &after, "it brings the agent", &mut broken);
            if before.image != after.image {
                broken.push(format!(
                    "`image` of the container `{INIT}` must stay: the setting `runnerImage` names it"
                ));
            }
        }
        _ => broken.push(format!("the init container `{INIT}` brings the agent: it must stay")),
    }
    match (named(&before.containers, MAIN), named(&after.containers, MAIN)) {
        (Some(before), Some(after)) => {
            let why = "it starts the agent, which runs the spec's `command`";
            container(&before, &after, why, &mut broken);
            variables(&before, &after, &mut broken);
        }
        _ => broken.push(format!("the container `{MAIN}` runs the command: it must stay")),
    }
    let all = |spec: &PodSpec| {
        let init = spec.init_containers.clone().unwrap_or_default();
        init.into_iter().chain(spec.containers.clone()).collect::<Vec<_>>()
    };
    let old = all(before);
    for container in all(after) {
        mounts(named(&old, &container.name).as_ref(), &container, &mut broken);
    }
    broken
}

/// The container of this name.
fn named(containers: &[Container], name: &str) -> Option<Container> {
    containers.iter().find(|container| container.name == name).cloned()
}

/// Labels by which mlctl finds pods must stay.
fn labels(before: &PodTemplateSpec, after: &PodTemplateSpec, broken: &mut Vec<String>) {
    let get = |template: &PodTemplateSpec, key: &str| {
        template.metadata.as_ref()?.labels.as_ref()?.get(key).cloned()
    };
    let before_labels = before.metadata.iter().flat_map(|meta| meta.labels.iter().flatten());
    for (key, value) in before_labels {
        let is_mlctls = key.starts_with("mlctl.dev/") || key == "app.kubernetes.io/managed-by";
        if is_mlctls && get(after, key).as_ref() != Some(value) {
            broken.push(format!("the label `{key}` finds the run's pods: it must stay"));
        }
    }
}

/// Names, ends and networks of pods must be as the gang needs them.
fn pod(before: &PodSpec, after: &PodSpec, broken: &mut Vec<String>) {
    if before.restart_policy != after.restart_policy {
        broken.push(match before.restart_policy.as_deref() {
            Some("Always") => "`restartPolicy` must stay Always: an endpoint goes on".into(),
            _ => "`restartPolicy` must stay Never: the gang restarts as a whole".into(),
        });
    }
    let name =
        |spec: &PodSpec| (spec.subdomain.clone(), spec.hostname.clone(), spec.set_hostname_as_fqdn);
    if name(before) != name(after) {
        broken.push(
            "`subdomain`, `hostname` and `setHostnameAsFQDN` make the names by which the \
             replicas find each other: leave them out"
                .into(),
        );
    }
    if after.termination_grace_period_seconds < before.termination_grace_period_seconds {
        broken.push(format!(
            "`terminationGracePeriodSeconds` must be {} at least: the agent needs that to end the \
             command; lower `grace` instead",
            before.termination_grace_period_seconds.unwrap_or_default()
        ));
    }
    let host_dns = after.dns_policy.as_deref() == Some("ClusterFirstWithHostNet");
    if after.host_network == Some(true) && !host_dns {
        broken.push(
            "`hostNetwork` needs `dnsPolicy: ClusterFirstWithHostNet`: without it the replicas \
             don't find each other"
                .into(),
        );
    }
    for volume in before.volumes.iter().flatten() {
        let kept = after.volumes.iter().flatten().find(|other| other.name == volume.name);
        if volumes::OF_THE_AGENT.contains(&volume.name.as_str()) && kept != Some(volume) {
            broken.push(format!("the volume `{}` is the agent's: it must stay", volume.name));
        }
    }
}

/// What a container runs, and what is mounted for it, must stay; `why` says what needs it.
fn container(before: &Container, after: &Container, why: &str, broken: &mut Vec<String>) {
    let name = &before.name;
    if (&before.command, &before.args) != (&after.command, &after.args) {
        broken.push(format!("`command` and `args` of the container `{name}` must stay: {why}"));
    }
    if before.readiness_probe.is_some() && before.readiness_probe != after.readiness_probe {
        broken.push(format!(
            "`readinessProbe` of the container `{name}` must stay: it says whom the routers may ask"
        ));
    }
    if after.termination_message_path.is_some() {
        broken.push(format!(
            "`terminationMessagePath` of the container `{name}` must stay: the agent writes there"
        ));
    }
    for mount in before.volume_mounts.iter().flatten() {
        let is_agents = volumes::OF_THE_AGENT.contains(&mount.name.as_str())
            || mount_touches(&mount.mount_path, ROOT);
        let kept =
            after.volume_mounts.iter().flatten().find(|other| other.mount_path == mount.mount_path);
        if is_agents && kept != Some(mount) {
            broken.push(format!(
                "the mount `{}` of the container `{name}` is the agent's: it must stay",
                mount.mount_path
            ));
        }
    }
}

/// What a patch adds to the mounts of a container: nothing of the agent's, and nothing over it.
/// Containers beside mlctl's own have no `/mlctl`, but none may reach the agent's volumes.
fn mounts(before: Option<&Container>, after: &Container, broken: &mut Vec<String>) {
    let name = &after.name;
    let known: Vec<_> = before.iter().flat_map(|old| old.volume_mounts.iter().flatten()).collect();
    for mount in after.volume_mounts.iter().flatten() {
        // A mount that is there and was changed is no new one: `container` looks at those.
        let old = known.iter().find(|old| old.mount_path == mount.mount_path);
        if old.is_some_and(|old| old.name == mount.name) {
            continue;
        }
        if volumes::OF_THE_AGENT.contains(&mount.name.as_str()) {
            broken.push(format!(
                "the container `{name}` must not mount `{}`: the volume is the agent's",
                mount.name
            ));
        } else if before.is_some()
            && old.is_none()
            && let Some(reason) = volumes::against(&mount.mount_path)
        {
            broken.push(format!("the container `{name}`: {reason}"));
        }
    }
    for device in after.volume_devices.iter().flatten().filter(|_| before.is_some()) {
        if let Some(reason) = volumes::against(&device.device_path) {
            broken.push(format!("the container `{name}`: {reason}"));
        }
    }
}

/// The variables by which an agent knows which pod it is in must stay.
fn variables(before: &Container, after: &Container, broken: &mut Vec<String>) {
    for variable in before.env.iter().flatten() {
        let kept = after.env.iter().flatten().find(|other| other.name == variable.name);
        if variable.name.starts_with(AGENT_VARIABLES) && kept != Some(variable) {
            broken.push(format!("the variable `{}` is the agent's: it must stay", variable.name));
        }
    }
    for variable in after.env.iter().flatten() {
        let known = before.env.iter().flatten().any(|other| other.name == variable.name);
        if variable.name.starts_with(AGENT_VARIABLES) && !known {
            broken.push(format!("the variable `{}` is the agent's: leave it out", variable.name));
        }
    }
}
