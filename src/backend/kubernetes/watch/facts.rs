//! All that is known of one run's objects.

use std::collections::BTreeMap;

use super::{JobFacts, PodFacts};
use crate::gang::ReplicaId;
use crate::plan::ClusterLayout;

/// The Jobs and pods of one run, the vanished ones too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct RunFacts {
    /// By name.
    pub(in super::super) jobs: BTreeMap<String, JobFacts>,
    /// By uid.
    pub(in super::super) pods: BTreeMap<String, PodFacts>,
}

impl RunFacts {
    /// Takes in a Job as it is now.
    pub(in super::super) fn job(&mut self, job: JobFacts) {
        self.jobs.insert(job.name.clone(), job);
    }

    /// Takes in a pod as it is now.
    pub(in super::super) fn pod(&mut self, pod: PodFacts) {
        self.pods.insert(pod.uid.clone(), pod);
    }

    /// Something is or was there.
    pub(in super::super) fn is_known(&self) -> bool {
        !self.jobs.is_empty() || !self.pods.is_empty()
    }

    /// The pods of a replica, oldest first.
    pub(in super::super) fn pods_of(
        &self,
        layout: &ClusterLayout,
        replica: &ReplicaId,
    ) -> Vec<&PodFacts> {
        let Some((job, index)) = layout.place(replica) else { return Vec::new() };
        let mut pods: Vec<_> =
            self.pods.values().filter(|pod| pod.job == job.name && pod.index == index).collect();
        pods.sort_by_key(|pod| pod.age());
        pods
    }

    /// The pod that stands for a replica now.
    pub(in super::super) fn pod_of(
        &self,
        layout: &ClusterLayout,
        replica: &ReplicaId,
    ) -> Option<&PodFacts> {
        self.pods_of(layout, replica).pop()
    }
}
