//! All fields of Kubeflow's jobs, by the mapping that they are in.

use super::{job, mpi, operator, policy};
use crate::spec::foreign::common::fields::Table;

/// The mappings, from the document inwards.
pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] = &[
    ("TFJob, PyTorchJob, XGBoostJob, PaddleJob, JAXJob, MPIJob", operator::DOCUMENT),
    ("metadata", operator::METADATA),
    ("spec", job::TRAINING),
    ("spec.runPolicy", policy::RUN_POLICY),
    ("spec.runPolicy.schedulingPolicy", policy::SCHEDULING),
    ("spec.elasticPolicy", job::ELASTIC),
    ("spec.*ReplicaSpecs.<type>", job::REPLICAS),
    ("MPIJob: spec", mpi::MPI),
    ("MPIJob: spec.mpiReplicaSpecs", mpi::TYPES),
];
