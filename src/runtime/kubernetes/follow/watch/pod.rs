//! What a pod of a run says of itself, in the words of the gang.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Pod;

use super::ended::Ended;
use super::failed_start::FailedStart;
use super::pod_status::{container, creating, disruption, find, waiting};
use super::reason::{Disruption, Waiting};
use crate::gang::RunId;
use crate::runtime::kubernetes::objects::{MAIN, label};

const INDEX: &str = "batch.kubernetes.io/job-completion-index";
const JOB: &str = "batch.kubernetes.io/job-name";
const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
const IGNORED: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// The Job that a pod was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Controller {
    pub(crate) name: String,
    pub(crate) uid: String,
}

/// One pod, as far as following a run needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PodFacts {
    pub(crate) name: String,
    pub(crate) uid: String,
    /// The run that its label names; `None` for an object whose label is no run's name.
    pub(crate) run: Option<RunId>,
    pub(crate) job: String,
    /// The Job that controls it, which the Job controller writes; `None` for a pod without one.
    pub(crate) controller: Option<Controller>,
    /// Its completion index in the Job; `None` for a pod that names none, which is no replica's.
    pub(crate) index: Option<usize>,
    /// How many pods of this index came before it.
    pub(crate) generation: u32,
    pub(crate) created: Option<Timestamp>,
    /// The node that it was placed on; `None` before that.
    pub(crate) node: Option<String>,
    /// What its node calls the image of its main container, by the digest; `None` before it has one.
    pub(crate) image_id: Option<String>,
    /// When its node took it on, before any image was pulled; `None` before that.
    pub(crate) started: Option<Timestamp>,
    /// What keeps it from starting; `None` once it has started, and while nothing is known.
    pub(crate) waiting: Option<Waiting>,
    /// Its main container runs.
    pub(crate) running: bool,
    /// How its main container ended; `None` before that.
    pub(crate) ended: Option<Ended>,
    /// How it failed before its agent ran; `None` when nothing did.
    pub(crate) failed_start: Option<FailedStart>,
    /// Its phase is `Succeeded` or `Failed`: nothing of it runs any more.
    pub(crate) over: bool,
    pub(crate) succeeded: bool,
    /// The cluster ends it from outside: the condition `DisruptionTarget`, or the kubelet's
    /// eviction.
    pub(crate) disruption: Option<Disruption>,
    /// Its node is silent, so what this pod says may be out of date.
    pub(crate) node_lost: bool,
    /// When it was last said that it is ready or not, which of a silent node is when that was noticed.
    pub(crate) ready_changed: Option<Timestamp>,
    /// Something else than its agent runs in it, which a patch or a webhook has put there.
    pub(crate) shared: bool,
    /// It is being deleted.
    pub(crate) deleting: bool,
    /// When its deletion was asked for.
    pub(crate) deleted_at: Option<Timestamp>,
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
        let ready_changed =
            condition("Ready").and_then(|ready| ready.last_transition_time.as_ref()).map(|at| at.0);
        let deleting = meta.deletion_timestamp.is_some();
        // The time of the deletion is the one at which the grace period is over.
        let grace = SignedDuration::from_secs(meta.deletion_grace_period_seconds.unwrap_or(0));
        let deleted_at =
            meta.deletion_timestamp.as_ref().and_then(|at| at.0.checked_sub(grace).ok());
        // Its deletion ends what is being started as well.
        let failed_start = FailedStart::of(&status).filter(|_| !deleting);
        let waiting = match &failed_start {
            Some(failed) => Some(failed.waiting()),
            None => (!over && !running && ended.is_none())
                .then(|| waiting(&status).or_else(|| creating(&status).filter(|_| !deleting)))
                .flatten(),
        };
        Self {
            name: meta.name.clone().unwrap_or_default(),
            uid: meta.uid.clone().unwrap_or_default(),
            run: labels.get(label::RUN).and_then(|run| run.parse().ok()),
            job: labels.get(JOB).cloned().unwrap_or_default(),
            controller: meta
                .owner_references
                .iter()
                .flatten()
                .find(|owner| owner.controller == Some(true) && owner.kind == "Job")
                .map(|owner| Controller { name: owner.name.clone(), uid: owner.uid.clone() }),
            index: number(INDEX).map(|index| index as usize),
            // The controller writes these annotations only once there is something to count.
            generation: number(FAILURES).unwrap_or(0).saturating_add(number(IGNORED).unwrap_or(0)),
            created: meta.creation_timestamp.as_ref().map(|time| time.0),
            node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
            image_id: main.map(|main| main.image_id.clone()).filter(|id| !id.is_empty()),
            shared: pod
                .spec
                .as_ref()
                .is_some_and(|spec| spec.containers.iter().any(|container| container.name != MAIN)),
            started: status.start_time.as_ref().map(|time| time.0),
            waiting,
            failed_start,
            running,
            over,
            succeeded: phase == "Succeeded",
            disruption: disruption(&status),
            node_lost,
            ready_changed,
            deleting,
            deleted_at,
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

    /// A node has it, and it goes its usual way to its first word.
    pub(crate) fn is_starting(&self) -> bool {
        let goes_on = self.waiting.as_ref().is_none_or(|waiting| waiting.reason.is_progress());
        let is_placed = self.lives() && !self.deleting && self.node.is_some();
        is_placed && !self.has_started() && self.failed_start.is_none() && goes_on
    }

    /// Its main container runs or has run, so that there is a log.
    pub(crate) fn has_log(&self) -> bool {
        self.has_started() || (self.over && self.node.is_some() && self.failed_start.is_none())
    }

    /// Its agent runs or has run.
    pub(crate) fn has_started(&self) -> bool {
        self.running || (self.ended.is_some() && self.failed_start.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::WaitingReason;
    use crate::gang::ReplicaId;
    use crate::plan::{ClusterLayout, JobLayout};
    use crate::runtime::kubernetes::follow::watch::facts::RunFacts;
    use crate::runtime::kubernetes::follow::watch::reason::DisruptionKind;
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
