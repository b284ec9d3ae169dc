//! The kind as the loader sees it.

use std::sync::LazyLock;

use serde_json::Value as Json;

use super::habits::HABITS;
use super::lint;
use super::types::TrainJob;
use crate::spec::kinds::{Document, Kind, Named};

static SCHEMA: LazyLock<Json> = LazyLock::new(|| schemars::schema_for!(TrainJob).to_value());

/// What `kind:` says, and what is recorded with every run of it.
pub const TRAIN_JOB: &str = "TrainJob";

/// `kind: TrainJob` as the registry lists it.
pub(crate) static KIND: Kind = Kind {
    name: TRAIN_JOB,
    noun: "job",
    example: "digits",
    schema_file: "trainjob.json",
    schema: || &SCHEMA,
    named: &[Named {
        field: "roles",
        one: "role",
        placeholder: "<role>",
        example: "worker",
        definition: "Role",
    }],
    owners: &[
        ("setup", "Setup"),
        ("setup.python", "PythonSetup"),
        ("accelerators", "Accelerators"),
        ("retries", "Retries"),
    ],
    nested: &[],
    habits: HABITS,
    read: |value, origin| {
        Ok(Document::TrainJob(Box::new(origin.of(serde_json::from_value(value)?))))
    },
    check_part: |value, part| {
        serde_json::from_value(value)
            .map_or_else(|_| Vec::new(), |job| lint::check_part(&job, part))
    },
};
