//! Vertex AI's `HyperparameterTuningJob`: a study of custom jobs.

mod job;
mod parameter;
mod stopping;
mod study;

pub(in crate::spec) use job::trial_count;
pub(super) use job::tuning_job;
