//! Tasks: replicas that run to completion each by itself, and what their ends make of the run.
//!
//! Each task is a gang of one, with a session, a verdict and budgets of its own: nothing that happens
//! to one of them ends or restarts another. The run is decided here, from the ends alone:
//!
//! - It has **succeeded** as soon as one task has: a worker exits with 0 only when the whole job is
//!   complete, whoever did the work. How the others end does not matter any more.
//! - Before that nothing is decided until **all** have ended: a worker that is left takes over what
//!   the others have not done.
//! - When all have ended without a success, it was **cancelled** if one of them was, since somebody
//!   asked for that; else it has **timed out** if one of them has, since that one might have gone on;
//!   else it has **failed** if one of them has, or none was heard of. It **could not start** only when
//!   no task could.
//! - The failure that is told is the one that explains most: going over the limit of failed rows, then
//!   what the work itself did, then what became of machines and agents; of several the earliest.

use super::{
    Exit, ExitStatus, FailureClass, FirstFailure, GangConfig, Outcome, ReplicaId, Verdict,
};

/// The exit code of a worker whose job has more failed rows than it may have. It is never retried: the
/// rows would fail again.
pub const OVER_FAILURE_LIMIT: i32 = 21;

/// How one task has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskEnd {
    /// Whose end it is.
    pub replica: ReplicaId,
    /// The verdict of its gang of one.
    pub verdict: Verdict,
}

/// The end of a run of `count` tasks, by the `ends` that are known, in the order in which they
/// happened, one for each task at most. `None` while the tasks that are left may still succeed.
pub fn decide_tasks(count: usize, ends: &[TaskEnd]) -> Option<Verdict> {
    let is = |outcome| ends.iter().find(move |end: &&TaskEnd| end.verdict.outcome == outcome);
    if let Some(TaskEnd { replica, verdict }) = is(Outcome::Succeeded) {
        let reason = format!("{replica} ended with exit code 0: all work is done");
        return Some(Verdict { reason, first_failure: None, ..verdict.clone() });
    }
    if ends.len() < count {
        return None;
    }
    let attempt = ends.iter().map(|end| end.verdict.attempt).max().unwrap_or(0);
    let failures = ends.iter().filter_map(|end| end.verdict.first_failure.as_ref());
    let first = failures.min_by_key(|failure| remoteness(failure)).cloned();
    let told = [Outcome::Cancelled, Outcome::TimedOut].into_iter().find_map(is);
    let (outcome, reason) = match (told, &first) {
        (Some(TaskEnd { verdict, .. }), _) => (verdict.outcome, verdict.reason.clone()),
        // The verdict with that failure says in whole why it was not retried.
        (None, Some(failure)) => {
            let its = ends.iter().find(|end| end.verdict.first_failure.as_ref() == Some(failure));
            let reason = its.map_or(&failure.reason, |end| &end.verdict.reason);
            (outcome_of(ends), reason.clone())
        }
        (None, None) => {
            let said = ends.first().map(|end| end.verdict.reason.clone());
            (outcome_of(ends), said.unwrap_or_else(|| "no task has told how it ended".into()))
        }
    };
    Some(Verdict { outcome, attempt, first_failure: first, reason })
}

/// The end of tasks that were neither cancelled nor timed out.
fn outcome_of(ends: &[TaskEnd]) -> Outcome {
    let none_started = ends.iter().all(|end| end.verdict.outcome == Outcome::CouldNotStart);
    if none_started && !ends.is_empty() { Outcome::CouldNotStart } else { Outcome::Failed }
}

/// How far a failure is from the work itself: the nearest explains most.
fn remoteness(failure: &FirstFailure) -> u8 {
    let status = failure.exit.as_ref().map(|exit| exit.status);
    match failure.class {
        _ if status == Some(ExitStatus::Code(OVER_FAILURE_LIMIT)) => 0,
        FailureClass::UserError
        | FailureClass::OutOfMemory
        | FailureClass::TransientSignal
        | FailureClass::Startup => 1,
        FailureClass::Infrastructure | FailureClass::Preemption => 2,
    }
}

impl GangConfig {
    /// The rules of one of this run's tasks: a gang of one, with the run's limits and budgets.
    #[must_use]
    pub fn alone(&self, replica: &ReplicaId) -> Self {
        let members = self.members.iter().filter(|member| member.replica == *replica);
        Self {
            members: members.cloned().collect(),
            final_codes: vec![OVER_FAILURE_LIMIT],
            ..self.clone()
        }
    }

