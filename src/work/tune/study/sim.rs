//! The decider under attack: a study over a world in which runs end as they like and the loop is killed
//! at any step. Whatever happens, each trial comes to one end, no trial's run is started beside another
//! one of it, places are kept, and the study is over at last.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use indexmap::IndexMap;
use jiff::Timestamp;

use super::decide::{Action, Facts, Rules, RunEnd, RunFact, decide};
use super::journal::{Entry, JOURNAL_VERSION, Line};
use super::state::StudyState;
use super::trial::{StopReason, TrialState};
use crate::event::RunState;
use crate::gang::FailureClass;
use crate::spec::{Goal, Metric, NoProgress, Stopping, Word};

/// A run of the world.
#[derive(Clone, Debug)]
struct Run {
    trial: u32,
    /// Its agents are up; before that it is a folder in the state alone.
    is_launched: bool,
    is_asked_to_end: bool,
    ended: Option<(RunState, Option<FailureClass>)>,
    value: Option<f64>,
}

struct World {
    rng: Rng,
    lines: Vec<Line>,
    runs: BTreeMap<String, Run>,
    clock: i64,
    /// Runs of each trial whose commands came to their own end.
    whole: BTreeMap<u32, u32>,
    /// Trials of which a run has failed.
    failed: BTreeSet<u32>,
    /// How often a trial's run was refused.
    refusals: u32,
}

/// The loop was killed.
struct Killed;

impl World {
    fn state(&self) -> StudyState {
        StudyState::of(&self.lines)
    }

    fn write(&mut self, entry: Entry) {
        self.clock += 1;
        let time = Timestamp::from_second(self.clock).unwrap();
        self.lines.push(Line { v: JOURNAL_VERSION, time, entry });
    }

    /// A moment at which a loop may be killed.
    fn step(&mut self, kills: bool) -> Result<(), Killed> {
        if kills && self.rng.u32(..40) == 0 { Err(Killed) } else { Ok(()) }
    }

    fn facts(&mut self, state: &StudyState, is_cancelled: bool) -> Facts {
        let mut runs = BTreeMap::new();
        for trial in state.active() {
            // Not every look comes through.
            if self.rng.u32(..10) == 0 {
                continue;
            }
            let Some(run) = trial.run.as_ref().map(ToString::to_string) else { continue };
            let fact = match self.runs.get(&run) {
                None => RunFact::Missing,
                Some(Run { ended: Some((state, class)), value, .. }) => RunFact::Ended(RunEnd {
                    state: *state,
                    class: *class,
                    reason: "as it was".into(),
                    values: value.map(|v| ("loss".to_owned(), v)).into_iter().collect(),
                    step: None,
                    diverged: Vec::new(),
                }),
                // What was never launched is seen to have never started, after a while.
                Some(Run { is_launched: false, .. }) if self.rng.u32(..3) > 0 => RunFact::Starting,
                Some(Run { is_launched: false, .. }) => RunFact::Ended(RunEnd {
                    state: RunState::CouldNotStart,
                    class: None,
                    reason: "nothing of the run was ever started".into(),
                    values: IndexMap::new(),
                    step: None,
                    diverged: Vec::new(),
                }),
                Some(_) => RunFact::Living,
            };
            runs.insert(trial.trial, fact);
        }
        let mut given_up = BTreeMap::new();
        for trial in state.active() {
            if self.rng.u32(..60) == 0 {
                given_up.insert(trial.trial, "it is worse than others".to_owned());
            }
        }
        Facts {
            now: Timestamp::from_second(self.clock).unwrap(),
            runs,
            given_up,
            is_cancelled,
            cost: None,
            is_exhausted: false,
            is_full: self.rng.u32(..20) == 0,
        }
    }

    /// Something happens to the runs.
    fn live(&mut self) {
        let rng = &mut self.rng;
        for run in self.runs.values_mut().filter(|run| run.is_launched && run.ended.is_none()) {
            if rng.u32(..4) > 0 {
                run.value = run.value.or_else(|| (rng.u32(..8) > 0).then(|| rng.f64()));
                continue;
            }
            let end = match rng.u32(..20) {
                _ if run.is_asked_to_end => (RunState::Cancelled, None),
                0 => (RunState::Failed, Some(FailureClass::UserError)),
                1 | 2 => (RunState::Failed, Some(FailureClass::Infrastructure)),
                3 => (RunState::Cancelled, None),
                _ => (RunState::Succeeded, None),
            };
            run.ended = Some(end);
            if end.0 == RunState::Failed {
                self.failed.insert(run.trial);
            }
            if end.0 == RunState::Succeeded {
                *self.whole.entry(run.trial).or_default() += 1;
            }
        }
    }

