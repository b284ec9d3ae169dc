//! All fields of Katib's experiments, by the mapping that they are in.

use super::{algorithm, collector, experiment, objective, parameters, template};
use crate::spec::foreign::common::fields::Table;
use crate::spec::foreign::kubeflow as trial;

/// The mappings, from the document inwards.
pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] = &[
    ("Experiment", experiment::EXPERIMENT),
    ("metadata", experiment::METADATA),
    ("spec", experiment::SPEC),
    ("spec.objective", objective::OBJECTIVE),
    ("spec.algorithm, earlyStopping", algorithm::ALGORITHM),
    ("spec.parameters[]", parameters::PARAMETER),
    ("spec.parameters[].feasibleSpace", parameters::SPACE),
    ("spec.metricsCollectorSpec", collector::SPEC),
    ("spec.metricsCollectorSpec.collector", collector::COLLECTOR),
    ("spec.metricsCollectorSpec.source", collector::SOURCE),
    ("spec.metricsCollectorSpec.source.fileSystemPath", collector::FILE),
    ("spec.metricsCollectorSpec.source.filter", collector::FILTER),
    ("spec.trialTemplate", template::TEMPLATE),
    ("spec.trialTemplate.trialParameters[]", template::PARAMETER),
    ("trialSpec", trial::OBJECT),
    ("trialSpec.metadata", trial::METADATA),
    ("trialSpec.spec of a Job", trial::JOB),
    ("trialSpec.spec of a TFJob or PyTorchJob", trial::TRAINING),
    ("trialSpec.spec.runPolicy", trial::RUN_POLICY),
    ("trialSpec.spec.*ReplicaSpecs.<type>", trial::REPLICAS),
];
