//! All fields of Kubeflow Trainer's documents, by the mapping that they are in.

use super::{document, initializer, mpi, overrides, runtime};
use crate::spec::foreign::common::fields::Table;
use crate::spec::foreign::common::metadata::METADATA;

/// The mappings, from the document inwards; first those of a job, then those of a runtime.
pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] = &[
    ("TrainJob", document::DOCUMENT),
    ("metadata", METADATA),
    ("spec", document::SPEC),
    ("spec.runtimeRef", runtime::REF),
    ("spec.trainer", overrides::TRAINER),
    ("spec.initializer", initializer::INITIALIZER),
    ("spec.initializer.dataset, spec.initializer.model", initializer::SOURCE),
    ("spec.podTemplateOverrides[]", overrides::TEMPLATE_OVERRIDE),
    ("spec.podSpecOverrides[]", overrides::SPEC_OVERRIDE),
    ("spec.runtimePatches[]", overrides::PATCH),
    ("TrainingRuntime, ClusterTrainingRuntime: spec", runtime::RUNTIME),
    ("spec.mlPolicy", runtime::POLICY),
    ("spec.mlPolicy.torch", runtime::TORCH),
    ("spec.mlPolicy.mpi", mpi::MPI),
    ("spec.podGroupPolicy", runtime::POD_GROUP),
    ("spec.podGroupPolicy.coscheduling", runtime::COSCHEDULING),
    ("spec.template", runtime::TEMPLATE),
    ("spec.template.spec", runtime::JOB_SET),
    ("spec.template.spec.failurePolicy", runtime::FAILURE),
    ("spec.template.spec.replicatedJobs[]", runtime::REPLICATED),
    ("spec.template.spec.replicatedJobs[].template", runtime::JOB_TEMPLATE),
    ("spec.template.spec.replicatedJobs[].template.spec", runtime::JOB),
];
