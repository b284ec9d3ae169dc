//! Vertex AI's `HyperparameterTuningJob`: a study of custom jobs.

mod job;
mod parameter;
mod stopping;
mod study;

pub(super) use job::tuning_job;
