//! Why a pod doesn't start, and who ends it from outside: the cluster's words as types.

use jiff::Timestamp;

use crate::event::WaitingReason;

/// What keeps something from starting.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Waiting {
    /// The word that programs go by.
    pub(crate) reason: WaitingReason,
    /// The cluster's sentence for people; may be empty.
    pub(crate) message: String,
}

/// The cluster ends a pod from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disruption {
    pub(crate) kind: DisruptionKind,
    /// The cluster's sentence for people; may be empty.
    pub(crate) message: String,
    /// When that was decided; `None` where the cluster doesn't say.
    pub(crate) at: Option<Timestamp>,
}

/// Who ends a pod, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DisruptionKind {
    /// Somebody asked the API server to evict it, as `kubectl drain` does.
    EvictedByRequest,
    /// It makes room for a pod of higher priority.
    Preempted,
    /// Its node got a taint that it doesn't tolerate.
    NodeTainted,
    /// Its node is not in the cluster any more.
    NodeDeleted,
    /// The kubelet ends it: the node shuts down, or is short of something.
    EndedByKubelet,
    /// The node is short of a resource, and the kubelet has evicted the pod.
    NodeShortOfResource,
    /// Any other word of the cluster.
    Other(String),
}

impl DisruptionKind {
    /// By the reason of the condition `DisruptionTarget`.
    pub(crate) fn of_condition(word: &str) -> Self {
        match word {
            "EvictionByEvictionAPI" => Self::EvictedByRequest,
            "PreemptionByScheduler" | "PreemptionByKueue" => Self::Preempted,
            "DeletionByTaintManager" => Self::NodeTainted,
            "DeletionByPodGC" => Self::NodeDeleted,
            "TerminationByKubelet" => Self::EndedByKubelet,
            other => Self::of_kubelet(other).unwrap_or_else(|| Self::Other(other.to_owned())),
        }
    }

    /// By the reason of a pod's status, which the kubelet writes; `None` when it is no disruption.
    pub(crate) fn of_kubelet(word: &str) -> Option<Self> {
        match word {
            "Preempting" => Some(Self::Preempted),
            "NodeShutdown" | "Shutdown" | "Terminated" => Some(Self::EndedByKubelet),
            "Evicted" => Some(Self::NodeShortOfResource),
            _ => None,
        }
    }
}
