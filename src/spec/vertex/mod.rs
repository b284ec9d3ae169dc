//! Vertex AI's `CustomJob`, `HyperparameterTuningJob` and `BatchPredictionJob` files, accepted as
//! people write them.
//!
//! The format is the JSON of the API's messages
//! (<https://cloud.google.com/vertex-ai/docs/reference/rest/v1/CustomJobSpec>) in all the ways in
//! which `gcloud ai custom-jobs create --config` takes it: see [`shape`] for the envelopes,
//! [`fields`] for the spellings. Nothing of a file is dropped silently: what has no counterpart is
//! a warning with its place.

mod assemble;
mod batch;
mod batch_model;
mod container;
mod envelope;
mod fields;
mod gather;
mod job;
mod machine;
mod machine_types;
mod name;
mod pool;
mod scalars;
mod scheduling;
mod shape;
mod suspects;
mod tuning;

pub(super) use job::recognise;
