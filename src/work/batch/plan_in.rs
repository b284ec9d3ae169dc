//! A job's plan where it will run, and what is submitted of it.

use super::{BatchSubmitError, JobDocument, LoadedBatch, build};
use crate::gang::RunId;
use crate::ops::cost::{Prices, limit_cost};
use crate::plan::{Plan, PlanContext, RuntimeDefaults};
use crate::run::Order;
use crate::runtime::{LOCAL, Runs};
use crate::spec::BATCH_PREDICT_JOB;
use crate::work::train::TrainError;

/// The plan of a job in a runtime, complete but for what `check` says. `prices` are asked for only
/// where the job has a `maxCost`.
pub fn plan_in<E: From<BatchSubmitError>>(
    batch: &LoadedBatch,
    document: &JobDocument,
    run: &RunId,
    runtime: &dyn Runs,
    prices: impl FnOnce() -> Result<Prices, E>,
) -> Result<Plan, E> {
    let complete = |plan: &mut Plan| {
        let completed = runtime.complete(plan);
        completed.map_err(|error| E::from(BatchSubmitError::from(TrainError::from(error))))
    };
    let is_local = runtime.name() == LOCAL;
    plan_with(batch, document, run, runtime.defaults(), is_local, complete, prices)
}

/// The same by the defaults of a runtime; `complete` looks up the commands that the spec leaves to
/// images.
pub fn plan_with<E: From<BatchSubmitError>>(
    batch: &LoadedBatch,
    document: &JobDocument,
    run: &RunId,
    runtime_defaults: RuntimeDefaults,
    is_local: bool,
    complete: impl FnOnce(&mut Plan) -> Result<(), E>,
    prices: impl FnOnce() -> Result<Prices, E>,
) -> Result<Plan, E> {
    let code_base = batch.workers.base.clone();
    let context = PlanContext { run: run.into(), runtime_defaults, code_base };
    let failed = |error: TrainError| E::from(BatchSubmitError::from(error));
    let mut plan = build::plan(batch, document, &context).map_err(|error| failed(error.into()))?;
    if let Some(most) = batch.job.max_cost {
        limit_cost(&mut plan, most, &prices()?).map_err(|error| failed(error.into()))?;
    }
    if is_local && batch.job.model.image.is_none() {
        // What a cluster would take where nobody names one: here nobody is told that it is ignored.
        plan.gang_mut().roles.iter_mut().for_each(|role| role.image = None);
    }
    batch.workers.rule(&mut plan);
    plan.take_settings(&batch.workers.storage, is_local);
    complete(&mut plan)?;
    build::wrap_image_command(&mut plan);
    if plan.gang().roles.iter().any(|role| role.command.is_empty()) {
        return Err(BatchSubmitError::NoProgram.into());
    }
    plan.know(&batch.workers.secrets());
    Ok(plan)
}

/// Everything of a submission but its record: the plan without secret values, and the texts.
pub fn order<'a>(batch: &'a LoadedBatch, mut plan: Plan, resolved: &'a str) -> Order<'a> {
    let secrets = plan.take_secrets(&batch.workers.secrets());
    Order {
        kind: BATCH_PREDICT_JOB,
        plan,
        secrets,
        code: None,
        base: &batch.workers.base,
        source: &batch.workers.source,
        resolved,
    }
}
