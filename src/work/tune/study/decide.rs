//! What happens next in a study. Pure: the journal's state and facts about the runs in, actions out.
//! Whoever carries an action out writes it down first, so that a successor decides by the same state.

use std::collections::BTreeMap;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;

use super::front::{front, progress};
use super::state::StudyState;
use super::trial::{StopReason, Trial, TrialEnd, TrialState};
use crate::event::RunState;
use crate::gang::FailureClass;
use crate::spec::{Goal, Metric, Stopping};
use crate::text::number;

/// So many trials that fail before any succeeds are enough to know that something else is wrong.
const FIRST: u32 = 3;

/// What a study allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// What is optimised.
    pub metrics: Vec<Metric>,
    /// Trials in all.
    pub max_trials: u32,
    /// Trials at once.
    pub parallel: u32,
    /// So many failures end the study; `None`: when its first trials all fail.
    pub max_failed: Option<u32>,
    /// How often a trial starts again whose run was lost with its machine.
    pub lost: u32,
    /// From the start of the study on.
    pub max_duration: Option<Duration>,
    /// For all trials together.
    pub max_cost: Option<f64>,
    /// When the study ends by what it has found.
    pub stopping: Stopping,
}

/// What is known beside the journal.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Facts {
    /// The time.
    pub now: Timestamp,
    /// The runs of trials that have not ended, as far as they were looked at.
    pub runs: BTreeMap<u32, RunFact>,
    /// Trials that the rule of early stopping has given up, each with what it has seen.
    pub given_up: BTreeMap<u32, String>,
    /// The study is to end as cancelled.
    pub is_cancelled: bool,
    /// What its trials have cost so far, where that is known.
    pub cost: Option<f64>,
    /// Every set of parameters has been tried.
    pub is_exhausted: bool,
    /// There is no room for another run just now.
    pub is_full: bool,
}

/// What is known of a trial's run.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RunFact {
    /// There is none of this id.
    Missing,
    /// None of its commands has been heard of. Of a run whose submission was interrupted that may never
    /// change, and is told as an end then.
    Starting,
    /// It goes on.
    Living,
    /// It is over, and nothing of it is left.
    Ended(RunEnd),
}

/// How a run is over, and what its trial has reported.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RunEnd {
    /// The run's state.
    pub state: RunState,
    /// The class of its failure.
    pub class: Option<FailureClass>,
    /// Why it ended so.
    pub reason: String,
    /// The values that count.
    pub values: IndexMap<String, f64>,
    /// The step of the first metric's.
    pub step: Option<u64>,
    /// Metrics whose last value is no finite number.
    pub diverged: Vec<String>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// Its run is there: a predecessor was interrupted behind its submission.
    Confirm(u32),
    /// Its run is none; another one takes its place.
    Again(u32, String),
    /// Make its run.
    Submit(u32),
    /// End its run.
    Stop(u32, StopReason),
    /// It is over.
    End(u32, TrialEnd),
    /// Choose parameters for so many more trials.
    Suggest(u32),
    /// The study is over: whether it has a result, and why.
    Finish(bool, String),
}

/// Why no more trials start.
#[derive(Debug)]
enum Over {
    /// Nothing that it has found counts any more.
    Bad { cancelled: bool, reason: String },
    /// It has what it wanted, or all that it may have: what runs is ended.
    Enough(String),
    /// What runs may go on to its end, and may change that.
    Waning(String),
}

/// What is to be done next, in this order. Empty: wait until something happens.
pub(super) fn decide(study: &StudyState, rules: &Rules, facts: &Facts) -> Vec<Action> {
    if study.finished.is_some() {
        return Vec::new();
    }
    let ends: Vec<Action> =
        study.active().filter_map(|trial| looked_at(trial, rules, facts)).collect();
    if !ends.is_empty() {
        return ends;
    }
    let over = over(study, rules, facts);
    let active: Vec<&Trial> = study.active().collect();
    let waiting: Vec<&Trial> =
        study.trials.iter().filter(|trial| trial.state == TrialState::Waiting).collect();
    let (reason, stop) = match &over {
        Some(Over::Bad { reason, .. }) => {
            (reason, Some(StopReason::StudyCancelled(reason.clone())))
        }
        Some(Over::Enough(reason)) => (reason, Some(StopReason::StudyOver(reason.clone()))),
        Some(Over::Waning(reason)) => (reason, None),
        None => return going_on(study, rules, facts, &active, &waiting),
    };
    let mut actions: Vec<Action> = waiting
        .iter()
        .map(|trial| Action::End(trial.trial, ended(TrialState::Cancelled, reason)))
        .collect();
    if let Some(stop) = stop {
        let running = active.iter().filter(|trial| trial.stopping.is_none());
        actions.extend(running.map(|trial| Action::Stop(trial.trial, stop.clone())));
    } else {
        actions.extend(given_up(&active, facts));
    }
    if actions.is_empty() && active.is_empty() {
        let has_result = !front(study, &rules.metrics).is_empty();
        let (succeeded, reason) = match over {
            Some(Over::Bad { cancelled, reason }) => (cancelled && has_result, reason),
            _ if has_result => (true, reason.to_owned()),
            _ => (false, format!("{reason}, and none of its trials has a result")),
        };
        actions.push(Action::Finish(succeeded, reason));
    }
    actions
}

