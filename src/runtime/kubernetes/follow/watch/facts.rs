//! All that is known of one run's objects.

use std::collections::BTreeMap;

use super::failed_start::FailedStart;
use super::job::JobFacts;
use super::pod::PodFacts;
use super::reason::Waiting;
use crate::gang::ReplicaId;
use crate::plan::ClusterLayout;

/// The Jobs and pods of one run, the vanished ones too.
#[derive(Clone, Debug, Default, PartialEq)]
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
            pod.failed_start.clone_from(&before.failed_start);
        }
        self.pods.insert(pod.uid.clone(), pod);
    }

    /// At least one Job or pod is or was there.
    pub(crate) fn is_known(&self) -> bool {
        !self.jobs.is_empty() || !self.pods.is_empty()
    }

    /// What all pods of the run ask for together, by resource as quotas name it.
    pub(crate) fn needs(&self) -> BTreeMap<String, f64> {
        let mut needs = BTreeMap::new();
        for job in self.jobs.values() {
            let one = [("pods", 1.0)].into_iter();
            let each = job.each.iter().map(|(name, amount)| (name.as_str(), *amount));
            for (name, amount) in one.chain(each) {
                *needs.entry(name.to_owned()).or_insert(0.0) += amount * f64::from(job.wanted);
            }
        }
        needs
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

    /// What keeps a replica from starting: what its newest pod says or, while that one goes its usual
    /// way, why those before it failed to start. `None` once an agent runs, and while nothing is known.
    pub(crate) fn waiting_of(
        &self,
        layout: &ClusterLayout,
        replica: &ReplicaId,
    ) -> Option<Waiting> {
        let pods = self.pods_of(layout, replica);
        let newest = pods.last().filter(|pod| !pod.has_started())?;
        let waiting = newest.waiting.as_ref();
        if waiting.is_some_and(|waiting| !waiting.reason.is_progress()) {
            return waiting.cloned();
        }
        let mut not_started = pods.iter().rev().take_while(|pod| !pod.has_started());
        let failed = not_started.find_map(|pod| pod.failed_start.as_ref());
        failed.map(FailedStart::waiting).or_else(|| waiting.cloned())
    }

    /// The newest pod of a replica, which stands for it now; `None` when it never had one.
    pub(crate) fn pod_of(&self, layout: &ClusterLayout, replica: &ReplicaId) -> Option<&PodFacts> {
        self.pods_of(layout, replica).pop()
    }
}