    fn carry_out(&mut self, action: Action, kills: bool) -> Result<(), Killed> {
        match action {
            Action::Confirm(trial) => self.write(Entry::Submitted { trial }),
            Action::Again(trial, reason) => self.write(Entry::Again { trial, reason }),
            Action::Suggest(n) => {
                for _ in 0..n {
                    let trial = self.state().trials.len() as u32 + 1;
                    let params = [("x".to_owned(), Word(trial.to_string()))].into();
                    self.write(Entry::Suggested { trial, params, found: "model".into() });
                    self.step(kills)?;
                }
            }
            Action::Submit(trial) => {
                let run = format!("sim-{}-{}", trial, self.runs.len());
                self.write(Entry::Submitting { trial, run: run.parse().unwrap() });
                self.step(kills)?;
                let new = Run {
                    trial,
                    is_launched: false,
                    is_asked_to_end: false,
                    ended: None,
                    value: None,
                };
                assert!(
                    !self
                        .runs
                        .values()
                        .any(|run| run.trial == trial && run.is_launched && run.ended.is_none()),
                    "trial {trial} runs twice"
                );
                self.runs.insert(run.clone(), new);
                self.step(kills)?;
                if self.rng.u32(..25) == 0 && self.refusals < 20 {
                    self.refusals += 1;
                    self.runs.remove(&run);
                    self.write(Entry::Again { trial, reason: "refused".into() });
                    return Ok(());
                }
                self.runs.get_mut(&run).unwrap().is_launched = true;
                self.step(kills)?;
                self.write(Entry::Submitted { trial });
            }
            Action::Stop(trial, reason) => {
                self.write(Entry::Stopping { trial, reason });
                self.step(kills)?;
                self.end_run(trial);
            }
            Action::End(trial, end) => {
                self.write(Entry::Ended { trial, end, curve: Vec::new() });
            }
            Action::Finish(succeeded, reason) => {
                self.write(Entry::Finished { succeeded, reason });
            }
        }
        self.step(kills)
    }

    fn end_run(&mut self, trial: u32) {
        let run = self.state().trial(trial).and_then(|trial| trial.run.clone());
        if let Some(run) = run.and_then(|run| self.runs.get_mut(run.as_str())) {
            run.is_asked_to_end = true;
        }
    }
}

fn simulate(seed: u64) -> (StudyState, World, Rules) {
    let mut rng = Rng::with_seed(seed);
    let rules = Rules {
        metrics: vec![Metric { name: "loss".into(), goal: Goal::Minimize }],
        max_trials: rng.u32(1..20),
        parallel: rng.u32(1..6),
        max_failed: (rng.u32(..3) == 0).then(|| rng.u32(0..5)),
        lost: rng.u32(..3),
        max_duration: None,
        max_cost: None,
        stopping: Stopping {
            no_progress: (rng.u32(..4) == 0).then(|| NoProgress::Trials(rng.u32(2..6))),
            target: (rng.u32(..4) == 0).then_some(0.05),
            ..Stopping::default()
        },
    };
    let cancel_at = (rng.u32(..5) == 0).then(|| rng.u32(1..60));
    let mut world = World {
        rng,
        lines: Vec::new(),
        runs: BTreeMap::new(),
        clock: 0,
        whole: BTreeMap::new(),
        failed: BTreeSet::new(),
        refusals: 0,
    };
    for session in 0..200 {
        world.write(Entry::Session { run: format!("sim-s-{session}").parse().unwrap() });
        let _ = session_of(&mut world, &rules, cancel_at, session < 100);
        let state = world.state();
        if state.finished.is_some() {
            return (state, world, rules);
        }
    }
    panic!("seed {seed}: the study is never over: {:#?}", world.state());
}

fn session_of(
    world: &mut World,
    rules: &Rules,
    cancel_at: Option<u32>,
    kills: bool,
) -> Result<(), Killed> {
    let mut asked: Vec<u32> = Vec::new();
    for round in 0..2000 {
        let state = world.state();
        if state.finished.is_some() {
            return Ok(());
        }
        world.live();
        let facts = world.facts(&state, cancel_at.is_some_and(|at| round > at));
        // As the loop does it: what is being ended is asked again, once in a session.
        for trial in state.active().filter(|trial| trial.stopping.is_some()) {
            if !asked.contains(&trial.trial) {
                asked.push(trial.trial);
                world.end_run(trial.trial);
            }
        }
        for action in decide(&state, rules, &facts) {
            world.carry_out(action, kills)?;
        }
        let state = world.state();
        assert!(state.active().count() <= rules.parallel as usize, "too many at once");
    }
    Ok(())
}

#[test]
fn every_trial_comes_to_one_end_whatever_happens() {
    let mut reached = BTreeMap::<&str, u32>::new();
    for seed in 0..3000 {
        let (state, World { whole, failed, .. }, rules) = simulate(seed);
        let all = state.trials.len();
        assert!(state.trials.iter().all(|trial| trial.state.is_ended()), "seed {seed}");
        assert!(whole.values().all(|times| *times == 1), "seed {seed}: {whole:?}");
        let counted = state.count(|state| state != TrialState::Cancelled);
        assert!(counted <= rules.max_trials as usize, "seed {seed}: {all}");
        for trial in &state.trials {
            let ran = whole.contains_key(&trial.trial);
            let is_result = matches!(trial.state, TrialState::Succeeded | TrialState::Infeasible);
            assert!(!ran || is_result, "seed {seed}: {trial:?} is lost");
            let has_failed = failed.contains(&trial.trial);
            assert!(
                trial.state != TrialState::Failed || has_failed,
                "seed {seed}: {trial:?} never ran"
            );
            *reached.entry(trial.state.as_str()).or_default() += 1;
            if !trial.lost_runs.is_empty() {
                *reached.entry("again").or_default() += 1;
            }
            if matches!(trial.stopping, Some(StopReason::StudyOver(_))) {
                *reached.entry("over").or_default() += 1;
            }
        }
        let (succeeded, reason) = state.finished.unwrap();
        *reached.entry(if succeeded { "study succeeded" } else { "study failed" }).or_default() +=
            1;
        assert!(!reason.is_empty());
    }
    for state in [
        "succeeded",
        "stopped",
        "infeasible",
        "failed",
        "cancelled",
        "again",
        "over",
        "study succeeded",
        "study failed",
    ] {
        assert!(reached.contains_key(state), "{state} was never reached: {reached:?}");
    }
}
