//! What a Job of a run says of itself.

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;

use super::super::label;
use super::Words;

/// How a Job ends, decided although pods may still be ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct JobEnd {
    pub(in super::super) succeeded: bool,
    pub(in super::super) words: Words,
    pub(in super::super) at: Option<Timestamp>,
}

/// One Job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct JobFacts {
    pub(in super::super) name: String,
    pub(in super::super) uid: String,
    pub(in super::super) run: String,
    /// Since when it may have pods: time in a queue counts nowhere.
    pub(in super::super) started: Option<Timestamp>,
    pub(in super::super) suspended: bool,
    /// Its queue of Kueue, which then decides when it starts.
    pub(in super::super) queue: Option<String>,
    pub(in super::super) wanted: i32,
    /// Pods that it has, ended ones included.
    pub(in super::super) pods: i32,
    pub(in super::super) end: Option<JobEnd>,
    pub(in super::super) deleting: bool,
    /// It is not in the cluster any more; set by the watch.
    pub(in super::super) gone: bool,
}

impl JobFacts {
    pub(in super::super) fn of(job: &Job) -> Self {
        let meta = &job.metadata;
        let labels = meta.labels.clone().unwrap_or_default();
        let spec = job.spec.clone().unwrap_or_default();
        let status = job.status.clone().unwrap_or_default();
        // `Complete` and `Failed` are withheld until every pod has ended, and a dead node's never
        // does: what comes before them decides.
        let order = ["Failed", "FailureTarget", "Complete", "SuccessCriteriaMet"];
        let end = order.iter().find_map(|name| {
            let conditions = status.conditions.iter().flatten();
            let mut held = conditions.filter(|c| c.type_ == **name && c.status == "True");
            held.next().map(|condition| JobEnd {
                succeeded: matches!(*name, "Complete" | "SuccessCriteriaMet"),
                words: Words {
                    reason: condition.reason.clone().unwrap_or_default(),
                    message: condition.message.clone().unwrap_or_default(),
                },
                at: condition.last_transition_time.as_ref().map(|time| time.0),
            })
        });
        let count = |n: Option<i32>| n.unwrap_or(0);
        Self {
            name: meta.name.clone().unwrap_or_default(),
            uid: meta.uid.clone().unwrap_or_default(),
            run: labels.get(label::RUN).cloned().unwrap_or_default(),
            started: status.start_time.as_ref().map(|time| time.0),
            suspended: spec.suspend.unwrap_or(false),
            queue: labels.get(label::QUEUE).cloned(),
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
        assert!(failed.is_some_and(|end| !end.succeeded && end.words.reason == "PodFailurePolicy"));
        let met = end(json!([{"type": "SuccessCriteriaMet", "status": "True"}]));
        assert!(met.is_some_and(|end| end.succeeded));
    }
}
