//! Vertex AI's `CustomJob`, `HyperparameterTuningJob` and `BatchPredictionJob` files, its models and
//! their deployments to endpoints, accepted as people write them.
//!
//! The format is the JSON of the API's messages
//! (<https://cloud.google.com/vertex-ai/docs/reference/rest/v1/CustomJobSpec>) in all the ways in
//! which `gcloud ai custom-jobs create --config` takes it: see [`shape`] for the envelopes,
//! `foreign/common` for the spellings. Nothing of a file is dropped silently: what has no counterpart is
//! a warning with its place.

mod batch;
mod batch_model;
pub(super) mod container;
mod deployment;
mod endpoint;
mod envelope;
mod job;
pub(super) mod machine;
mod machine_types;
mod messages;
pub(super) mod pool;
mod scheduling;
mod served_container;
mod shape;
mod system;
mod tables;
pub(super) mod tuning;

pub(in crate::spec::foreign) use job::recognise;
pub(in crate::spec::foreign) use tables::TABLES;
