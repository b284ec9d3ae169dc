//! How runs of replicas are made and ended, as was decided.

use super::replica::Replica;
use super::replica_runs::ReplicaRuns;
use crate::plan::{ENDPOINT_VERSION, ReplicaOf};
use crate::run;
use crate::runtime::SubmitOptions;
use crate::spec::{TRAIN_JOB, to_yaml};
use crate::store::now;
use crate::work::serve::endpoint::{Definition, ServeError};
use crate::work::serve::rollout::{EndpointState, RevisionId};
use crate::work::train::{TrainError, order, plan_in};

/// So many replicas of all revisions start at once.
const STARTING_LIMIT: u32 = 4;

impl ReplicaRuns<'_> {
    /// A revision is to have so many replicas.
    pub(super) fn scale_runs(
        &mut self,
        state: &EndpointState,
        id: &RevisionId,
        replicas: u32,
    ) -> Vec<String> {
        let told = self.fleet.told(id);
        if told.wanted.unwrap_or(0) == 0 && replicas > 0 {
            // What made it fail before may be mended.
            (told.failed, told.failures) = (0, 0);
        }
        told.wanted = Some(replicas);
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
            return Vec::new();
        }
        self.top_up_one(state, id)
    }

    /// Starts what is missing of a revision's replicas, a few at a time: hundreds that start at once on one
    /// machine would take each other's time until none of them is ready in its own.
    pub(super) fn top_up_one(&mut self, state: &EndpointState, id: &RevisionId) -> Vec<String> {
        let told = self.fleet.told(id);
        let wanted = told.wanted.unwrap_or(0).saturating_sub(told.failed);
        let room = STARTING_LIMIT.saturating_sub(self.fleet.starting());
        let missing = wanted.saturating_sub(self.fleet.living(id)).min(room);
        (0..missing).filter_map(|_| self.start(state, id)).collect()
    }

    /// Makes the run of one more replica. One that is refused counts as one that has failed, and is tried
    /// again after a pause; the sentence says why.
    fn start(&mut self, state: &EndpointState, id: &RevisionId) -> Option<String> {
        let digest = state.revisions.get(id)?.rules.digest.clone();
        match self.submit(id, &digest) {
            Ok(replica) => {
                self.fleet.replicas.insert(replica.run().clone(), replica);
                None
            }
            Err(error) => {
                let reason = error.to_string();
                self.fleet.fail(id, reason.clone(), now());
                Some(format!("a replica of {id} can't be started: {reason}"))
            }
        }
    }

    fn submit(&mut self, id: &RevisionId, digest: &str) -> Result<Replica, ServeError> {
        let paths = self.place.paths;
        if !self.definitions.contains_key(digest) {
            self.definitions.insert(digest.to_owned(), Definition::read(paths, digest)?);
        }
        let Some(definition) = self.definitions.get(digest) else {
            return Err(ServeError::Missing(paths.endpoint.clone()));
        };
        let (store, runtime) = (self.place.store, self.place.runtime);
        let job = definition.loaded(paths, &self.place.secrets)?;
        let reservation = store.reserve(&job.job.name)?;
        let run = reservation.run().clone();
        let prices = || Ok::<_, TrainError>(self.place.prices.clone());
        let mut plan = plan_in(&job, &run, runtime, prices)?;
        let least = plan.head.schema_version.max(ENDPOINT_VERSION);
        plan.head.schema_version = definition.serving.server.format(least);
        plan.head.serves = Some(ReplicaOf {
            endpoint: paths.endpoint.clone(),
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
        let submitter = &self.place.submitter;
        let submitted =
            run::submit(store, runtime, reservation, order, submitter, &options, &mut |_| {});
        let submitted = submitted.map_err(TrainError::from)?;
        Ok(Replica::new(submitted.paths, id.clone()))
    }
}
