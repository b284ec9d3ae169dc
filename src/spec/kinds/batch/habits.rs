//! Fields that people bring along from other systems, and what they are called here.

use crate::spec::kinds::{Habit, Where};

const VERTEX: &str = "a Vertex AI file has this at its top or below `batchPredictionJob`, with no \
                      mlctl fields beside it";

/// What to write instead of what other systems have.
pub(super) const HABITS: &[Habit] = &[
    ("spec", Where::Top, "a spec is flat: move the fields below `spec:` to the top level"),
    ("metadata", Where::Top, "`name` and `labels` stand at the top level, without `metadata:`"),
    ("roles", Where::Top, "a batch prediction has one role: write `replicas: N` at the top level"),
    ("worker", Where::Top, "write `replicas`, `cpu` and `memory` at the top level"),
    ("workers", Where::Top, "write `replicas: N`"),
    ("parallelism", Where::Top, "write `replicas: N`"),
    ("inputConfig", Where::Any, VERTEX),
    ("outputConfig", Where::Any, VERTEX),
    ("instanceConfig", Where::Any, VERTEX),
    ("dedicatedResources", Where::Any, VERTEX),
    ("unmanagedContainerModel", Where::Any, VERTEX),
    ("modelParameters", Where::Any, "write `parameters` at the top level"),
    ("instancesFormat", Where::Any, "write `input: {uris: [...], format: jsonl}`"),
    ("predictionsFormat", Where::Any, "write `output: {uri: ..., format: jsonl}`"),
    ("gcsSource", Where::Any, "write `input: gs://bucket/in/*.jsonl`"),
    ("gcsDestination", Where::Any, "write `output: gs://bucket/out`"),
    ("inputs", Where::Any, "write `input: s3://bucket/in/*.jsonl`, or a list"),
    ("outputs", Where::Any, "write `output: s3://bucket/out`"),
    ("data", Where::Top, "write `input: s3://bucket/in/*.jsonl`"),
    ("uri", Where::Top, "the model stands below `model:`: `model: {uri: ...}`"),
    ("server", Where::Top, "the server stands below `model:`: `model: {server: ...}`"),
    ("image", Where::Top, "the server's image stands below `model:`: `model: {image: ...}`"),
    (
        "command",
        Where::Top,
        "the server's command stands below `model:`: `model: {command: [...]}`",
    ),
    ("args", Where::Top, "the server's arguments stand below `model:`: `model: {args: [...]}`"),
    ("path", Where::Any, "places are called `uri`, or `uris` where there are several"),
    (
        "url",
        Where::Any,
        "write `uri`; the address of a running server is `endpoint` at the top level",
    ),
    ("batchSize", Where::Any, "write `batching: {maxBatchSize: 64}`"),
    ("concurrency", Where::Any, "write `batching: {maxInFlight: 8}`"),
    ("maxFailures", Where::Any, "write `failures: {maxFailed: N}`"),
    ("errorThreshold", Where::Any, "write `failures: {maxFailedFraction: 0.1}`"),
    ("keyField", Where::Top, "write `instances: {keyField: ...}`"),
    ("includedFields", Where::Top, "write `instances: {includedFields: [...]}`"),
    ("excludedFields", Where::Top, "write `instances: {excludedFields: [...]}`"),
    ("instanceType", Where::Any, "write `instances: {type: object}`"),
    ("resources", Where::Any, "`cpu`, `memory` and `accelerators` stand here without `resources:`"),
    (
        "requests",
        Where::Any,
        "`memory` and `accelerators` are request and limit at once, `cpu` is a request",
    ),
    (
        "limits",
        Where::Any,
        "`memory` and `accelerators` are request and limit at once, `cpu` is a request",
    ),
    ("gpu", Where::Any, "write `accelerators: {type: nvidia, count: 1}`"),
    ("gpus", Where::Any, "write `accelerators: {type: nvidia, count: 1}`"),
    (
        "machineSpec",
        Where::Any,
        "write `cpu`, `memory` and `accelerators: {type: ..., count: ...}`",
    ),
    ("machineType", Where::Any, "write `cpu` and `memory`; `nodeSelector` chooses a kind of node"),
    ("imageUri", Where::Any, "write `image` below `model:`"),
    ("predictRoute", Where::Any, "write `model: {routes: {predict: /predict}}`"),
    ("healthRoute", Where::Any, "write `model: {routes: {health: /health}}`"),
    ("serviceAccountName", Where::Any, "write `serviceAccount` at the top level"),
    ("priorityClassName", Where::Any, "write `priorityClass` at the top level"),
    ("environment", Where::Any, "write `env: [{name: ..., value: ...}]`"),
    ("activeDeadlineSeconds", Where::Any, "write `timeout: 2h`"),
];
