//! Agents that are killed for their memory, again and again: with control groups of version 2 the
//! kernel kills all that is in a container, and there may be too little for the agent itself.

use crate::gang::{Attempt, FailureClass, FirstFailure, GangConfig, Outcome, Verdict};
use crate::plan::ClusterLayout;
use crate::runtime::kubernetes::follow::watch::{PodFacts, RunFacts};

const REASON: &str =
    "memory ran out: the kernel killed all that was in the pod, mlctl's agent included";

/// A gang of which nobody may be left that remembers: it is alone, or it has never started.
pub(crate) struct Unwatched<'a> {
    /// Which Job and index each replica is.
    pub(crate) layout: &'a ClusterLayout,
    /// The rules of the gang, for its size and its budgets.
    pub(crate) rules: &'a GangConfig,
    /// Its first attempt has started.
    pub(crate) has_started: bool,
}

impl Unwatched<'_> {
    /// The verdict, when the budget for failures by memory is spent; `None` before that. A gang of
    /// several members that has started charges lost members itself, so there is never one for it.
    pub(crate) fn killed_for_memory(&self, facts: &RunFacts, attempt: Attempt) -> Option<Verdict> {
        if self.has_started && self.rules.members.len() > 1 {
            return None;
        }
        let class = FailureClass::OutOfMemory;
        let mut killed: Vec<&PodFacts> = facts.pods.values().filter(|pod| is_killed(pod)).collect();
        if killed.len() <= self.rules.budgets.get(class) as usize {
            return None;
        }
        killed.sort_by_key(|pod| pod.age());
        let last = killed.last()?;
        let job = self.layout.jobs.iter().find(|job| job.name == last.job)?;
        let replica = job.replicas.get(last.index?)?.clone();
        let reason = format!("{replica}: {REASON}");
        let first = FirstFailure { replica, attempt, class, exit: None, reason: REASON.to_owned() };
        Some(Verdict { outcome: Outcome::Failed, attempt, first_failure: Some(first), reason })
    }
}

/// The pod was killed for its memory, and its agent has left no verdict.
fn is_killed(pod: &PodFacts) -> bool {
    pod.ended.as_ref().is_some_and(|end| {
        let judged = end.message.as_ref().is_some_and(|message| message.verdict.is_some());
        end.is_killed_for_memory() && !judged
    })
}
