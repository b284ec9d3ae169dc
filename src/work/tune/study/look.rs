//! What the loop of a study sees before it decides: its trials' runs, their curves and their cost.

use super::control::{Asked, Control};
use super::decide::RunFact;
use super::early::{Judged, judge};
use super::trial::{Trial, TrialState};
use super::watched::Watched;
use crate::gang::RunId;
use crate::plan::TrialOf;
use crate::store::now;
use std::time::Instant;

impl Control<'_> {
    /// Looks at the runs of all trials that have not ended. What can't be asked just now is asked again.
    pub(super) fn look(&mut self) {
        let active: Vec<Trial> = self.state.active().cloned().collect();
        let runs: Vec<RunId> = active.iter().filter_map(|trial| trial.run.clone()).collect();
        if let Err(error) = self.around.runtime.prepare(&runs) {
            self.note(&format!("{error}; the study goes on once it answers"));
        }
        self.facts.runs.clear();
        self.facts.given_up.clear();
        for trial in &active {
            let Some(run) = &trial.run else { continue };
            let store = self.around.store;
            let of = TrialOf { study: self.study.study.clone(), trial: trial.trial };
            let watched =
                self.watched.entry(trial.trial).or_insert_with(|| Watched::new(store, run, of));
            match watched.look(store, self.around.runtime, &self.study.spec) {
                Ok(fact) => {
                    let is_living = matches!(fact, RunFact::Living | RunFact::Starting);
                    self.facts.runs.insert(trial.trial, fact);
                    if is_living && trial.stopping.is_some() {
                        self.end_run(trial.trial);
                    }
                }
                Err(error) => self.note(&format!("trial {}: {error}", trial.trial)),
            }
        }
        self.judge_curves(&active);
        self.facts.now = now();
        self.facts.is_cancelled = (self.around.asked)() == Asked::Cancel;
        self.facts.is_full = self.full_until.is_some_and(|until| Instant::now() < until);
        self.facts.cost = self.study.spec.max_cost.map(|_| {
            let prices = &self.around.prices;
            let of_living = self.watched.values().filter_map(|watched| watched.cost(prices));
            self.spent + of_living.sum::<f64>()
        });
    }

    /// Judges the curves that have got longer.
    fn judge_curves(&mut self, active: &[Trial]) {
        for trial in active.iter().filter(|trial| trial.stopping.is_none()) {
            let Some(watched) = self.watched.get_mut(&trial.trial) else { continue };
            if !std::mem::take(&mut watched.is_fresh) {
                continue;
            }
            let mine = self.watched[&trial.trial].reported.judged(trial.trial, false);
            let ended = self.state.trials.iter().filter(|other| other.state.counts());
            let mut others: Vec<Judged<'_>> = ended
                .map(|other| Judged {
                    trial: other.trial,
                    points: &other.curve,
                    is_complete: other.state == TrialState::Succeeded,
                })
                .collect();
            let living = self.watched.iter().filter(|(number, _)| **number != trial.trial);
            others.extend(living.map(|(number, other)| other.reported.judged(*number, false)));
            let spec = &self.study.spec;
            if let Some(why) = judge(&spec.early_stopping, &spec.metrics, mine, &others) {
                self.facts.given_up.insert(trial.trial, why);
            }
        }
    }

    /// What trials that ended in earlier sessions have cost, out of their runs.
    pub(super) fn count_spent(&mut self) {
        if self.study.spec.max_cost.is_none() {
            return;
        }
        let ended = self.state.trials.iter().filter(|trial| trial.state.is_ended());
        let runs: Vec<(RunId, u32)> = ended
            .flat_map(|trial| {
                let all = trial.run.iter().chain(&trial.lost_runs);
                all.map(|run| (run.clone(), trial.trial))
            })
            .collect();
        for (run, trial) in runs {
            let of = TrialOf { study: self.study.study.clone(), trial };
            let mut watched = Watched::new(self.around.store, &run, of);
            // A run that was removed since costs nothing that could still be known.
            let looked = watched.look(self.around.store, self.around.runtime, &self.study.spec);
            if looked.is_ok() {
                self.spent += watched.cost(&self.around.prices).unwrap_or_default();
            }
        }
    }
}
