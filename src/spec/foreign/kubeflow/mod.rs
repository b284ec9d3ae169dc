//! Kubeflow's jobs of training.

mod training;

pub(super) use training::{JOB, OBJECT, REPLICAS, RUN_POLICY, TRAINING, trial_spec};
