//! What the ends of tasks, one for each index, make of their run.

use jiff::Timestamp;

use crate::event::{Event, EventKind};
use crate::gang::{Outcome, ReplicaId, TaskEnd, Verdict, decide_tasks, verdict_that_counts};
use crate::plan::ClusterLayout;
use crate::runtime::kubernetes::follow::watch::{JobEnd, PodFacts, RunFacts};

/// The end of a run of tasks, as soon as their ends decide it: those in new events of their logs, and
/// those that their pods have left.
pub(crate) fn decide(layout: &ClusterLayout, facts: &RunFacts, news: &[Event]) -> Option<Verdict> {
    let count = layout.jobs.iter().map(|job| job.replicas.len()).sum();
    decide_tasks(count, &ends(layout, facts, news))
}

/// The same once their Job is decided and no pod will tell more: by the ends that are known. `None`
/// when they don't explain how the Job ended.
pub(super) fn decided_by_all(
    layout: &ClusterLayout,
    facts: &RunFacts,
    job: &JobEnd,
) -> Option<Verdict> {
    let ends = ends(layout, facts, &[]);
    let verdict = (!ends.is_empty()).then(|| decide_tasks(ends.len(), &ends)).flatten()?;
    let has_succeeded = verdict.outcome == Outcome::Succeeded;
    // The one that succeeded may be unheard of, and a deadline ends those that had not ended.
    let explains = has_succeeded || !job.succeeded && !job.is_deadline();
    explains.then_some(verdict)
}

/// The tasks that have ended, the earliest first.
fn ends(layout: &ClusterLayout, facts: &RunFacts, news: &[Event]) -> Vec<TaskEnd> {
    let replicas = layout.jobs.iter().flat_map(|job| &job.replicas);
    let mut ends: Vec<(Option<Timestamp>, TaskEnd)> = replicas
        .filter_map(|replica| {
            let (at, verdict) =
                in_news(news, replica).or_else(|| left_behind(layout, facts, replica))?;
            Some((at, TaskEnd { replica: replica.clone(), verdict }))
        })
        .collect();
    ends.sort_by_key(|(at, _)| *at);
    ends.into_iter().map(|(_, end)| end).collect()
}

fn in_news(news: &[Event], replica: &ReplicaId) -> Option<(Option<Timestamp>, Verdict)> {
    news.iter().find_map(|event| match &event.kind {
        EventKind::TaskEnded { verdict, .. } if event.replica.as_ref() == Some(replica) => {
            Some((Some(event.time), verdict.clone()))
        }
        _ => None,
    })
}

/// The verdict in the termination messages of a task's pods. A pod that was lost has left none, and
/// is replaced.
fn left_behind(
    layout: &ClusterLayout,
    facts: &RunFacts,
    replica: &ReplicaId,
) -> Option<(Option<Timestamp>, Verdict)> {
    let pods: Vec<&PodFacts> = facts.pods_of(layout, replica);
    let ended = pods.iter().filter_map(|pod| pod.ended.as_ref());
    let verdict = verdict_that_counts(ended.clone().filter_map(|end| end.message.as_ref()))?;
    let at = ended.filter_map(|end| end.at).max();
    Some((at, verdict.clone()))
}
