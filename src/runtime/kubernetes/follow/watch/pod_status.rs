//! What the status of a pod says of its start and its end.

use k8s_openapi::api::core::v1::{ContainerStatus, PodCondition, PodStatus};

use super::reason::{Disruption, DisruptionKind, Waiting};
use crate::event::WaitingReason;

/// The condition of this type; `None` when the pod doesn't have it.
pub(super) fn find<'a>(status: &'a PodStatus, name: &str) -> Option<&'a PodCondition> {
    status.conditions.iter().flatten().find(|condition| condition.type_ == name)
}

/// The status of the container of this name; `None` when it has none yet.
pub(super) fn container<'a>(status: &'a PodStatus, name: &str) -> Option<&'a ContainerStatus> {
    let statuses = status.container_statuses.as_deref().unwrap_or_default();
    // Pods that others have made may name it otherwise.
    statuses.iter().find(|status| status.name == name).or(match statuses {
        [only] => Some(only),
        _ => None,
    })
}

/// Who ends the pod from outside, and why. The kubelet's own word is more exact than the condition.
pub(super) fn disruption(status: &PodStatus) -> Option<Disruption> {
    let target = find(status, "DisruptionTarget").filter(|target| target.status == "True");
    let by_kubelet = status.reason.as_deref().and_then(DisruptionKind::of_kubelet);
    let (kind, message) = match (target, by_kubelet) {
        (_, Some(kind)) => (kind, status.message.as_ref()),
        (Some(target), None) => {
            let word = target.reason.as_deref().unwrap_or_default();
            (DisruptionKind::of_condition(word), target.message.as_ref())
        }
        (None, None) => return None,
    };
    let at = target.and_then(|target| target.last_transition_time.as_ref()).map(|time| time.0);
    Some(Disruption { kind, message: message.cloned().unwrap_or_default(), at })
}

/// What keeps a pod from starting, in the cluster's words; `None` when it says nothing.
pub(super) fn waiting(status: &PodStatus) -> Option<Waiting> {
    if let Some(scheduled) = find(status, "PodScheduled").filter(|c| c.status == "False") {
        let reason = scheduled.reason.as_deref();
        return Some(Waiting {
            reason: reason.map_or(WaitingReason::Unschedulable, WaitingReason::from),
            message: scheduled.message.clone().unwrap_or_default(),
        });
    }
    let statuses = status.init_container_statuses.iter().flatten();
    for status in statuses.chain(status.container_statuses.iter().flatten()) {
        let state = status.state.as_ref();
        if let Some(waiting) = state.and_then(|state| state.waiting.as_ref()) {
            let Some(reason) = waiting.reason.as_deref().filter(|word| !word.is_empty()) else {
                continue;
            };
            let reason = WaitingReason::from(reason);
            if reason.is_progress() {
                continue;
            }
            let image = &status.image;
            let message = match waiting.message.clone().unwrap_or_default() {
                message if reason.is_about_image() && !message.contains(image.as_str()) => {
                    format!("image {image}: {message}")
                }
                message => message,
            };
            return Some(Waiting { reason, message });
        }
    }
    None
}

/// Says that a node has taken the pod on, when nothing else is known. Kubelets say the same of a
/// pod whose image they could not pull, once it is deleted.
pub(super) fn creating(status: &PodStatus) -> Option<Waiting> {
    let placed = find(status, "PodScheduled").is_some_and(|c| c.status == "True");
    placed.then(|| Waiting {
        reason: WaitingReason::ContainerCreating,
        message: "its containers are being made".into(),
    })
}