    /// A command that ended like this would end the same again.
    pub(super) fn is_final(&self, exit: Option<&Exit>) -> bool {
        let status = exit.map(|exit| exit.status);
        matches!(status, Some(ExitStatus::Code(code)) if self.final_codes.contains(&code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(index: u32, outcome: Outcome, failure: Option<(FailureClass, Option<i32>)>) -> TaskEnd {
        let replica = ReplicaId::new("worker", index);
        let first_failure = failure.map(|(class, code)| FirstFailure {
            attempt: 1,
            replica: replica.clone(),
            class,
            exit: code.map(|code| Exit {
                status: ExitStatus::Code(code),
                class: Some(class),
                peer_loss: false,
                killed_by_gang: false,
                reason: format!("exit code {code}"),
                last_lines: Vec::new(),
            }),
            reason: format!("{replica} failed"),
        });
        let reason = format!("{replica}: {}", outcome.as_str());
        TaskEnd { replica, verdict: Verdict { outcome, attempt: 1, first_failure, reason } }
    }

    fn lost(index: u32) -> TaskEnd {
        end(index, Outcome::Failed, Some((FailureClass::Infrastructure, None)))
    }

    fn failed(index: u32, code: i32) -> TaskEnd {
        end(index, Outcome::Failed, Some((FailureClass::UserError, Some(code))))
    }

    fn blamed(ends: &[TaskEnd]) -> String {
        let verdict = decide_tasks(ends.len(), ends).unwrap();
        assert_eq!(verdict.outcome, Outcome::Failed);
        verdict.first_failure.unwrap().replica.to_string()
    }

    #[test]
    fn the_failure_that_explains_most_is_told_and_of_several_the_earliest() {
        assert_eq!(blamed(&[lost(0), failed(1, 1), failed(2, 2)]), "worker-1");
        assert_eq!(blamed(&[failed(2, 2), failed(1, 1), lost(0)]), "worker-2");
        assert_eq!(blamed(&[failed(0, 1), lost(1), failed(2, OVER_FAILURE_LIMIT)]), "worker-2");
        assert_eq!(blamed(&[lost(1), lost(0)]), "worker-1");
    }

    /// All sequences of ends of up to three tasks, each ending once, in any order.
    fn sequences() -> Vec<(usize, Vec<TaskEnd>)> {
        let outcomes = [
            Outcome::Succeeded,
            Outcome::Failed,
            Outcome::Cancelled,
            Outcome::TimedOut,
            Outcome::CouldNotStart,
        ];
        let mut all: Vec<(usize, Vec<TaskEnd>)> = (1..=3).map(|count| (count, vec![])).collect();
        let mut next = 0;
        while let Some((count, ends)) = all.get(next).cloned() {
            next += 1;
            for index in 0..u32::try_from(count).unwrap() {
                if ends.iter().any(|end| end.replica.index == index) {
                    continue;
                }
                for outcome in outcomes {
                    let mut longer = ends.clone();
                    longer.push(end(index, outcome, None));
                    all.push((count, longer));
                }
            }
        }
        all
    }

    #[test]
    fn every_sequence_of_ends_is_decided_by_the_rules() {
        let all = sequences();
        assert!(all.len() > 900, "{}", all.len());
        for (count, ends) in all {
            let has = |outcome| ends.iter().any(|end| end.verdict.outcome == outcome);
            let wanted = match () {
                () if has(Outcome::Succeeded) => Some(Outcome::Succeeded),
                () if ends.len() < count => None,
                () if has(Outcome::Cancelled) => Some(Outcome::Cancelled),
                () if has(Outcome::TimedOut) => Some(Outcome::TimedOut),
                () if has(Outcome::Failed) => Some(Outcome::Failed),
                () => Some(Outcome::CouldNotStart),
            };
            let verdict = decide_tasks(count, &ends);
            assert_eq!(verdict.as_ref().map(|verdict| verdict.outcome), wanted, "{ends:?}");
            // What is decided once is never taken back by what comes later.
            for known in 0..ends.len() {
                if let Some(before) = decide_tasks(count, &ends[..known]) {
                    assert_eq!(Some(before), verdict, "{ends:?}");
                }
            }
        }
    }
}
