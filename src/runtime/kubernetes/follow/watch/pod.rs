//! What a pod of a run says of itself, in the words of the gang.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodCondition, PodStatus};

use super::ended::Ended;
use super::reason::{Disruption, DisruptionKind, Waiting};
use crate::event::WaitingReason;
use crate::runtime::kubernetes::objects::{INIT, MAIN, label};

const INDEX: &str = "batch.kubernetes.io/job-completion-index";
const JOB: &str = "batch.kubernetes.io/job-name";
const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
const IGNORED: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// One pod, as far as following a run needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PodFacts {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) run: String,
    pub(crate) job: String,
    /// Its completion index in the Job; `None` for a pod that names none, which is no replica's.
    pub(crate) index: Option<usize>,
    /// How many pods of this index came before it.
    pub(crate) generation: u32,
    pub(crate) created: Option<Timestamp>,
    /// The node that it was placed on; `None` before that.
    pub(crate) node: Option<String>,
    /// When its node took it on, before any image was pulled; `None` before that.
    pub(crate) started: Option<Timestamp>,
    /// What keeps it from starting; `None` once it has started, and while nothing is known.
    pub(crate) waiting: Option<Waiting>,
    /// Its main container runs.
    pub(crate) running: bool,
    /// How its main container ended; `None` before that.
    pub(crate) ended: Option<Ended>,
    /// Its phase is `Succeeded` or `Failed`: nothing of it runs any more.
    pub(crate) over: bool,
    pub(crate) succeeded: bool,
    /// The cluster ends it from outside: the condition `DisruptionTarget`, or the kubelet's
    /// eviction.
    pub(crate) disruption: Option<Disruption>,
    /// Its node is silent, so what this pod says may be out of date.
    pub(crate) node_lost: bool,
    /// It is being deleted.
    pub(crate) deleting: bool,
    /// It is not in the cluster any more; set by the watch.
    pub(crate) gone: bool,
}

impl PodFacts {
    pub(crate) fn of(pod: &Pod) -> Self {
        let meta = &pod.metadata;
        let labels = meta.labels.clone().unwrap_or_default();
        let annotations = meta.annotations.clone().unwrap_or_default();
        let number = |name: &str| annotations.get(name).and_then(|n| n.parse::<u32>().ok());
        let status = pod.status.clone().unwrap_or_default();
        let main = container(&status, MAIN);
        let state = main.and_then(|main| main.state.as_ref());
        let phase = status.phase.as_deref().unwrap_or_default();
        let over = matches!(phase, "Succeeded" | "Failed");
        let running = !over && state.is_some_and(|state| state.running.is_some());
        let ended = state.and_then(|state| state.terminated.as_ref()).map(|ended| {
            let text = ended.message.clone().unwrap_or_default();
            Ended {
                code: ended.exit_code,
                reason: ended.reason.clone().unwrap_or_default(),
                message: serde_json::from_str(&text).ok(),
                text,
                at: ended.finished_at.as_ref().map(|time| time.0),
            }
        });
        let condition = |name: &str| find(&status, name);
        let node_lost = status.reason.as_deref() == Some("NodeLost")
            || condition("Ready").is_some_and(|ready| {
                ready.status == "False" && ready.reason.as_deref() == Some("NodeLost")
            })
            // The node's controller says so of every pod of a silent node, and gives no reason.
            || (running
                && condition("Ready").is_some_and(|ready| {
                    ready.status == "False"
                        && ready.reason.is_none()
                        && main.is_some_and(|main| main.ready)
                }));
        let deleting = meta.deletion_timestamp.is_some();
        let waiting = (!over && !running && ended.is_none())
            .then(|| waiting(&status).or_else(|| creating(&status).filter(|_| !deleting)))
            .flatten();
        Self {
            name: meta.name.clone().unwrap_or_default(),
            uid: meta.uid.clone().unwrap_or_default(),
            run: labels.get(label::RUN).cloned().unwrap_or_default(),
            job: labels.get(JOB).cloned().unwrap_or_default(),
            index: number(INDEX).map(|index| index as usize),
            // The controller writes these annotations only once there is something to count.
            generation: number(FAILURES).unwrap_or(0) + number(IGNORED).unwrap_or(0),
            created: meta.creation_timestamp.as_ref().map(|time| time.0),
            node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
            started: status.start_time.as_ref().map(|time| time.0),
            waiting,
            running,
            over,
            succeeded: phase == "Succeeded",
            disruption: disruption(&status),
            node_lost,
            deleting,
            gone: false,
            ended,
        }
    }

    /// Orders the pods of one index: a later one has replaced all earlier ones.
    pub(crate) fn age(&self) -> (u32, Option<Timestamp>) {
        (self.generation, self.created)
    }

    /// It is in the cluster and has not ended: something of it may still run.
    pub(crate) fn lives(&self) -> bool {
        !self.gone && !self.over
    }

    /// Its main container runs or has run, so that there is a log.
    pub(crate) fn has_log(&self) -> bool {
        self.running || self.ended.is_some() || (self.over && self.node.is_some())
    }
}

fn find<'a>(status: &'a PodStatus, name: &str) -> Option<&'a PodCondition> {
    status.conditions.iter().flatten().find(|condition| condition.type_ == name)
}

fn container<'a>(status: &'a PodStatus, name: &str) -> Option<&'a ContainerStatus> {
    let statuses = status.container_statuses.as_deref().unwrap_or_default();
    // Pods that others have made may name it otherwise.
    statuses.iter().find(|status| status.name == name).or(match statuses {
        [only] => Some(only),
        _ => None,
    })
}

