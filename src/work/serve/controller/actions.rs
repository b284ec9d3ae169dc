//! How a controller does what was decided: weights go to the router, replicas are runs that are made and
//! ended.

use super::control::Control;
use super::replica::Replica;
use crate::plan::{ENDPOINT_VERSION, ReplicaOf};
use crate::run;
use crate::runtime::SubmitOptions;
use crate::spec::{TRAIN_JOB, to_yaml};
use crate::store::now;
use crate::work::serve::endpoint::ServeError;
use crate::work::serve::rollout::{Action, RevisionId};
use crate::work::train::{TrainError, order, plan_in};

/// So many replicas of all revisions start at once.
const STARTING_LIMIT: u32 = 4;

impl Control<'_> {
    pub(super) fn carry_out(&mut self, action: Action) -> Result<(), ServeError> {
        match action {
            Action::SetWeights(weights) => {
                self.weights = weights;
                self.configure()
            }
            Action::Drain { revision } => {
                self.drained.insert(revision);
                self.configure()
            }
            Action::Scale { revision, replicas } => self.scale(&revision, replicas),
            Action::Replace { revision, count } => {
                let told = self.fleet.told(&revision);
                told.failed = told.failed.saturating_sub(count);
                self.top_up(&revision);
                Ok(())
            }
        }
    }

    /// A revision is to have so many replicas.
    fn scale(&mut self, id: &RevisionId, replicas: u32) -> Result<(), ServeError> {
        let told = self.fleet.told(id);
        if told.wanted.unwrap_or(0) == 0 && replicas > 0 {
            // What made it fail before may be mended.
            (told.failed, told.failures) = (0, 0);
        }
        told.wanted = Some(replicas);
        if replicas > 0 {
            self.drained.remove(id);
        }
        let living = self.fleet.living(id);
        let told = self.fleet.told(id);
        told.failed = told.failed.min(replicas.saturating_sub(living));
        let have = living + told.failed;
        if have > replicas {
            let count = usize::try_from(have - replicas).unwrap_or(usize::MAX);
            for run in self.fleet.surplus(id, count) {
                if let Some(replica) = self.fleet.replicas.get_mut(&run) {
                    replica.drain();
                }
            }
            // Callers are no longer sent there before anything ends.
            return self.configure();
        }
        self.top_up(id);
        Ok(())
    }

    /// Starts what is missing of a revision's replicas, a few at a time: hundreds that start at once on one
    /// machine would take each other's time until none of them is ready in its own.
    pub(super) fn top_up(&mut self, id: &RevisionId) {
        let told = self.fleet.told(id);
        let wanted = told.wanted.unwrap_or(0).saturating_sub(told.failed);
        let room = STARTING_LIMIT.saturating_sub(self.fleet.starting());
        for _ in 0..wanted.saturating_sub(self.fleet.living(id)).min(room) {
            self.start(id);
        }
    }

    /// Makes the run of one more replica. One that is refused counts as one that has failed, and is tried
    /// again after a pause.
    fn start(&mut self, id: &RevisionId) {
        let Some(revision) = self.state.revisions.get(id) else { return };
        let digest = revision.rules.digest.clone();
        let replica = match self.submit(id, &digest) {
            Ok(replica) => replica,
            Err(error) => {
                let reason = error.to_string();
                self.fleet.fail(id, reason.clone(), now());
                self.note(&format!("a replica of {id} can't be started: {reason}"));
                return;
            }
        };
        self.fleet.replicas.insert(replica.run().clone(), replica);
    }

    fn submit(&self, id: &RevisionId, digest: &str) -> Result<Replica, ServeError> {
        let Some(definition) = self.definitions.get(digest) else {
            return Err(ServeError::Missing(self.paths.endpoint.clone()));
        };
        let (store, runtime) = (self.around.store, self.around.runtime);
        let job = definition.loaded(self.paths, &self.around.secrets)?;
        let reservation = store.reserve(&job.job.name)?;
        let run = reservation.run().clone();
        let prices = || Ok::<_, TrainError>(self.around.prices.clone());
        let mut plan = plan_in(&job, &run, runtime, prices)?;
        plan.head.schema_version = plan.head.schema_version.max(ENDPOINT_VERSION);
        plan.head.serves = Some(ReplicaOf {
            endpoint: self.paths.endpoint.clone(),
            revision: id.name.to_string(),
            generation: id.generation,
        });
        plan.gang_mut().serving = Some(definition.serving.clone());
        let options = SubmitOptions {
            kind: TRAIN_JOB,
            foreign: job.foreign,
            // It was allowed when the endpoint was asked for.
            large_code: true,
            ..SubmitOptions::default()
        };
        runtime.check(&plan, &options)?;
        let resolved =
            to_yaml(&job.job).map_err(|error| TrainError::Unwritable(error.to_string()))?;
        let mut order = order(&job, plan, &resolved);
        // Where the code is the endpoint's copy, it is known.
        order.code = definition.code.clone().filter(|_| job.code_rules().fixed);
        let submitter = &self.around.submitter;
        let submitted =
            run::submit(store, runtime, reservation, order, submitter, &options, &mut |_| {});
        let submitted = submitted.map_err(TrainError::from)?;
        Ok(Replica::new(submitted.paths, id.clone()))
    }
}
