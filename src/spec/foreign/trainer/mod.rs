//! Kubeflow Trainer, the second version of Kubeflow's training: a TrainJob, and the runtime that it names.

mod document;
mod initializer;
mod known;
mod mpi;
mod overrides;
mod runtime;
mod tables;

pub(super) use document::{recognise, training_job};
pub(super) use tables::TABLES;