/// Who ends the pod from outside, and why. The kubelet's own word is more exact than the condition.
fn disruption(status: &PodStatus) -> Option<Disruption> {
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
    Some(Disruption { kind, message: message.cloned().unwrap_or_default() })
}

/// What keeps a pod from starting, in the cluster's words; `None` when it says nothing.
fn waiting(status: &PodStatus) -> Option<Waiting> {
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
        if status.name == INIT
            && let Some(ended) = state.and_then(|state| state.terminated.as_ref())
            && ended.exit_code != 0
        {
            let message = ended.message.clone().unwrap_or_default();
            return Some(Waiting {
                reason: WaitingReason::InitFailed,
                message: format!("the init container ended with {}: {message}", ended.exit_code),
            });
        }
    }
    None
}

/// Says that a node has taken the pod on, when nothing else is known. Kubelets say the same of a
/// pod whose image they could not pull, once it is deleted.
fn creating(status: &PodStatus) -> Option<Waiting> {
    let placed = find(status, "PodScheduled").is_some_and(|c| c.status == "True");
    placed.then(|| Waiting {
        reason: WaitingReason::ContainerCreating,
        message: "its containers are being made".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gang::ReplicaId;
    use crate::plan::{ClusterLayout, JobLayout};
    use crate::runtime::kubernetes::follow::watch::facts::RunFacts;
    use serde_json::json;

    fn facts(status: serde_json::Value) -> PodFacts {
        let pod = json!({
            "metadata": {
                "name": "digits-abc123-1-xyz", "uid": "u",
                "labels": {"mlctl.dev/run": "digits-abc123", JOB: "digits-abc123"},
                "annotations": {INDEX: "1", FAILURES: "1", IGNORED: "2"},
            },
            "spec": {"nodeName": "node2", "containers": []},
            "status": status,
        });
        PodFacts::of(&serde_json::from_value(pod).unwrap())
    }

    #[test]
    fn generation_counts_all_replacements() {
        let pod = facts(json!({"phase": "Pending"}));
        assert_eq!((pod.generation, pod.index), (3, Some(1)));
    }

    #[test]
    fn a_pod_without_an_index_is_no_replicas() {
        let pod = json!({"metadata": {"name": "p", "uid": "u", "labels": {JOB: "r"}}});
        let pod = PodFacts::of(&serde_json::from_value(pod).unwrap());
        assert_eq!(pod.index, None);
        let replica = ReplicaId::new("worker", 0);
        let job = JobLayout { name: "r".into(), replicas: vec![replica.clone()] };
        let layout = ClusterLayout { service: "r".into(), jobs: vec![job] };
        let mut run = RunFacts::default();
        run.update_pod(pod);
        assert_eq!(run.pod_of(&layout, &replica), None);
    }

    #[test]
    fn the_schedulers_own_words() {
        let pod = facts(json!({"phase": "Pending", "conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/2 nodes are available: 2 Insufficient nvidia.com/gpu.",
        }]}));
        let waiting = pod.waiting.unwrap();
        assert_eq!(waiting.reason, WaitingReason::Unschedulable);
        assert!(waiting.message.starts_with("0/2 nodes"));
    }

    #[test]
    fn the_registrys_own_words() {
        let pod = facts(json!({"phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "True"}],
            "containerStatuses": [{"name": "main", "image": "no/such:1", "imageID": "", "ready": false,
                "restartCount": 0, "state": {"waiting": {"reason": "ErrImagePull",
                "message": "pull access denied"}}}]}));
        let waiting = pod.waiting.unwrap();
        assert_eq!(waiting.reason, WaitingReason::ErrImagePull);
        assert_eq!(waiting.message, "image no/such:1: pull access denied");
    }

    #[test]
    fn a_deleted_pod_is_not_being_made() {
        let mut run = RunFacts::default();
        let pod = |reason: &str, deleted: bool| {
            let mut pod = json!({
                "metadata": {"name": "p", "uid": "u"},
                "status": {"phase": "Pending",
                    "conditions": [{"type": "PodScheduled", "status": "True"}],
                    "containerStatuses": [{"name": "main", "image": "a:1", "imageID": "",
                        "ready": false, "restartCount": 0,
                        "state": {"waiting": {"reason": reason, "message": "a:1 is not there"}}}]},
            });
            if deleted {
                pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            }
            PodFacts::of(&serde_json::from_value(pod).unwrap())
        };
        let reason = |run: &RunFacts| run.pods["u"].waiting.clone().map(|waiting| waiting.reason);
        run.update_pod(pod("ContainerCreating", false));
        assert_eq!(reason(&run), Some(WaitingReason::ContainerCreating));
        run.update_pod(pod("ErrImagePull", false));
        run.update_pod(pod("ContainerCreating", true));
        run.update_pod(PodFacts { gone: true, ..pod("ContainerCreating", true) });
        assert_eq!(reason(&run), Some(WaitingReason::ErrImagePull));
    }

    #[test]
    fn ends_and_disruptions() {
        let pod = facts(json!({"phase": "Failed",
            "conditions": [{"type": "DisruptionTarget", "status": "True",
                "reason": "EvictionByEvictionAPI", "message": "Eviction API: evicting"}],
            "containerStatuses": [{"name": "main", "image": "i", "imageID": "", "ready": false,
                "restartCount": 0, "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]}));
        assert!(pod.over && !pod.running && pod.has_log());
        assert_eq!(pod.ended.unwrap().reason, "OOMKilled");
        assert_eq!(pod.disruption.unwrap().kind, DisruptionKind::EvictedByRequest);
    }
}
