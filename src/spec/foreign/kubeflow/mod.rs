//! Kubeflow's jobs of training: those of its operator, alone or as trials of Katib.

mod job;
mod kinds;
mod mpi;
mod operator;
mod policy;
mod tables;
mod trial;

pub(super) use job::{REPLICAS, TRAINING};
pub(super) use operator::recognise;
pub(super) use policy::RUN_POLICY;
pub(super) use tables::TABLES;
pub(super) use trial::{JOB, METADATA, OBJECT, trial_spec};
