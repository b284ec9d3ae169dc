//! How the loop of a study makes the runs of its trials, and what it does where one is refused.

use std::time::{Duration, Instant};

use super::control::Control;
use super::error::StudyError;
use super::journal::Entry;
use super::make::{job_of, plan_of};
use super::trial::{TrialEnd, TrialState};
use crate::run;
use crate::runtime::{RuntimeError, SubmitOptions};
use crate::spec::{TRAIN_JOB, to_yaml};
use crate::storage::ClaimMode;
use crate::work::train::{TrainError, order};

/// After a refusal another run is tried once a trial has ended, or after this time.
const REFUSED_PAUSE: Duration = Duration::from_secs(10);
/// A trial that is refused this often while nothing else of the study runs has failed.
const REFUSALS: u32 = 3;

impl Control<'_> {
    /// Makes the run of a trial. One that is refused for want of room is tried again later.
    pub(super) fn submit(&mut self, number: u32) -> Result<(), StudyError> {
        let Some(trial) = self.state.trial(number).cloned() else { return Ok(()) };
        let values = self.chooser.values(&trial.params)?;
        let job = job_of(self.study, number, &values)?;
        let store = self.around.store;
        let runtime = self.around.runtime;
        let options = SubmitOptions {
            kind: TRAIN_JOB,
            owner: self.study.owner.clone(),
            allow_cpu: self.study.allow_cpu,
            foreign: job.foreign,
            // What a lost run of this trial has left is the trial's own.
            claim: if trial.lost_runs.is_empty() { ClaimMode::New } else { ClaimMode::Resume },
            // It was allowed when the study began.
            large_code: true,
            ..SubmitOptions::default()
        };
        let reservation = store.reserve(&job.job.name)?;
        let run = reservation.run().clone();
        let planned = plan_of(self.study, number, &job, &run, runtime, &self.around.prices);
        let mut plan = match planned {
            Ok(plan) => plan,
            Err(TrainError::Runtime(error)) => return self.refused(number, &error),
            Err(error) => return Err(error.into()),
        };
        plan.claim_output(options.claim);
        if let Err(error) = runtime.check(&plan, &options) {
            return self.refused(number, &error);
        }
        let resolved =
            to_yaml(&job.job).map_err(|error| TrainError::Unwritable(error.to_string()))?;
        self.write(Entry::Submitting { trial: number, run })?;
        let mut order = order(&job, plan, &resolved);
        // Where the trial's code is the study's copy, it is known.
        order.code = self.study.code_digest.clone().filter(|_| job.code_rules().fixed);
        let submitted = run::submit(
            store,
            runtime,
            reservation,
            order,
            &self.around.submitter,
            &options,
            &mut |_| {},
        );
        match submitted {
            Ok(_) => {
                self.refusals.remove(&number);
                self.write(Entry::Submitted { trial: number })
            }
            Err(run::SubmitError::Runtime(error)) => {
                self.write(Entry::Again { trial: number, reason: error.to_string() })?;
                self.refused(number, &error)
            }
            Err(run::SubmitError::Store(error)) => Err(error.into()),
        }
    }

    /// A run could not be made. While others of the study run, the reason may be they; a machine that is
    /// busy with something else, or a cluster that does not answer, is waited for.
    fn refused(&mut self, number: u32, error: &RuntimeError) -> Result<(), StudyError> {
        self.full_until = Some(Instant::now() + REFUSED_PAUSE);
        let others = self.state.active().count();
        if others > 0 || error.is_passing() || matches!(error, RuntimeError::Busy(_)) {
            self.note(&format!("trial {number} waits: {error}"));
            return Ok(());
        }
        let count = self.refusals.entry(number).or_default();
        *count += 1;
        if *count < REFUSALS {
            self.note(&format!("trial {number} is tried again: {error}"));
            return Ok(());
        }
        let end = TrialEnd {
            state: TrialState::Failed,
            values: indexmap::IndexMap::new(),
            step: None,
            reason: error.to_string(),
        };
        self.full_until = None;
        self.write(Entry::Ended { trial: number, end, curve: Vec::new() })
    }
}
