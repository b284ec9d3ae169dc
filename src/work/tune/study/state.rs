//! A study as its journal tells of it: a fold over the lines, and nothing else.

use jiff::Timestamp;

use super::document::StudyDocument;
use super::journal::{Entry, Line};
use super::trial::{Trial, TrialState};
use crate::gang::RunId;

/// What has been decided in a study, and what has come of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudyState {
    /// What the study is, where the journal says it.
    pub document: Option<Box<StudyDocument>>,
    /// The trials in the order of their numbers: trial 1 comes first.
    pub trials: Vec<Trial>,
    /// The runs whose commands were its loop, oldest first.
    pub sessions: Vec<RunId>,
    /// How many trials there may be, where `resume` has changed it.
    pub max_trials: Option<u32>,
    /// It is over: whether it has a result, and why.
    pub finished: Option<(bool, String)>,
    /// When its first session began.
    pub began: Option<Timestamp>,
    /// When it was over.
    pub ended: Option<Timestamp>,
}

impl StudyState {
    /// A study with all its lines.
    pub fn of(lines: &[Line]) -> Self {
        let mut state = Self::default();
        for line in lines {
            state.fold(line);
        }
        state
    }

    /// Takes one more line in. Lines that speak of a trial that isn't there change nothing: they are of
    /// a journal that was tampered with.
    pub fn fold(&mut self, line: &Line) {
        let time = line.time;
        match &line.entry {
            Entry::Session { run } => {
                self.sessions.push(run.clone());
                self.began.get_or_insert(time);
                self.finished = None;
                self.ended = None;
            }
            Entry::Suggested { trial, params, found } => {
                if *trial as usize == self.trials.len() + 1 {
                    self.trials.push(Trial {
                        trial: *trial,
                        state: TrialState::Waiting,
                        params: params.clone(),
                        found: found.clone(),
                        run: None,
                        lost_runs: Vec::new(),
                        is_submitted: false,
                        stopping: None,
                        started: None,
                        ended: None,
                        end: None,
                        curve: Vec::new(),
                    });
                }
            }
            Entry::Submitting { trial, run } => self.living(*trial, |trial| {
                trial.lost_runs.extend(trial.run.take());
                trial.run = Some(run.clone());
                trial.is_submitted = false;
                trial.state = TrialState::Running;
                trial.started.get_or_insert(time);
            }),
            Entry::Submitted { trial } => self.living(*trial, |trial| trial.is_submitted = true),
            Entry::Again { trial, .. } => self.living(*trial, |trial| {
                trial.lost_runs.extend(trial.run.take());
                trial.is_submitted = false;
                trial.state = TrialState::Waiting;
            }),
            Entry::Stopping { trial, reason } => self.living(*trial, |trial| {
                // The first reason counts.
                trial.stopping.get_or_insert_with(|| reason.clone());
                trial.state = TrialState::Stopping;
            }),
            Entry::Ended { trial, end, curve } => self.living(*trial, |trial| {
                trial.state = end.state;
                trial.ended = Some(time);
                trial.end = Some(end.clone());
                trial.curve.clone_from(curve);
            }),
            // The first one counts: a study does not change.
            Entry::Begun { study } => {
                self.document.get_or_insert_with(|| study.clone());
            }
            Entry::Raised { max_trials } => self.max_trials = Some(*max_trials),
            Entry::Finished { succeeded, reason } => {
                self.finished = Some((*succeeded, reason.clone()));
                self.ended = Some(time);
            }
        }
    }

    /// A trial by its number.
    pub fn trial(&self, number: u32) -> Option<&Trial> {
        self.trials.get((number as usize).checked_sub(1)?)
    }

    /// Trials that have a run and have not ended.
    pub fn active(&self) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(|trial| trial.run.is_some() && !trial.state.is_ended())
    }

    /// How many trials are in a state.
    pub fn count(&self, is_meant: impl Fn(TrialState) -> bool) -> usize {
        self.trials.iter().filter(|trial| is_meant(trial.state)).count()
    }

    fn living(&mut self, number: u32, change: impl FnOnce(&mut Trial)) {
        let at = (number as usize).checked_sub(1);
        let trial = at.and_then(|at| self.trials.get_mut(at));
        if let Some(trial) = trial.filter(|trial| !trial.state.is_ended()) {
            change(trial);
        }
    }
}
