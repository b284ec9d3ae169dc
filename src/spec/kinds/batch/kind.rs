//! The kind as the loader sees it.

use std::sync::LazyLock;

use serde_json::Value as Json;

use super::habits::HABITS;
use super::lint;
use super::types::BatchPredictJob;
use crate::spec::kinds::{Document, Kind};

static SCHEMA: LazyLock<Json> = LazyLock::new(|| schemars::schema_for!(BatchPredictJob).to_value());

/// What `kind:` says, and what is recorded with every run of it.
pub const BATCH_PREDICT_JOB: &str = "BatchPredictJob";

/// `kind: BatchPredictJob` as the registry lists it.
pub(crate) static KIND: Kind = Kind {
    name: BATCH_PREDICT_JOB,
    noun: "job",
    example: "digits-batch",
    schema_file: "batchpredictjob.json",
    schema: || &SCHEMA,
    named: &[],
    owners: &[
        ("model", "Model"),
        ("model.routes", "Routes"),
        ("input", "BatchFiles"),
        ("instances", "Instances"),
        ("batching", "Batching"),
        ("failures", "FailureLimits"),
        ("storage", "BatchStorage"),
        ("setup", "Setup"),
        ("setup.python", "PythonSetup"),
        ("accelerators", "Accelerators"),
        ("retries", "Retries"),
    ],
    nested: &[],
    habits: HABITS,
    read: |value, origin| {
        Ok(Document::BatchPredictJob(Box::new(origin.of(serde_json::from_value(value)?))))
    },
    check_part: |value, part| {
        serde_json::from_value(value)
            .map_or_else(|_| Vec::new(), |job| lint::check_part(&job, part))
    },
};
