//! A study as it is shown and printed: what the journal tells, with what trials that run have reported.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;

use super::curve::Reported;
use super::document::StudyDocument;
use super::front::front;
use super::make::recorded;
use super::rules::max_trials;
use super::state::StudyState;
use super::trial::{Point, Trial, TrialState};
use crate::gang::RunId;
use crate::spec::{Metric, Word};
use crate::store::{JournalReader, Store};

/// A study with its trials: what `mlctl tune trials -o json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StudyReport {
    /// Format of this document.
    pub schema_version: u32,
    /// The study.
    pub study: RunId,
    /// The spec's name.
    pub name: String,
    /// The run whose command is or was its newest loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// What is optimised.
    pub metrics: Vec<Metric>,
    /// The names of the parameters, in the order of the spec.
    pub parameters: Vec<String>,
    /// Trials that it may have in all.
    pub max_trials: u32,
    /// Trials that run at once.
    pub parallel_trials: u32,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began: Option<Timestamp>,
    /// When it was over; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Why it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The numbers of the best trials: one, or those of the Pareto front.
    pub best: Vec<u32>,
    /// The trials in the order of their numbers.
    pub trials: Vec<TrialReport>,
}

/// One trial.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrialReport {
    /// Its number, from 1 on.
    pub trial: u32,
    /// What it is doing, or how it ended.
    pub state: TrialState,
    /// Its parameters; those that don't count in it are left out.
    pub params: IndexMap<String, Word>,
    /// How they were found.
    pub found: String,
    /// The values that count, or while it runs the last ones.
    pub values: IndexMap<String, f64>,
    /// The step of the first metric's value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// What to know of its end, or of why it is being ended.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Its run; absent before it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Runs before it that were refused or lost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost_runs: Vec<RunId>,
    /// When its run was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// What it has reported on the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub curve: Vec<Point>,
}

/// The curves of trials that run, read on and on.
#[derive(Debug, Default)]
pub struct LiveCurves(BTreeMap<RunId, (JournalReader, Reported)>);

impl LiveCurves {
    /// Reads what trials have reported since the last call, as far as the state knows it. A run that
    /// can't be read has reported nothing.
    pub fn read(&mut self, store: &Store, document: &StudyDocument, state: &StudyState) {
        let names = recorded(&document.spec);
        let active: Vec<RunId> = state.active().filter_map(|trial| trial.run.clone()).collect();
        self.0.retain(|run, _| active.contains(run));
        for run in active {
            let paths = store.paths(&run);
            let (Ok(record), Ok(plan)) = (store.record(&run), paths.read_plan()) else { continue };
            let (journal, reported) = self.0.entry(run).or_default();
            let Ok((events, _)) = journal.read(&paths.events(), &record) else { continue };
            for event in &events {
                reported.fold(event, plan.gang().primary(), &names);
            }
        }
    }
}

impl StudyReport {
    /// The report of a study.
    pub fn of(document: &StudyDocument, state: &StudyState, live: &LiveCurves) -> Self {
        let spec = &document.spec;
        let best = front(state, &spec.metrics).iter().map(|trial| trial.trial).collect();
        Self {
            schema_version: 1,
            study: document.study.clone(),
            name: spec.name.clone(),
            run: state.sessions.last().cloned(),
            metrics: spec.metrics.clone(),
            parameters: spec.parameters.keys().cloned().collect(),
            max_trials: max_trials(document, state),
            parallel_trials: spec.parallel(),
            began: state.began,
            ended: state.ended,
            reason: state.finished.as_ref().map(|(_, reason)| reason.clone()),
            best,
            trials: state
                .trials
                .iter()
                .map(|trial| TrialReport::of(trial, document, live))
                .collect(),
        }
    }

    /// How many of its trials are over; those that were cancelled with the study are made up for when it
    /// goes on.
    pub fn ended(&self) -> usize {
        let counts = |state: TrialState| state.is_ended() && state != TrialState::Cancelled;
        self.trials.iter().filter(|trial| counts(trial.state)).count()
    }

    /// A trial by its number.
    pub fn trial(&self, number: u32) -> Option<&TrialReport> {
        self.trials.iter().find(|trial| trial.trial == number)
    }

    /// The same without the curves, which make it long.
    #[must_use]
    pub fn without_curves(mut self) -> Self {
        self.trials.iter_mut().for_each(|trial| trial.curve.clear());
        self
    }
}

impl TrialReport {
    fn of(trial: &Trial, document: &StudyDocument, live: &LiveCurves) -> Self {
        let reported = trial.run.as_ref().and_then(|run| live.0.get(run)).map(|(_, live)| live);
        let spec = &document.spec;
        let also = spec.collect.with().also;
        let so_far = reported.map(|live| live.measured(&spec.metrics, &also, spec.measurement));
        let stopping = trial.stopping.as_ref().map(|reason| reason.text().to_owned());
        let (values, step, reason) = if let Some(end) = &trial.end {
            (end.values.clone(), end.step, end.reason.clone())
        } else {
            let (values, step) = so_far.unwrap_or_default();
            (values, step, stopping.unwrap_or_default())
        };
        let curve = match reported {
            Some(live) if trial.end.is_none() => live.points.clone(),
            _ => trial.curve.clone(),
        };
        Self {
            trial: trial.trial,
            state: trial.state,
            params: trial.params.clone(),
            found: trial.found.clone(),
            values,
            step,
            reason,
            run: trial.run.clone(),
            lost_runs: trial.lost_runs.clone(),
            started: trial.started,
            ended: trial.ended,
            curve,
        }
    }

    /// The values of the study's metrics as people read them: `val_accuracy 0.97`.
    pub fn values_text(&self, metrics: &[Metric]) -> String {
        let value = |metric: &Metric| {
            let value = crate::text::number(*self.values.get(&metric.name)?);
            Some(format!("{} {value}", metric.name))
        };
        metrics.iter().filter_map(value).collect::<Vec<_>>().join(", ")
    }

    /// The parameters as people read them: `lr=0.001 units=64`.
    pub fn params_text(&self) -> String {
        let pairs =
            self.params.iter().map(|(name, value)| format!("{name}={}", short(value.as_str())));
        pairs.collect::<Vec<_>>().join(" ")
    }
}

/// A value with as many digits as a person compares by.
pub fn short(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(number) if value.contains(['.', 'e']) => crate::text::number(number),
        _ => value.to_owned(),
    }
}
