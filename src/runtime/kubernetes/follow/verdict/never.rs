//! Gangs that never start: their pods fail before an agent runs, and another pod would fail as well.

use super::infer::failure_to_start;
use super::memory::Unwatched;
use crate::event::{FOR_GOOD, WaitingReason};
use crate::gang::{FailureClass, Outcome, ReplicaId, Verdict};
use crate::runtime::kubernetes::follow::watch::{NOT_STARTED_CODES, PodFacts, RunFacts};

impl Unwatched<'_> {
    /// The verdict of a gang that has not started, once that can't change any more: the name of an
    /// image is none, a replica's pods have failed more often than its budget for starts allows, or the
    /// Job makes no other pod for it. A Secret or an image that is not there may still come.
    pub(crate) fn never_starts(&self, facts: &RunFacts) -> Option<Verdict> {
        let mut replicas = self.layout.jobs.iter().flat_map(|job| &job.replicas);
        replicas.find_map(|replica| {
            self.misnamed(facts, replica).or_else(|| self.failed_too_often(facts, replica))
        })
    }

    fn misnamed(&self, facts: &RunFacts, replica: &ReplicaId) -> Option<Verdict> {
        let waiting = facts.waiting_of(self.layout, replica)?;
        (waiting.reason == WaitingReason::InvalidImageName).then(|| Verdict {
            outcome: Outcome::CouldNotStart,
            attempt: 0,
            first_failure: None,
            reason: format!("{replica}: {}: {}; {FOR_GOOD}", waiting.reason, waiting.message),
        })
    }

    fn failed_too_often(&self, facts: &RunFacts, replica: &ReplicaId) -> Option<Verdict> {
        let pods = facts.pods_of(self.layout, replica);
        let failed: Vec<&PodFacts> =
            pods.into_iter().filter(|pod| pod.over && pod.failed_start.is_some()).collect();
        let last = *failed.last()?;
        let start = last.failed_start.as_ref()?;
        // The Job's policy for such codes makes no other pod.
        let is_final = !start.is_init && NOT_STARTED_CODES.contains(&start.code);
        let budget = self.rules.budgets.get(FailureClass::Startup) as usize;
        if !is_final && failed.len() <= budget {
            return None;
        }
        let failure = failure_to_start(last, start, replica.clone(), 0);
        let reason = format!("{}; {FOR_GOOD}", failure.reason);
        let outcome = Outcome::CouldNotStart;
        Some(Verdict { outcome, attempt: 0, first_failure: Some(failure), reason })
    }
}
