//! All that is known of one run's objects.

use std::collections::BTreeMap;

use super::job::JobFacts;
use super::pod::PodFacts;
use crate::gang::ReplicaId;
use crate::plan::ClusterLayout;

/// The Jobs and pods of one run, the vanished ones too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunFacts {
    /// The Jobs by name.
    pub(crate) jobs: BTreeMap<String, JobFacts>,
    /// The pods by uid.
    pub(crate) pods: BTreeMap<String, PodFacts>,
}

impl RunFacts {
    /// Takes in a Job as it is now.
    pub(crate) fn update_job(&mut self, job: JobFacts) {
        self.jobs.insert(job.name.clone(), job);
    }

    /// Takes in a pod as it is now. What kept it from starting is remembered from before: when a
    /// pod is deleted for that reason, its kubelet doesn't say it any more.
    pub(crate) fn update_pod(&mut self, mut pod: PodFacts) {
        if pod.waiting.is_none()
            && (pod.deleting || pod.gone)
            && !pod.has_log()
            && let Some(before) = self.pods.get(&pod.uid)
        {
            pod.waiting.clone_from(&before.waiting);
        }
        self.pods.insert(pod.uid.clone(), pod);
    }

    /// At least one Job or pod is or was there.
    pub(crate) fn is_known(&self) -> bool {
        !self.jobs.is_empty() || !self.pods.is_empty()
    }

    /// The pods of a replica, oldest first. Pods that name no index are nobody's.
    pub(crate) fn pods_of(&self, layout: &ClusterLayout, replica: &ReplicaId) -> Vec<&PodFacts> {
        let Some((job, index)) = layout.place(replica) else { return Vec::new() };
        let mut pods: Vec<_> = self
            .pods
            .values()
            .filter(|pod| pod.job == job.name && pod.index == Some(index))
            .collect();
        pods.sort_by_key(|pod| pod.age());
        pods
    }

    /// The newest pod of a replica, which stands for it now; `None` when it never had one.
    pub(crate) fn pod_of(&self, layout: &ClusterLayout, replica: &ReplicaId) -> Option<&PodFacts> {
        self.pods_of(layout, replica).pop()
    }
}
