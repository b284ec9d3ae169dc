//! What the cluster did to pods, and what that says of a failure.

use crate::gang::{AgentExit, FailureClass, FirstFailure, ReplicaId};
use crate::plan::ClusterLayout;
use crate::runtime::kubernetes::follow::watch::{
    Disruption, DisruptionKind, Ended, PodFacts, RunFacts,
};

/// What the cluster did to a pod: the class that the failure counts as, and one clause for people.
/// `None` when the cluster did nothing to it.
pub(crate) fn cause(pod: &PodFacts) -> Option<(FailureClass, String)> {
    if pod.node_lost && pod.lives() {
        return Some((FailureClass::Infrastructure, node_lost_message(pod)));
    }
    let node = pod.node.as_deref().unwrap_or("its node");
    if let Some(Disruption { kind, message, .. }) = &pod.disruption {
        let detail = if message.is_empty() { String::new() } else { format!(" ({message})") };
        return Some(match kind {
            DisruptionKind::EvictedByRequest => (
                FailureClass::Preemption,
                format!("its pod was evicted, as when {node} is drained{detail}"),
            ),
            DisruptionKind::Preempted => (
                FailureClass::Preemption,
                format!("its pod made room for one of higher priority{detail}"),
            ),
            DisruptionKind::NodeTainted => (
                FailureClass::Infrastructure,
                format!("{node} was tainted and its pods were deleted: the node went away{detail}"),
            ),
            DisruptionKind::NodeDeleted => (
                FailureClass::Infrastructure,
                format!("{node} is not in the cluster any more{detail}"),
            ),
            DisruptionKind::EndedByKubelet => (
                FailureClass::Preemption,
                format!("{node} was shut down, or ran short and ended the pod{detail}"),
            ),
            DisruptionKind::NodeShortOfResource => (
                FailureClass::Infrastructure,
                format!("{node} ran short of a resource and evicted the pod{detail}"),
            ),
            DisruptionKind::Other(word) => {
                (FailureClass::Preemption, format!("its pod was disrupted: {word}{detail}"))
            }
        });
    }
    if pod.ended.as_ref().is_some_and(Ended::is_killed_for_memory) {
        let reason = format!("killed on {node} for its memory: it used more than its limit");
        return Some((FailureClass::OutOfMemory, reason));
    }
    None
}

/// What people read of a pod on a node that went silent, and what they can do.
pub(crate) fn node_lost_message(pod: &PodFacts) -> String {
    let node = pod.node.as_deref().unwrap_or("its node");
    format!(
        "nothing is heard of {node}; its pods block their place until the node comes back, is \
         deleted, or is tainted: kubectl taint node {node} \
         node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"
    )
}

/// ` on NODE`, to be put behind a replica's name; empty where the node isn't known.
pub(crate) fn on_node(pod: &PodFacts) -> String {
    pod.node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default()
}

/// Completes the reason and class of a failure by what the cluster knows of the replica's pods. A
/// gang sees only that an agent is gone; the cluster knows that its node was drained, for example.
pub(crate) fn refine(layout: &ClusterLayout, facts: &RunFacts, failure: &mut FirstFailure) {
    let vague = matches!(
        failure.class,
        FailureClass::Infrastructure
            | FailureClass::Preemption
            | FailureClass::TransientSignal
            | FailureClass::OutOfMemory
    );
    if !vague {
        return;
    }
    // An agent that was lost has reported no exit; the status of its pod may hold one.
    if failure.exit.is_none()
        && let Some((pod, code)) = ended_by_signal(layout, facts, &failure.replica)
    {
        let FirstFailure { replica, reason, .. } = failure;
        let reason = reason.strip_prefix(&replica.to_string()).unwrap_or(reason).trim();
        failure.reason = format!(
            "{replica}{}: {reason}; its container ended with exit code {code}",
            on_node(pod)
        );
    }
    let known = disrupted(layout, facts, &failure.replica);
    if let Some((pod, (class, reason))) = known {
        failure.class = class;
        failure.reason = format!("{}{}: {reason}", failure.replica, on_node(pod));
    }
}

/// The newest pod of a replica whose container was ended by a signal, and its exit code.
fn ended_by_signal<'a>(
    layout: &ClusterLayout,
    facts: &'a RunFacts,
    replica: &ReplicaId,
) -> Option<(&'a PodFacts, i32)> {
    let pods = facts.pods_of(layout, replica);
    pods.into_iter().rev().find_map(|pod| {
        let code = pod.ended.as_ref()?.code;
        (code > 128 && code != i32::from(AgentExit::Terminated.code())).then_some((pod, code))
    })
}

/// The newest pod of a replica that the cluster did something to, and what.
fn disrupted<'a>(
    layout: &ClusterLayout,
    facts: &'a RunFacts,
    replica: &ReplicaId,
) -> Option<(&'a PodFacts, (FailureClass, String))> {
    let pods = facts.pods_of(layout, replica);
    pods.into_iter().rev().find_map(|pod| Some((pod, cause(pod)?)))
}
