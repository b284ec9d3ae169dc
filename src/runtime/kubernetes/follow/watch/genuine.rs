//! Which of the objects that carry a run's label are the run's own.
//!
//! Whoever may make Jobs in the namespace can write any label on them and on their pods, so a label
//! proves nothing. What can't be written by hand is a pod's controller: only the Job controller makes
//! pods under the Roles that mlctl hands out, and it names the Job that it made the pod for. Names of
//! Jobs can be used again once a Job is gone, so the uids of the run's Jobs are remembered.

use std::collections::BTreeMap;

use super::facts::RunFacts;
use super::pod::PodFacts;
use crate::plan::ClusterLayout;

impl RunFacts {
    /// Leaves out what is not the run's own. `uids` has the uid of each of the run's Jobs, as far as
    /// they are remembered.
    pub(crate) fn genuine(
        mut self,
        layout: &ClusterLayout,
        uids: &BTreeMap<String, String>,
    ) -> Self {
        let is_in_layout = |name: &str| layout.jobs.iter().any(|job| job.name == name);
        self.jobs.retain(|name, job| {
            is_in_layout(name) && uids.get(name).is_none_or(|uid| *uid == job.uid)
        });
        let jobs = &self.jobs;
        let uid_of = |name: &str| uids.get(name).or_else(|| jobs.get(name).map(|job| &job.uid));
        let is_own = |pod: &PodFacts| {
            let controller = pod.controller.as_ref();
            controller.is_some_and(|job| {
                job.name == pod.job
                    && is_in_layout(&job.name)
                    && uid_of(&job.name).is_none_or(|uid| *uid == job.uid)
            })
        };
        self.pods.retain(|_, pod| is_own(pod));
        self
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::batch::v1::Job;
    use k8s_openapi::api::core::v1::Pod;
    use serde_json::json;

    use super::*;
    use crate::plan::JobLayout;
    use crate::runtime::kubernetes::follow::watch::JobFacts;

    fn pod(uid: &str, label: &str, controller: serde_json::Value) -> Pod {
        serde_json::from_value(json!({"metadata": {
            "name": uid, "uid": uid, "ownerReferences": controller,
            "labels": {"mlctl.dev/run": "r-1", "batch.kubernetes.io/job-name": label},
            // Counts that anybody may write.
            "annotations": {"batch.kubernetes.io/job-completion-index": "0",
                "batch.kubernetes.io/job-index-failure-count": "4294967295",
                "batch.kubernetes.io/job-index-ignored-failure-count": "4294967295"},
        }}))
        .unwrap()
    }

    fn job(name: &str, uid: &str) -> Job {
        let labels = json!({"mlctl.dev/run": "r-1"});
        serde_json::from_value(json!({"metadata": {"name": name, "uid": uid, "labels": labels}}))
            .unwrap()
    }

    fn owner(name: &str, uid: &str) -> serde_json::Value {
        json!([{"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid,
            "controller": true}])
    }

    fn own(jobs: &[Job], pods: &[Pod], uids: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let layout = ClusterLayout {
            service: "r-1".into(),
            jobs: vec![JobLayout { name: "r-1".into(), replicas: Vec::new() }],
        };
        let mut facts = RunFacts::default();
        for job in jobs {
            facts.update_job(JobFacts::of(job));
        }
        for pod in pods {
            facts.update_pod(PodFacts::of(pod));
        }
        let uids = uids.iter().map(|(name, uid)| ((*name).into(), (*uid).into())).collect();
        let facts = facts.genuine(&layout, &uids);
        (facts.jobs.into_keys().collect(), facts.pods.into_keys().collect())
    }

    #[test]
    fn a_label_alone_makes_no_pod_the_runs() {
        let pods = [
            pod("mine", "r-1", owner("r-1", "u1")),
            pod("of-another-job", "r-1", owner("evil", "u2")),
            pod("of-nobody", "r-1", json!([])),
            pod(
                "of-a-replica-set",
                "r-1",
                json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet",
                "name": "r-1", "uid": "u1", "controller": true}]),
            ),
            pod(
                "of-an-owner-that-does-not-control",
                "r-1",
                json!([{"apiVersion": "batch/v1", "kind": "Job", "name": "r-1", "uid": "u1"}]),
            ),
        ];
        let jobs = [job("r-1", "u1"), job("evil", "u2"), job("r-1-more", "u3")];
        for uids in [&[][..], &[("r-1", "u1")]] {
            assert_eq!(own(&jobs, &pods, uids), (vec!["r-1".into()], vec!["mine".into()]));
        }
    }

    #[test]
    fn a_job_of_the_same_name_is_another_job() {
        let pods = [pod("mine", "r-1", owner("r-1", "u1")), pod("new", "r-1", owner("r-1", "u9"))];
        let none: Vec<String> = Vec::new();
        assert_eq!(own(&[job("r-1", "u9")], &pods, &[("r-1", "u1")]), (none, vec!["mine".into()]));
        // Without a memory the Job that is there counts, and pods of another uid are not its.
        assert_eq!(own(&[job("r-1", "u9")], &pods, &[]).1, ["new"]);
    }
}
