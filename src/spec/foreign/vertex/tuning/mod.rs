//! Vertex AI's `HyperparameterTuningJob`: a study of custom jobs.

pub(super) mod job;
pub(super) mod parameter;
pub(super) mod stopping;
pub(super) mod study;

pub(in crate::spec::foreign) use job::trial_count;
pub(super) use job::tuning_job;
