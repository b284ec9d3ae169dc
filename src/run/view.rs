//! A run as it is seen from outside: what all its events, taken in one after the other, make of it.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;

use super::attempt::{AttemptView, Spending, spendings};
use super::replica::{ReplicaState, ReplicaView};
use super::wait::Wait;
use crate::event::RunState;
use crate::event::{Event, EventKind, WaitingReason};
use crate::gang::{Attempt, ReplicaId, RunId, TerminationMessage, Verdict};
use crate::plan::Plan;

/// A run as its events describe it: what `status` shows and `status -o json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    /// Id of the run, `<name>-<6 characters>`.
    pub run: RunId,
    /// The state after the last event.
    pub state: RunState,
    /// Where it runs: `local`, or `<context>/<namespace>`; empty before its first event is read.
    pub runtime: String,
    /// The current attempt; 0 before the first.
    pub attempt: Attempt,
    /// When it was submitted.
    pub submitted: Option<Timestamp>,
    /// When its first attempt started.
    pub started: Option<Timestamp>,
    /// When it ended; absent while it lives.
    pub ended: Option<Timestamp>,
    /// What keeps the whole run from starting, in the cluster's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Wait>,
    /// Replicas that have not joined yet, while the gang gathers.
    pub missing: Vec<ReplicaId>,
    /// Its replicas in rank order.
    #[serde(serialize_with = "values")]
    pub replicas: IndexMap<ReplicaId, ReplicaView>,
    /// All attempts that have started or failed, oldest first.
    pub attempts: Vec<AttemptView>,
    /// Restarts charged and allowed, by class.
    pub retries: Vec<Spending>,
    /// Sentences that a person should know.
    pub warnings: Vec<String>,
    /// How it ended; absent while it lives.
    pub verdict: Option<Verdict>,
    /// Where the verdict comes from, when it wasn't the gang's own.
    pub inferred: Option<String>,
    /// mlctl could not submit it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unsubmitted: bool,
    /// Its replicas are tasks, each with attempts and an end of its own.
    #[serde(skip)]
    pub(super) tasks: bool,
}

fn values<S: serde::Serializer>(
    map: &IndexMap<ReplicaId, ReplicaView>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(map.values())
}

impl RunView {
    /// A run of which only its plan is known.
    pub fn new(run: &RunId, plan: Option<&Plan>) -> Self {
        let mut view = Self {
            run: run.clone(),
            state: RunState::default(),
            runtime: String::new(),
            attempt: 0,
            submitted: None,
            started: None,
            ended: None,
            waiting: None,
            missing: Vec::new(),
            replicas: IndexMap::new(),
            attempts: Vec::new(),
            retries: Vec::new(),
            warnings: Vec::new(),
            verdict: None,
            inferred: None,
            unsubmitted: false,
            tasks: false,
        };
        if let Some(plan) = plan {
            view.tasks = plan.is_tasks();
            let replicas = plan.gang().replicas().map(|(_, id)| (id.clone(), ReplicaView::new(id)));
            view.replicas = replicas.collect();
            view.retries = spendings(&plan.gang().rules.budgets);
        }
        view
    }

    /// A run with all its events.
    pub fn of(run: &RunId, plan: Option<&Plan>, events: &[Event]) -> Self {
        let mut view = Self::new(run, plan);
        for event in events {
            view.fold(event);
        }
        view
    }

    /// Takes one more event in.
    pub fn fold(&mut self, event: &Event) {
        if self.state.is_ended() {
            return;
        }
        self.state = self.state.after(event);
        self.attempt = self.attempt.max(event.attempt);
        // The event of a first failure may name the replica that reported it, which need not be the
        // one that failed: `ReplicaView` ignores it.
        if let Some(id) = &event.replica {
            let replica =
                self.replicas.entry(id.clone()).or_insert_with(|| ReplicaView::new(id.clone()));
            replica.fold(event);
        }
        match &event.kind {
            EventKind::Submitted { runtime } => {
                self.runtime.clone_from(runtime);
                self.submitted = Some(event.time);
                self.missing = self.replicas.keys().cloned().collect();
            }
            EventKind::Waiting { reason, message } if event.replica.is_none() => {
                self.waiting = Some(Wait::new(reason, message));
            }
            // That one pod was placed ends the wait, unless the cluster refuses to create pods at
            // all: then it says nothing about the others.
            EventKind::Placed { .. } => {
                self.waiting =
                    self.waiting.take().filter(|wait| wait.reason == WaitingReason::FailedCreate);
            }
            EventKind::Joined { .. } if self.tasks => self.arrived(event.replica.as_ref()),
            EventKind::Joined { missing } => self.missing.clone_from(missing),
            EventKind::AttemptStarted => {
                self.waiting = None;
                self.tasks |= event.replica.is_some();
                self.arrived(event.replica.as_ref());
                self.started.get_or_insert(event.time);
                let attempt = self.attempt_mut(event.attempt, event.replica.as_ref());
                attempt.started = Some(event.time);
            }
            EventKind::FirstFailure { failure } => {
                let attempt = self.attempt_mut(failure.attempt, Some(&failure.replica));
                attempt.ended.get_or_insert(event.time);
                attempt.first_failure.get_or_insert_with(|| failure.clone());
            }
            EventKind::Retrying { class, spent, budget } => {
                match self.retries.iter_mut().find(|spending| spending.class == *class) {
                    Some(spending) => spending.spent = spending.spent.max(*spent),
                    None => self.retries.push(Spending {
                        class: *class,
                        spent: *spent,
                        budget: *budget,
                    }),
                }
                if !self.tasks {
                    self.missing = self.lost();
                }
            }
            EventKind::ReplicaLost { .. } if self.state == RunState::Restarting => {
                self.missing = self.lost();
            }
            EventKind::Adopted { failure, spent } => self.adopt(event, failure.as_ref(), spent),
            EventKind::Warning { message } => {
                let who = event.replica.as_ref();
                let text = who.map_or_else(|| message.clone(), |who| format!("{who}: {message}"));
                if !self.warnings.contains(&text) {
                    self.warnings.push(text);
                }
            }
            EventKind::TaskEnded { verdict, .. } => {
                self.arrived(event.replica.as_ref());
                self.attempt_ended(verdict, event.replica.as_ref(), event.time);
            }
            EventKind::Finished { verdict, inferred, unsubmitted } => {
                self.unsubmitted = *unsubmitted;
                self.finish(verdict, inferred.as_deref(), event.time);
            }
            _ => {}
        }
    }