/// The study goes on: bad trials are given up, and places are filled.
fn going_on(
    study: &StudyState,
    rules: &Rules,
    facts: &Facts,
    active: &[&Trial],
    waiting: &[&Trial],
) -> Vec<Action> {
    let mut actions = given_up(active, facts);
    let free = (rules.parallel as usize).saturating_sub(active.len());
    if facts.is_full {
        return actions;
    }
    let next: Vec<Action> =
        waiting.iter().take(free).map(|trial| Action::Submit(trial.trial)).collect();
    let left = (rules.max_trials as usize).saturating_sub(tried(study));
    let more = free.saturating_sub(waiting.len()).min(left);
    if next.is_empty() && more > 0 && !facts.is_exhausted {
        actions.push(Action::Suggest(u32::try_from(more).unwrap_or(u32::MAX)));
    }
    actions.extend(next);
    actions
}

fn given_up(active: &[&Trial], facts: &Facts) -> Vec<Action> {
    let running = active.iter().filter(|trial| trial.is_submitted && trial.stopping.is_none());
    running
        .filter_map(|trial| {
            let reason = facts.given_up.get(&trial.trial)?;
            Some(Action::Stop(trial.trial, StopReason::Rule(reason.clone())))
        })
        .collect()
}

/// What follows from the look at a trial's run.
fn looked_at(trial: &Trial, rules: &Rules, facts: &Facts) -> Option<Action> {
    let number = trial.trial;
    match facts.runs.get(&number)? {
        RunFact::Missing if !trial.is_submitted => {
            Some(Action::Again(number, "its submission was interrupted".into()))
        }
        RunFact::Missing => {
            Some(Action::End(number, ended(TrialState::Failed, "its run is gone from the state")))
        }
        RunFact::Living if !trial.is_submitted => Some(Action::Confirm(number)),
        RunFact::Starting | RunFact::Living => None,
        RunFact::Ended(end) => {
            let never_ran = !trial.is_submitted && end.state == RunState::CouldNotStart;
            let is_lost =
                matches!(end.class, Some(FailureClass::Infrastructure | FailureClass::Preemption))
                    && trial.lost_runs.len() < rules.lost as usize;
            if (never_ran || is_lost) && trial.stopping.is_none() {
                return Some(Action::Again(number, end.reason.clone()));
            }
            Some(Action::End(number, trial_end(trial, end, &rules.metrics)))
        }
    }
}

fn ended(state: TrialState, reason: &str) -> TrialEnd {
    TrialEnd { state, values: IndexMap::new(), step: None, reason: reason.to_owned() }
}

/// How a trial has ended, by the end of its run.
fn trial_end(trial: &Trial, run: &RunEnd, metrics: &[Metric]) -> TrialEnd {
    let missing: Vec<&str> = metrics
        .iter()
        .map(|metric| metric.name.as_str())
        .filter(|name| !run.values.contains_key(*name))
        .collect();
    let is_whole = missing.is_empty();
    let is_diverged = missing.iter().any(|name| run.diverged.iter().any(|other| other == name));
    let missing = crate::text::list_of(&missing, "and");
    let (state, reason) = match (run.state, &trial.stopping) {
        (RunState::Succeeded, _) if is_whole => (TrialState::Succeeded, String::new()),
        (RunState::Succeeded, _) if is_diverged => {
            (TrialState::Infeasible, format!("its last {missing} was no finite number"))
        }
        (RunState::Succeeded, _) => (
            TrialState::Infeasible,
            format!("it ended with exit code 0 and had reported no {missing}"),
        ),
        (RunState::Cancelled, Some(StopReason::StudyCancelled(reason))) => {
            (TrialState::Cancelled, reason.clone())
        }
        (RunState::Cancelled, Some(reason)) if is_whole => {
            (TrialState::Stopped, reason.text().to_owned())
        }
        (RunState::Cancelled, Some(reason @ StopReason::Rule(_))) => {
            (TrialState::Infeasible, format!("{}; it had reported no {missing}", reason.text()))
        }
        // That somebody ends a trial says nothing of its parameters.
        (RunState::Cancelled, Some(reason)) => {
            (TrialState::Cancelled, format!("{}; it had reported no {missing}", reason.text()))
        }
        (RunState::Cancelled, None) if is_whole => (TrialState::Stopped, run.reason.clone()),
        (RunState::Cancelled, None) => (TrialState::Cancelled, run.reason.clone()),
        // It was to end before any of its commands ran.
        (RunState::CouldNotStart, Some(reason)) if !trial.is_submitted => {
            (TrialState::Cancelled, reason.text().to_owned())
        }
        _ => (TrialState::Failed, run.reason.clone()),
    };
    TrialEnd { state, values: run.values.clone(), step: run.step, reason }
}

