//! How long the replicas of a run held their machines, and what for: folded from its events.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::Timestamp;

use crate::event::{Event, EventKind};
use crate::gang::{Attempt, Outcome, ReplicaId};

/// Below this part of their power accelerators count as idle.
pub const IDLE_BELOW: f64 = 0.05;

/// What no run can do without is no waste: a machine that was held for no longer than this without an attempt,
/// while processes start and environments are found, unless all that came of it has failed.
const START: f64 = 2.0 / 60.0;

/// A stretch of time; the end is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first moment of the window.
    pub from: Timestamp,
    /// The first moment after the window.
    pub to: Timestamp,
}

/// Hours of one replica.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hours {
    /// In attempts that did not fail, or have not yet.
    pub useful: f64,
    /// In attempts that failed.
    pub failed: f64,
    /// Held without an attempt: set-up, gathering, restarting, waiting for others.
    pub waiting: f64,
    /// The same where it is short: the start of whatever has come of it.
    pub starting: f64,
    /// Of `useful`: with idle accelerators, as far as they were measured.
    pub idle: f64,
}

impl Hours {
    /// All hours that the machine was held; `idle` is a part of `useful`.
    pub fn all(&self) -> f64 {
        self.useful + self.failed + self.waiting + self.starting
    }
}

impl Window {
    /// All of time up to now.
    pub fn until(now: Timestamp) -> Self {
        Self { from: Timestamp::MIN, to: now }
    }

    fn common(self, other: Self) -> Option<Self> {
        let both = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (both.from < both.to).then_some(both)
    }

    fn hours(self) -> f64 {
        self.to.duration_since(self.from).as_secs_f64() / 3600.0
    }
}

/// What a replica's accelerators were seen to do.
type Idle = Vec<Window>;

/// The story of a run as stretches of time.
#[derive(Clone, Debug, Default)]
pub struct Stretches {
    held: Vec<Held>,
    /// The attempts of the gang or, by whose they are, of tasks.
    attempts: BTreeMap<(Option<ReplicaId>, Attempt), Run>,
    idle: IndexMap<ReplicaId, Idle>,
    /// The run has failed, or could not start.
    has_failed: bool,
}

/// A machine, held by a replica.
#[derive(Clone, Debug)]
struct Held {
    replica: ReplicaId,
    labels: BTreeMap<String, String>,
    window: Window,
}

/// Hours of a replica on one node.
#[derive(Clone, Debug)]
pub struct Use {
    /// The replica that held the node.
    pub replica: ReplicaId,
    /// Labels of the node that prices depend on, as far as they are known.
    pub labels: BTreeMap<String, String>,
    /// How long it held the node, by what happened meanwhile.
    pub hours: Hours,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    window: Window,
    open: bool,
    failed: bool,
}

impl Run {
    fn close(&mut self, at: Timestamp) {
        if std::mem::take(&mut self.open) {
            self.window.to = at;
        }
    }
}

