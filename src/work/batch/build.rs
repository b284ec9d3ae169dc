//! Spec to plan: the workers' command, the server that they ask, the limits.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{JobDocument, LoadedBatch};
use crate::plan::{
    BatchPlan, Plan, PlanContext, PlanError, ServerPlan, TASKS_VERSION, TasksPlan, Unit,
};
use crate::spec::{BatchPredictJob, Server, TrainJob};
use crate::storage::{BucketSettings, Place};
use crate::work::buckets::bucket_settings;
use crate::work::servers::{ServerKind, ServerProgram};
use crate::work::train;

/// What stands before the server's command; the agent puts its own program in the place of the first
/// word.
const WORKER_COMMAND: [&str; 3] = ["{mlctl}", "batch-worker", "--"];

/// The image of workers whose server is elsewhere: certificates of the usual authorities, and nothing
/// else.
const WORKER_IMAGE: &str = "gcr.io/distroless/static-debian12:nonroot";

const MAX_BATCH_SIZE: u32 = 64;
const MAX_BATCH_BYTES: u64 = 8 << 20;
const MAX_LINE_BYTES: u64 = 128 << 20;
const REQUEST_TIMEOUT: Duration = Duration::from_mins(10);
const SERVER_START_TIMEOUT: Duration = Duration::from_mins(10);
const SERVER_RESTARTS: u32 = 3;

/// The replicas of a job as a training run, with what they run. A container without a command keeps
/// its image's own, which is looked up when it is submitted.
pub(super) fn workers(job: &BatchPredictJob) -> TrainJob {
    let model = &job.model;
    let ServerProgram { command, args, image } = if job.endpoint.is_some() {
        ServerProgram {
            command: Some(Vec::new()),
            args: Vec::new(),
            image: Some(WORKER_IMAGE.to_owned()),
        }
    } else {
        let kind = ServerKind::of_batch(job);
        kind.program(model.command.as_ref(), &model.args, model.image.as_ref())
    };
    TrainJob {
        image,
        command: command.map(worker_command),
        args: crate::spec::Args::List(args),
        ..job.workers()
    }
}

fn worker_command(server: Vec<String>) -> Vec<String> {
    WORKER_COMMAND.iter().map(|word| (*word).to_owned()).chain(server).collect()
}

/// Puts the worker before a command that was found in an image.
pub(super) fn wrap_image_command(plan: &mut Plan) {
    for role in &mut plan.gang_mut().roles {
        if !role.command.is_empty() && role.command[0] != WORKER_COMMAND[0] {
            role.command = worker_command(std::mem::take(&mut role.command));
        }
    }
}

/// Makes the plan of a run. Pure: the same job, document and context give the same plan.
pub fn plan(
    batch: &LoadedBatch,
    document: &JobDocument,
    context: &PlanContext,
) -> Result<Plan, PlanError> {
    let mut plan = train::plan(&batch.workers.job, context)?;
    let server = server(batch, document);
    plan.head.schema_version = server.format(TASKS_VERSION);
    let job = &batch.job;
    let batching = &job.batching;
    let is_openai = job.model.server == Some(Server::Openai);
    let batch_plan = BatchPlan {
        output: batch.output(),
        job: document.id.clone(),
        server,
        max_batch_size: batching.max_batch_size.unwrap_or(if is_openai {
            1
        } else {
            MAX_BATCH_SIZE
        }),
        max_batch_bytes: batching.max_batch_bytes.map_or(MAX_BATCH_BYTES, |size| size.bytes),
        max_in_flight: batching.max_in_flight,
        max_line_bytes: batching.max_line_bytes.map_or(MAX_LINE_BYTES, |size| size.bytes),
        request_timeout: batching.request_timeout.map_or(REQUEST_TIMEOUT, |time| time.0),
        max_failed: job.failures.max_failed,
        max_failed_fraction: job.failures.max_failed_fraction,
        storage: buckets(batch),
        retry: batch.retry,
    };
    plan.unit = match plan.unit {
        Unit::Gang(gang) => Unit::Tasks(Box::new(TasksPlan { gang: *gang, batch: batch_plan })),
        other => other,
    };
    Ok(plan)
}

fn server(batch: &LoadedBatch, document: &JobDocument) -> ServerPlan {
    let job = &batch.job;
    let is_of_a_hub = |place: &Place| place.as_str().starts_with("hf://");
    let uri = batch.model.place.clone();
    // The commit that was recorded, not what a branch is by now.
    let recorded = Place::from(document.model.as_str());
    let both_of_a_hub = is_of_a_hub(&recorded) && uri.as_ref().is_some_and(is_of_a_hub);
    let model = &job.model;
    ServerPlan {
        protocol: ServerKind::of_batch(job).protocol(),
        address: job.endpoint.clone(),
        model_name: model_name(job),
        version: model.version.clone().or_else(|| batch.model.served_version(model.server)),
        signature: model.signature.clone(),
        predict_route: model.routes.predict.clone(),
        health_route: model.routes.health.clone(),
        port: model.routes.port,
        model: if both_of_a_hub { Some(recorded) } else { uri },
        parameters: job.parameters.clone(),
        start_timeout: model.start_timeout.map_or(SERVER_START_TIMEOUT, |time| time.0),
        restarts: model.restarts.unwrap_or(SERVER_RESTARTS),
    }
}

/// The model's name in requests: what the spec says, the repository of a model hub, or `model`.
pub(super) fn model_name(job: &BatchPredictJob) -> String {
    let hub = || {
        let repository = job.model.uri.as_ref()?.place()?.as_str().strip_prefix("hf://")?;
        let repository = repository.split_once('@').map_or(repository, |(name, _)| name);
        Some(repository.trim_matches('/').to_owned()).filter(|name| !name.is_empty())
    };
    job.model.name.clone().or_else(hub).unwrap_or_else(|| "model".to_owned())
}

/// How the buckets are reached that the job names.
pub fn buckets(batch: &LoadedBatch) -> BTreeMap<String, BucketSettings> {
    let job = &batch.job;
    let places = job.input.places().iter().chain([job.output.place()]).chain(&batch.model.place);
    bucket_settings(&job.storage, places)
}
