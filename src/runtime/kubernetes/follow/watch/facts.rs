//! All that is known of one run's objects.

use std::collections::BTreeMap;

use super::job::JobFacts;
use super::pod::PodFacts;
use crate::gang::ReplicaId;
use crate::plan::ClusterLayout;

/// The Jobs and pods of one run, the vanished ones too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunFacts {
    /// By name.
    pub(crate) jobs: BTreeMap<String, JobFacts>,
    /// By uid.
    pub(crate) pods: BTreeMap<String, PodFacts>,
}

impl RunFacts {
    /// Takes in a Job as it is now.
    pub(crate) fn job(&mut self, job: JobFacts) {
        self.jobs.insert(job.name.clone(), job);
    }

    /// Takes in a pod as it is now. What kept one from starting is still true when it is deleted for
    /// that, and its kubelet says it no more.
    pub(crate) fn pod(&mut self, mut pod: PodFacts) {
        if pod.waiting.is_none()
            && (pod.deleting || pod.gone)
            && !pod.has_log()
            && let Some(before) = self.pods.get(&pod.uid)
        {
            pod.waiting.clone_from(&before.waiting);
        }
        self.pods.insert(pod.uid.clone(), pod);
    }

    /// Something is or was there.
    pub(crate) fn is_known(&self) -> bool {
        !self.jobs.is_empty() || !self.pods.is_empty()
    }

    /// The pods of a replica, oldest first.
    pub(crate) fn pods_of(&self, layout: &ClusterLayout, replica: &ReplicaId) -> Vec<&PodFacts> {
        let Some((job, index)) = layout.place(replica) else { return Vec::new() };
        let mut pods: Vec<_> =
            self.pods.values().filter(|pod| pod.job == job.name && pod.index == index).collect();
        pods.sort_by_key(|pod| pod.age());
        pods
    }

    /// The pod that stands for a replica now.
    pub(crate) fn pod_of(&self, layout: &ClusterLayout, replica: &ReplicaId) -> Option<&PodFacts> {
        self.pods_of(layout, replica).pop()
    }
}