impl Stretches {
    /// Folds the events of a run; what has not ended goes on until `now`.
    pub fn of(events: &[Event], now: Timestamp) -> Self {
        let mut all = Self::default();
        let mut since: IndexMap<ReplicaId, Held> = IndexMap::new();
        let mut measured: IndexMap<ReplicaId, Timestamp> = IndexMap::new();
        let mut end = None;
        for event in events {
            let at = event.time;
            if let Some(replica) = &event.replica {
                match &event.kind {
                    EventKind::Placed { .. } | EventKind::AgentStarted { .. } => {
                        let held = since.entry(replica.clone()).or_insert_with(|| Held {
                            replica: replica.clone(),
                            labels: BTreeMap::new(),
                            window: Window { from: at, to: now },
                        });
                        held.window.from = at.min(held.window.from);
                        if let EventKind::Placed { labels, .. } = &event.kind {
                            held.labels.clone_from(labels);
                        }
                    }
                    EventKind::ReplicaLost { .. } | EventKind::TaskEnded { .. } => {
                        all.held.extend(since.shift_remove(replica).map(|held| held.until(at)));
                        measured.shift_remove(replica);
                    }
                    EventKind::Usage { usage } => {
                        let before = measured.insert(replica.clone(), at);
                        if let (Some(from), Some(busy)) = (before, usage.accelerators)
                            && busy < IDLE_BELOW
                        {
                            let idle = all.idle.entry(replica.clone()).or_default();
                            idle.push(Window { from, to: at });
                        }
                    }
                    _ => {}
                }
            }
            match &event.kind {
                EventKind::AttemptStarted => {
                    all.close(event.replica.as_ref(), at);
                    let window = Window { from: at, to: now };
                    let key = (event.replica.clone(), event.attempt);
                    all.attempts.insert(key, Run { window, open: true, failed: false });
                }
                EventKind::FirstFailure { failure } => {
                    all.failed(failure.attempt, &failure.replica);
                }
                EventKind::Adopted { failure, .. } => {
                    let blamed = failure.as_ref().map(|failure| &failure.replica);
                    if let Some(replica) = event.replica.as_ref().or(blamed) {
                        all.failed(event.attempt, replica);
                    } else {
                        all.fail(&(None, event.attempt));
                    }
                    all.close(event.replica.as_ref(), at);
                }
                EventKind::AttemptEnded => all.close(event.replica.as_ref(), at),
                EventKind::TaskEnded { verdict, .. } => {
                    if let Some(failure) = &verdict.first_failure {
                        all.failed(failure.attempt, &failure.replica);
                    }
                    all.close(event.replica.as_ref(), at);
                }
                EventKind::Finished { verdict, .. } => {
                    if let Some(failure) = &verdict.first_failure
                        && verdict.outcome == Outcome::Failed
                    {
                        all.failed(failure.attempt, &failure.replica);
                    }
                    let outcome = verdict.outcome;
                    all.has_failed = matches!(outcome, Outcome::Failed | Outcome::CouldNotStart);
                    end = Some(at);
                    break;
                }
                _ => {}
            }
        }
        let end = end.unwrap_or(now);
        for run in all.attempts.values_mut() {
            run.close(end);
        }
        for held in since.into_values() {
            all.held.push(held.until(end));
        }
        all
    }

    /// What runs of the gang, or of a task, ends.
    fn close(&mut self, task: Option<&ReplicaId>, at: Timestamp) {
        let own = self.attempts.iter_mut().filter(|((whose, _), _)| whose.as_ref() == task);
        own.for_each(|(_, run)| run.close(at));
    }

    /// The attempt has failed: the replica's own where it is a task, else the gang's.
    fn failed(&mut self, attempt: Attempt, replica: &ReplicaId) {
        if !self.fail(&(Some(replica.clone()), attempt)) {
            self.fail(&(None, attempt));
        }
    }

    /// Marks an attempt as failed; `false` when there is none.
    fn fail(&mut self, key: &(Option<ReplicaId>, Attempt)) -> bool {
        self.attempts.get_mut(key).map(|run| run.failed = true).is_some()
    }

    /// The first and the last moment at which anything was held.
    pub fn span(&self) -> Option<Window> {
        let windows = || self.held.iter().map(|held| held.window);
        let from = windows().map(|window| window.from).min()?;
        let to = windows().map(|window| window.to).max()?;
        Some(Window { from, to })
    }

    /// The hours that lie in a window, machine by machine.
    pub fn uses(&self, window: Window) -> Vec<Use> {
        let common = |held: &Held| Some((held.clone(), held.window.common(window)?));
        self.held
            .iter()
            .filter_map(common)
            .map(|(Held { replica, labels, window: whole }, window)| {
                let (whole, mut hours) =
                    (self.hours(&replica, whole), self.hours(&replica, window));
                if whole.waiting <= START && (whole.useful > 0.0 || !self.has_failed) {
                    hours.starting = std::mem::take(&mut hours.waiting);
                }
                Use { replica, labels, hours }
            })
            .collect()
    }

    fn hours(&self, replica: &ReplicaId, held: Window) -> Hours {
        let mut hours = Hours::default();
        let mut in_attempts = 0.0;
        for ((whose, _), run) in &self.attempts {
            if whose.as_ref().is_some_and(|task| task != replica) {
                continue;
            }
            let Some(both) = held.common(run.window) else { continue };
            in_attempts += both.hours();
            if run.failed {
                hours.failed += both.hours();
                continue;
            }
            hours.useful += both.hours();
            let idle = self.idle.get(replica).into_iter().flatten();
            hours.idle += idle.filter_map(|idle| idle.common(both)).map(Window::hours).sum::<f64>();
        }
        hours.waiting = (held.hours() - in_attempts).max(0.0);
        hours
    }
}

impl Held {
    fn until(mut self, to: Timestamp) -> Self {
        self.window.to = to;
        self
    }
}