/// Whether the study is over, but for what still runs.
fn over(study: &StudyState, rules: &Rules, facts: &Facts) -> Option<Over> {
    if facts.is_cancelled {
        return Some(Over::Bad { cancelled: true, reason: "it was cancelled".into() });
    }
    let bad = |reason: String| Some(Over::Bad { cancelled: false, reason });
    let failed = study.count(TrialState::is_failure);
    let last_reason = || {
        let failed = study.trials.iter().filter(|trial| trial.state.is_failure());
        let last = failed.max_by_key(|trial| trial.ended).and_then(|trial| trial.end.as_ref());
        last.map(|end| end.reason.clone()).unwrap_or_default()
    };
    match rules.max_failed.filter(|most| *most > 0) {
        Some(most) if failed >= most as usize => {
            let reason = last_reason();
            return bad(format!("{failed} trials have failed, the last one because: {reason}"));
        }
        None => {
            let first = FIRST.max(rules.parallel).min(rules.max_trials) as usize;
            if failed >= first && study.count(TrialState::counts) == 0 {
                let reason = last_reason();
                return bad(format!(
                    "all of the first {failed} trials have failed, the last one because: {reason}"
                ));
            }
        }
        Some(_) => {}
    }
    let since =
        |from: Timestamp| Duration::try_from(facts.now.duration_since(from)).unwrap_or_default();
    let age = study.began.map(since).unwrap_or_default();
    if let Some(most) = rules.max_duration.filter(|most| age >= *most) {
        return Some(Over::Enough(format!("its time is over ({} s)", most.as_secs())));
    }
    if let (Some(most), Some(cost)) = (rules.max_cost, facts.cost)
        && cost >= most
    {
        return Some(Over::Enough(format!(
            "it has cost {}, and may cost {}",
            number(cost),
            number(most)
        )));
    }
    by_progress(study, rules, age, &since).or_else(|| all_tried(study, rules, facts))
}

/// The target was reached, or nothing becomes better any more.
fn by_progress(
    study: &StudyState,
    rules: &Rules,
    age: Duration,
    since: &dyn Fn(Timestamp) -> Duration,
) -> Option<Over> {
    let Stopping { no_progress, target, min_trials, min_duration } = &rules.stopping;
    let ended = study.count(TrialState::is_ended);
    if min_trials.is_some_and(|least| ended < least as usize)
        || min_duration.as_ref().is_some_and(|least| age < least.0)
    {
        return None;
    }
    if let (Some(target), [metric], [best, ..]) =
        (target, &rules.metrics[..], &front(study, &rules.metrics)[..])
    {
        let value = best.end.as_ref().and_then(|end| end.values.get(&metric.name)).copied();
        let is_reached = |value: f64| match metric.goal {
            Goal::Maximize => value >= *target,
            Goal::Minimize => value <= *target,
        };
        if let Some(value) = value.filter(|value| is_reached(*value)) {
            return Some(Over::Enough(format!(
                "trial {} has reached the target: {} {}",
                best.trial,
                metric.name,
                number(value)
            )));
        }
    }
    let no_progress = no_progress.as_ref()?;
    let steps = progress(study, &rules.metrics);
    let last = steps.iter().rposition(|(_, is_step)| *is_step)?;
    let (best, _) = steps[last];
    let after = steps.len() - 1 - last;
    let long = no_progress.duration().zip(best.ended).filter(|(most, at)| since(*at) >= most.0);
    if no_progress.trials().is_some_and(|most| after >= most as usize) {
        return Some(Over::Waning(format!(
            "{after} trials have ended since the best one, trial {}",
            best.trial
        )));
    }
    long.map(|(most, _)| Over::Waning(format!("nothing was better for {} s", most.0.as_secs())))
}

/// Trials that count among those that the study may have: one that was cancelled with the study is made
/// up for when that goes on.
fn tried(study: &StudyState) -> usize {
    study.count(|state| state != TrialState::Cancelled)
}

fn all_tried(study: &StudyState, rules: &Rules, facts: &Facts) -> Option<Over> {
    let trials = tried(study);
    let is_any_waiting = study.trials.iter().any(|trial| trial.state == TrialState::Waiting);
    if is_any_waiting {
        return None;
    }
    if trials >= rules.max_trials as usize {
        return Some(Over::Waning(format!("all {trials} trials were made")));
    }
    let reason = || format!("all {trials} combinations of its parameters were tried");
    facts.is_exhausted.then(|| Over::Waning(reason()))
}
