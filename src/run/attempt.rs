//! The attempts of a run, and what restarts have cost.

use jiff::Timestamp;
use serde::Serialize;

use super::view::RunView;
use crate::event::Event;
use crate::gang::{Attempt, FailureClass, FirstFailure, PerClass, ReplicaId, Verdict};

/// One start of the whole gang, or of one task.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    /// Number of the attempt, from 1 on.
    pub attempt: Attempt,
    /// The task that started: tasks count their attempts each by itself. Absent for a gang's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica: Option<ReplicaId>,
    /// When it started; absent for what failed before the first start.
    pub started: Option<Timestamp>,
    /// When it failed, or when the run ended; absent before that.
    pub ended: Option<Timestamp>,
    /// What ended it, if it was a failure.
    pub first_failure: Option<FirstFailure>,
}

/// How many restarts one class of failures has cost, and how many it may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spending {
    /// The class of failures.
    pub class: FailureClass,
    /// Restarts charged to it; of tasks, which have budgets of their own, to the one with most.
    pub spent: u32,
    /// Restarts that it allows, to each task.
    pub budget: u32,
}

impl RunView {
    pub(super) fn adopt(
        &mut self,
        event: &Event,
        failure: Option<&FirstFailure>,
        spent: &PerClass,
    ) {
        for spending in &mut self.retries {
            spending.spent = spending.spent.max(spent.get(spending.class));
        }
        let primary = self.primary().map(|primary| primary.replica.clone());
        let Some(primary) = event.replica.clone().or(primary) else { return };
        let attempt = self.attempt_mut(event.attempt, Some(&primary));
        attempt.ended.get_or_insert(event.time);
        attempt.first_failure.get_or_insert_with(|| {
            failure.cloned().unwrap_or_else(|| FirstFailure {
                attempt: event.attempt,
                reason: format!("{primary} was lost and replaced"),
                replica: primary,
                class: FailureClass::Infrastructure,
                exit: None,
            })
        });
    }

    /// An attempt; of tasks that of the replica.
    pub(super) fn attempt_mut(
        &mut self,
        number: Attempt,
        replica: Option<&ReplicaId>,
    ) -> &mut AttemptView {
        let replica = replica.filter(|_| self.tasks);
        let is_it = |view: &AttemptView| view.attempt == number && view.replica.as_ref() == replica;
        let known = self.attempts.iter().position(is_it);
        let at = known.unwrap_or_else(|| {
            self.attempts.push(AttemptView {
                attempt: number,
                replica: replica.cloned(),
                started: None,
                ended: None,
                first_failure: None,
            });
            self.attempts.len() - 1
        });
        &mut self.attempts[at]
    }

    /// The last attempt is over: the task's, or without a task every one that is left.
    pub(super) fn attempt_ended(
        &mut self,
        verdict: &Verdict,
        task: Option<&ReplicaId>,
        time: Timestamp,
    ) {
        if let Some(failure) = &verdict.first_failure {
            let attempt = self.attempt_mut(failure.attempt, Some(&failure.replica));
            attempt.first_failure.get_or_insert_with(|| failure.clone());
        }
        let tasks = self.tasks;
        let mut last = self.attempts.iter_mut().rev();
        match task {
            Some(task) => {
                if let Some(own) = last.find(|view| view.replica.as_ref() == Some(task)) {
                    own.ended.get_or_insert(time);
                }
            }
            None => last.take(if tasks { usize::MAX } else { 1 }).for_each(|attempt| {
                attempt.ended.get_or_insert(time);
            }),
        }
    }
}

/// What each class allows, before anything has been charged.
pub(super) fn spendings(budgets: &PerClass) -> Vec<Spending> {
    let spending = |class| Spending { class, spent: 0, budget: budgets.get(class) };
    FailureClass::ALL.into_iter().map(spending).collect()
}
