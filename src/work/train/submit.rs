//! Submitting a training run.

use super::claim::claim_output;
use super::{LoadedJob, plan, travel};
use crate::gang::RunId;
use crate::ops::cost::{NoPrices, Prices, limit_cost};
use crate::plan::{Plan, PlanContext, PlanError};
use crate::run::{self, Order, SubmitError, Submitted, Submitter};
use crate::runtime::{LOCAL, Notice, Runs, RuntimeError, SubmitOptions};
use crate::spec::{TRAIN_JOB, to_yaml};
use crate::storage::ClaimMode;
use crate::store::{Store, StoreError};

/// A job could not be planned or submitted.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The spec has no plan, for example because a role has nothing to run.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The spec sets `maxCost`, and nobody has said what the runtime costs.
    #[error(transparent)]
    NoPrices(#[from] NoPrices),
    /// The spec could not be written as YAML, which would be a fault of mlctl.
    #[error("the spec can't be written: {0}")]
    Unwritable(String),
    /// The state folder could not record the run: nothing has been started.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The runtime refused the run or could not be asked.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

impl From<SubmitError> for TrainError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Store(error) => error.into(),
            SubmitError::Runtime(error) => error.into(),
        }
    }
}

/// The plan of a job in a runtime, complete but for what `check` says. `prices` are asked for only
/// where the job has a `maxCost`.
pub fn plan_in<E: From<TrainError>>(
    job: &LoadedJob,
    run: &RunId,
    runtime: &dyn Runs,
    prices: impl FnOnce() -> Result<Prices, E>,
) -> Result<Plan, E> {
    let context = PlanContext {
        run: run.into(),
        runtime_defaults: runtime.defaults(),
        code_base: job.base.clone(),
    };
    let mut plan = plan(&job.job, &context).map_err(TrainError::from)?;
    if let Some(most) = job.job.max_cost {
        limit_cost(&mut plan, most, &prices()?).map_err(TrainError::from)?;
    }
    job.rule(&mut plan);
    plan.take_settings(&job.storage, runtime.name() == LOCAL);
    runtime.complete(&mut plan).map_err(TrainError::from)?;
    plan.know(&job.secrets());
    plan.claim_output(ClaimMode::New);
    Ok(plan)
}

/// Everything of a submission but its record: the plan without secret values, and the texts.
pub fn order<'a>(job: &'a LoadedJob, mut plan: Plan, resolved: &'a str) -> Order<'a> {
    let secrets = plan.take_secrets(&job.secrets());
    Order {
        kind: TRAIN_JOB,
        plan,
        secrets,
        code: None,
        base: &job.base,
        source: &job.source,
        resolved,
    }
}

/// Plans a job, looks whether it can run, records it and starts it.
pub fn submit<E: From<TrainError>>(
    store: &Store,
    runtime: &dyn Runs,
    job: &LoadedJob,
    submitter: &Submitter<'_>,
    options: &SubmitOptions,
    prices: impl FnOnce() -> Result<Prices, E>,
    notify: &mut dyn FnMut(Notice),
) -> Result<Submitted, E> {
    let travelling = travel(job, options.large_code).map_err(TrainError::from)?;
    travelling.notices.into_iter().for_each(&mut *notify);
    let reservation = store.reserve(&job.job.name).map_err(TrainError::from)?;
    let mut plan = plan_in(job, reservation.run(), runtime, prices)?;
    claim_output(&job.job, &mut plan, options.claim)?;
    let notices = runtime.check(&plan, options).map_err(TrainError::from)?;
    notices.into_iter().for_each(&mut *notify);
    let resolved = to_yaml(&job.job).map_err(|error| TrainError::Unwritable(error.to_string()))?;
    let order = order(job, plan, &resolved);
    let submitted = run::submit(store, runtime, reservation, order, submitter, options, notify);
    Ok(submitted.map_err(TrainError::from)?)
}
