//! What the cluster did to pods, and what that says of a failure.

use crate::gang::{AgentExit, FailureClass, FirstFailure, ReplicaId};
use crate::plan::ClusterLayout;
use crate::runtime::kubernetes::follow::watch::{PodFacts, RunFacts};

/// What the cluster did to a pod, if it did something.
pub(crate) fn cause(pod: &PodFacts) -> Option<(FailureClass, String)> {
    if pod.node_lost && pod.lives() {
        return Some((FailureClass::Infrastructure, node_lost(pod)));
    }
    let node = pod.node.as_deref().unwrap_or("its node");
    if let Some(words) = &pod.disruption {
        let said =
            if words.message.is_empty() { String::new() } else { format!(" ({})", words.message) };
        return Some(match words.reason.as_str() {
            "EvictionByEvictionAPI" => (
                FailureClass::Preemption,
                format!("its pod was evicted, as when {node} is drained{said}"),
            ),
            "PreemptionByScheduler" | "PreemptionByKueue" | "Preempting" => (
                FailureClass::Preemption,
                format!("its pod made room for one of higher priority{said}"),
            ),
            "DeletionByTaintManager" => (
                FailureClass::Infrastructure,
                format!("{node} was tainted and its pods were deleted: the node went away{said}"),
            ),
            "DeletionByPodGC" => (
                FailureClass::Infrastructure,
                format!("{node} is not in the cluster any more{said}"),
            ),
            "TerminationByKubelet" | "NodeShutdown" | "Shutdown" | "Terminated" => (
                FailureClass::Preemption,
                format!("{node} was shut down, or ran short and ended the pod{said}"),
            ),
            "Evicted" => (
                FailureClass::Infrastructure,
                format!("{node} ran short of a resource and evicted the pod{said}"),
            ),
            other => (FailureClass::Preemption, format!("its pod was disrupted: {other}{said}")),
        });
    }
    if pod.ended.as_ref().is_some_and(|end| end.reason == "OOMKilled") {
        let reason = format!("killed on {node} for its memory: it used more than its limit");
        return Some((FailureClass::OutOfMemory, reason));
    }
    None
}

/// What is known of a pod on a node that went silent, and what helps.
pub(crate) fn node_lost(pod: &PodFacts) -> String {
    let node = pod.node.as_deref().unwrap_or("its node");
    format!(
        "nothing is heard of {node}; its pods block their place until the node comes back, is \
         deleted, or is tainted: kubectl taint node {node} \
         node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"
    )
}

pub(crate) fn on(pod: &PodFacts) -> String {
    pod.node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default()
}

/// Says what the cluster knows of a failure that the gang could only see from inside.
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
    // An agent that was lost said nothing; its pod may.
    if failure.exit.is_none()
        && let Some((pod, code)) = died(layout, facts, &failure.replica)
    {
        let FirstFailure { replica, reason, .. } = failure;
        let reason = reason.strip_prefix(&replica.to_string()).unwrap_or(reason).trim();
        failure.reason =
            format!("{replica}{}: {reason}; its container ended with exit code {code}", on(pod));
    }
    let known = disrupted(layout, facts, &failure.replica);
    if let Some((pod, (class, reason))) = known {
        failure.class = class;
        failure.reason = format!("{}{}: {reason}", failure.replica, on(pod));
    }
}

/// The newest pod of a replica whose container was ended by a signal, and how.
fn died<'a>(
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

/// The pod of a replica that the cluster did something to: the newest such.
fn disrupted<'a>(
    layout: &ClusterLayout,
    facts: &'a RunFacts,
    replica: &ReplicaId,
) -> Option<(&'a PodFacts, (FailureClass, String))> {
    let pods = facts.pods_of(layout, replica);
    pods.into_iter().rev().find_map(|pod| Some((pod, cause(pod)?)))
}