    /// Its replicas are tasks, each with attempts and an end of its own.
    pub fn is_tasks(&self) -> bool {
        self.tasks
    }

    /// Every replica's command of the last attempt is known to have ended.
    pub fn has_every_exit(&self) -> bool {
        let has_exited = |replica: &ReplicaView| {
            replica.attempt == self.attempt && replica.last_exit().is_some()
        };
        self.attempt > 0 && !self.tasks && self.replicas.values().all(has_exited)
    }

    /// The primary: the first replica.
    pub fn primary(&self) -> Option<&ReplicaView> {
        self.replicas.values().next()
    }

    /// What the run is doing just now, in a few words.
    pub fn activity(&self) -> Option<String> {
        let busy = self.replicas.values().find_map(|replica| {
            replica.activity.as_ref().map(|activity| format!("{}: {activity}", replica.replica))
        });
        let usual = match self.state {
            RunState::Submitted => Some("waiting for the agents".into()),
            RunState::Pending => self
                .waiting
                .as_ref()
                .map(ToString::to_string)
                .or(busy)
                .or(Some("waiting for the cluster".into())),
            RunState::Starting | RunState::Restarting => busy
                .or_else(|| waiting_for(&self.missing))
                .or_else(|| self.waiting.as_ref().map(ToString::to_string))
                .or(Some("gathering".into())),
            RunState::Draining => Some("complete; the others may finish".into()),
            _ => busy,
        };
        let both = [self.unseen(), usual].into_iter().flatten().collect::<Vec<_>>().join("; ");
        (!both.is_empty()).then_some(both)
    }

    /// Takes in how a command ended after the run had.
    pub(super) fn take_in_end(&mut self, message: &TerminationMessage) {
        let Some(time) = self.ended else { return };
        let (attempt, replica) = (message.epoch.1, self.replicas.get_mut(&message.replica));
        if let (Some(replica), Some(exit)) = (replica, &message.exit)
            && replica.attempt == attempt
            && replica.last_exit().is_none()
        {
            replica.exited(attempt, time, exit);
        }
    }

    fn lost(&self) -> Vec<ReplicaId> {
        let lost = self.replicas.values().filter(|replica| replica.state == ReplicaState::Lost);
        lost.map(|replica| replica.replica.clone()).collect()
    }

    /// Nobody waits for this task any more; without a name, for nobody of the gang.
    fn arrived(&mut self, replica: Option<&ReplicaId>) {
        match replica {
            Some(replica) => self.missing.retain(|other| other != replica),
            None => self.missing.clear(),
        }
    }

    fn finish(&mut self, verdict: &Verdict, inferred: Option<&str>, time: Timestamp) {
        self.ended = Some(time);
        self.attempt = self.attempt.max(verdict.attempt);
        self.verdict = Some(verdict.clone());
        self.inferred = inferred.map(ToOwned::to_owned);
        self.attempt_ended(verdict, None, time);
        for replica in self.replicas.values_mut() {
            replica.run_ended(time);
        }
    }
}

/// `waiting for worker-1 and worker-2`.
pub(crate) fn waiting_for(missing: &[ReplicaId]) -> Option<String> {
    (!missing.is_empty()).then(|| format!("waiting for {}", names(missing)))
}

/// `worker-1, worker-2 and 3 more`.
pub(crate) fn names(replicas: &[ReplicaId]) -> String {
    const NAMED: usize = 5;
    let text: Vec<String> = replicas.iter().take(NAMED).map(ToString::to_string).collect();
    match (replicas.len().saturating_sub(NAMED), text.split_last()) {
        (0, Some((last, []))) => last.clone(),
        (0, Some((last, rest))) => format!("{} and {last}", rest.join(", ")),
        (more, _) => format!("{} and {more} more", text.join(", ")),
    }
}
