//! What a Job of a run says of itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;

use crate::gang::{AgentExit, RunId};
use crate::runtime::kubernetes::examine::nodes::requests;
use crate::runtime::kubernetes::objects::label;

/// How a Job ends, decided although pods may still be ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobEnd {
    pub(crate) succeeded: bool,
    /// The Job controller's word, such as `PodFailurePolicy`.
    pub(crate) reason: String,
    /// The Job controller's sentence; may be empty.
    pub(crate) message: String,
    /// When it was decided.
    pub(crate) at: Option<Timestamp>,
}

impl JobEnd {
    /// Its `activeDeadlineSeconds` are over.
    pub(crate) fn is_deadline(&self) -> bool {
        self.reason == "DeadlineExceeded"
    }

    /// The primary's agent said so by its exit code, which is all that is left of its pod.
    pub(crate) fn is_evicted(&self) -> bool {
        let said = format!("failed with exit code {} ", AgentExit::FinalEvicted.code());
        self.reason == "PodFailurePolicy" && self.message.contains(&said)
    }
}

/// One Job, as far as following a run needs it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct JobFacts {
    pub(crate) name: String,
    pub(crate) uid: String,
    /// The run that its label names; `None` for an object whose label is no run's name.
    pub(crate) run: Option<RunId>,
    /// Since when it may have pods; `None` while it is suspended. Time in a queue is not counted.
    pub(crate) started: Option<Timestamp>,
    pub(crate) suspended: bool,
    /// Its queue of Kueue, which decides when it starts; `None` where it is in no queue.
    pub(crate) queue: Option<String>,
    /// What each of its pods asks for, by resource: cores, bytes, devices.
    pub(crate) each: BTreeMap<String, f64>,
    /// How many pods it should have.
    pub(crate) wanted: i32,
    /// How many pods it has or had, ended ones included.
    pub(crate) pods: i32,
    /// How it ends; `None` while that is not decided.
    pub(crate) end: Option<JobEnd>,
    pub(crate) deleting: bool,
    /// It is not in the cluster any more; set by the watch.
    pub(crate) gone: bool,
}

impl JobFacts {
    pub(crate) fn of(job: &Job) -> Self {
        let meta = &job.metadata;
        let labels = meta.labels.clone().unwrap_or_default();
        let spec = job.spec.clone().unwrap_or_default();
        let status = job.status.clone().unwrap_or_default();
        // The controller withholds `Complete` and `Failed` until every pod has ended, and one on a
        // dead node never does. So the conditions that come before them decide as well.
        let order = ["Failed", "FailureTarget", "Complete", "SuccessCriteriaMet"];
        let end = order.iter().find_map(|name| {
            let conditions = status.conditions.iter().flatten();
            let mut held = conditions.filter(|c| c.type_ == **name && c.status == "True");
            held.next().map(|condition| JobEnd {
                succeeded: matches!(*name, "Complete" | "SuccessCriteriaMet"),
                reason: condition.reason.clone().unwrap_or_default(),
                message: condition.message.clone().unwrap_or_default(),
                at: condition.last_transition_time.as_ref().map(|time| time.0),
            })
        });
        let count = |n: Option<i32>| n.unwrap_or(0);
        Self {
            name: meta.name.clone().unwrap_or_default(),
            uid: meta.uid.clone().unwrap_or_default(),
            run: labels.get(label::RUN).and_then(|run| run.parse().ok()),
            started: status.start_time.as_ref().map(|time| time.0),
            suspended: spec.suspend.unwrap_or(false),
            queue: labels.get(label::QUEUE).cloned(),
            each: spec.template.spec.as_ref().map(requests).unwrap_or_default(),
            wanted: spec.parallelism.unwrap_or(1),
            pods: count(status.active) + count(status.succeeded) + count(status.failed),
            deleting: meta.deletion_timestamp.is_some(),
            gone: false,
            end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn end(conditions: serde_json::Value) -> Option<JobEnd> {
        let job = json!({"metadata": {"name": "r"}, "status": {"conditions": conditions}});
        JobFacts::of(&serde_json::from_value(job).unwrap()).end
    }

    #[test]
    fn decided_before_the_last_pod_has_ended() {
        assert_eq!(end(json!([{"type": "Suspended", "status": "True"}])), None);
        let failed = end(json!([{"type": "FailureTarget", "status": "True",
            "reason": "PodFailurePolicy", "message": "Container main failed with exit code 42"}]));
        assert!(failed.is_some_and(|end| !end.succeeded && end.reason == "PodFailurePolicy"));
        let met = end(json!([{"type": "SuccessCriteriaMet", "status": "True"}]));
        assert!(met.is_some_and(|end| end.succeeded));
    }
}
