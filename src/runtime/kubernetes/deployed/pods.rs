//! What a pod of an endpoint is, from what the cluster says of it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod};

use crate::gang::{TerminationMessage, Verdict};
use crate::runtime::kubernetes::objects::MAIN;
use crate::runtime::kubernetes::objects::endpoint::{DEPLOYMENT, PART, REPLICA, ROUTER};
use crate::runtime::{EndpointPart, EndpointPod, PodPhase};

/// Words of the kubelet for a container that will not start by itself, or only after a pause.
const STUCK: [&str; 7] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "ErrImageNeverPull",
];

/// Reads a pod; `None` where it is no pod of an endpoint, or has ended for good.
pub(super) fn of(pod: &Pod) -> Option<EndpointPod> {
    let labels = pod.metadata.labels.as_ref()?;
    let part = match labels.get(PART).map(String::as_str)? {
        ROUTER => EndpointPart::Router,
        REPLICA => EndpointPart::Replica(labels.get(DEPLOYMENT)?.parse().ok()?),
        _ => return None,
    };
    let status = pod.status.clone().unwrap_or_default();
    // The kubelet has thrown it out, and its Deployment makes another one.
    if matches!(status.phase.as_deref(), Some("Failed" | "Succeeded")) {
        return None;
    }
    let is_ready = status
        .conditions
        .iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let phase = match (pod.metadata.deletion_timestamp.is_some(), is_ready) {
        (true, _) => PodPhase::Draining,
        (false, true) => PodPhase::Ready,
        (false, false) => PodPhase::Starting,
    };
    let containers = status.container_statuses.iter().flatten();
    let all: Vec<&ContainerStatus> =
        status.init_container_statuses.iter().flatten().chain(containers).collect();
    let ended = all.iter().filter_map(|one| one.last_state.as_ref().and_then(ended_at)).max();
    let failure = failure(&all);
    Some(EndpointPod {
        name: pod.metadata.name.clone()?,
        part,
        address: status.pod_ip.as_ref().and_then(|address| address.parse().ok()),
        ports: ports(pod),
        phase,
        restarts: all.iter().map(|one| u32::try_from(one.restart_count).unwrap_or(0)).sum(),
        failed_at: ended.or_else(|| {
            let created = pod.metadata.creation_timestamp.as_ref();
            created.filter(|_| all.iter().any(|one| stuck(one).is_some())).map(|time| time.0)
        }),
        failure,
    })
}

/// Of the server's own container: others of the pod, which a cluster's tools may add, have ports of the same names.
fn ports(pod: &Pod) -> BTreeMap<String, u16> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let own = containers.filter(|container| container.name == MAIN);
    own.flat_map(|container| container.ports.iter().flatten())
        .filter_map(|port| Some((port.name.clone()?, u16::try_from(port.container_port).ok()?)))
        .collect()
}

/// Why a pod can't go on, or has failed last.
pub(crate) fn failure_of(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let containers = status.container_statuses.iter().flatten();
    let all: Vec<&ContainerStatus> =
        status.init_container_statuses.iter().flatten().chain(containers).collect();
    failure(&all)
}

fn failure(all: &[&ContainerStatus]) -> Option<String> {
    all.iter().find_map(|one| stuck(one).or_else(|| last_end(one)))
}

/// A container that can't be started, in the cluster's words.
fn stuck(status: &ContainerStatus) -> Option<String> {
    let waiting = status.state.as_ref()?.waiting.as_ref()?;
    let reason = waiting.reason.as_deref().filter(|reason| STUCK.contains(reason))?;
    Some(match waiting.message.as_deref() {
        Some(message) if !message.is_empty() => format!("{reason}: {message}"),
        _ => format!("{reason} of the image {}", status.image),
    })
}

fn ended_at(state: &ContainerState) -> Option<jiff::Timestamp> {
    state.terminated.as_ref()?.finished_at.as_ref().map(|time| time.0)
}

/// Why a container ended last, in its own last words where it has left any.
fn last_end(status: &ContainerStatus) -> Option<String> {
    let ended = status.last_state.as_ref()?.terminated.as_ref()?;
    if ended.reason.as_deref() == Some("OOMKilled") {
        return Some("it needed more memory than it may have".into());
    }
    let text = ended.message.as_deref().unwrap_or_default().trim();
    let told = serde_json::from_str::<TerminationMessage>(text).ok();
    if let Some(told) = told {
        return Some(told.verdict.as_ref().map_or(told.reason.clone(), Verdict::last_words));
    }
    match text.lines().next_back() {
        Some(line) if !line.is_empty() => Some(line.to_owned()),
        _ => Some(format!("it ended with {}", ended.exit_code)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ports_are_those_of_the_server_whatever_stands_beside_it() {
        let beside = json!({"name": "proxy", "ports": [{"name": "http", "containerPort": 15001}]});
        let server = json!({"name": MAIN, "ports": [
            {"name": "http", "containerPort": 7080}, {"name": "grpc", "containerPort": 8081}]});
        let pod = json!({
            "metadata": {"name": "p", "labels": {PART: REPLICA, DEPLOYMENT: "sums-abc123"}},
            "spec": {"containers": [&beside, server, &beside]},
        });
        let pod = of(&serde_json::from_value(pod).unwrap()).unwrap();
        assert_eq!(pod.ports, BTreeMap::from([("grpc".into(), 8081), ("http".into(), 7080)]));
    }
}
