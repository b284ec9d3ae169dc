//! All fields of Vertex AI's messages, by the mapping that they are in.

use super::tuning::{job as tuning, parameter, stopping, study};
use super::{
    batch, batch_model, container, deployment, endpoint, envelope, job, machine, pool, scheduling,
    served_container,
};
use crate::spec::foreign::common::fields::Table;

/// The mappings, from the document inwards.
pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] = &[
    ("CustomJob, TrainingPipeline", envelope::ENVELOPE),
    ("CustomJobSpec", job::CUSTOM_JOB_SPEC),
    ("CustomJobSpec.baseOutputDirectory", job::OUTPUT_DIRECTORY),
    ("CustomJobSpec.scheduling", scheduling::SCHEDULING),
    ("workerPoolSpecs[]", pool::WORKER_POOL_SPEC),
    ("workerPoolSpecs[].containerSpec", container::CONTAINER_SPEC),
    ("workerPoolSpecs[].pythonPackageSpec", container::PYTHON_PACKAGE_SPEC),
    ("workerPoolSpecs[].*.env[]", container::ENV_VAR),
    ("workerPoolSpecs[].machineSpec", machine::MACHINE_SPEC),
    ("workerPoolSpecs[].nfsMounts[]", pool::NFS_MOUNT),
    ("HyperparameterTuningJob", tuning::JOB),
    ("HyperparameterTuningJob, the request", tuning::REQUEST),
    ("studySpec", study::STUDY),
    ("studySpec.metrics[]", study::METRIC),
    ("studySpec.parameters[]", parameter::PARAMETER),
    ("studySpec.parameters[].doubleValueSpec, integerValueSpec", parameter::RANGE),
    ("studySpec.parameters[].categoricalValueSpec, discreteValueSpec", parameter::VALUES),
    ("studySpec.parameters[].conditionalParameterSpecs[]", parameter::CONDITION),
    ("conditionalParameterSpecs[].parent*Values", parameter::PARENT_VALUES),
    ("studySpec.decayCurveStoppingSpec, medianAutomatedStoppingSpec", stopping::CURVE),
    ("studySpec.convexAutomatedStoppingSpec, convexStopConfig", stopping::CONVEX),
    ("studySpec.studyStoppingConfig", stopping::CONFIG),
    ("studyStoppingConfig.*RuntimeConstraint", stopping::CONSTRAINT),
    ("BatchPredictionJob", batch::JOB),
    ("BatchPredictionJob, the request", batch::REQUEST),
    ("BatchPredictionJob.inputConfig", batch::INPUT),
    ("BatchPredictionJob.inputConfig.gcsSource", batch::SOURCE),
    ("BatchPredictionJob.outputConfig", batch::OUTPUT),
    ("BatchPredictionJob.outputConfig.gcsDestination", batch::DESTINATION),
    ("BatchPredictionJob.instanceConfig", batch::INSTANCES),
    ("BatchPredictionJob.dedicatedResources", batch::RESOURCES),
    ("BatchPredictionJob.manualBatchTuningParameters", batch::TUNING),
    ("BatchPredictionJob.unmanagedContainerModel", batch_model::MODEL),
    ("BatchPredictionJob.unmanagedContainerModel.containerSpec", batch_model::CONTAINER),
    ("Model, DeployedModel, Endpoint", endpoint::SERVED),
    ("Model.containerSpec", served_container::CONTAINER),
    ("*.containerSpec.ports[]", batch_model::PORT),
    ("Model.containerSpec.healthProbe, livenessProbe", served_container::PROBE),
    ("DeployedModel.dedicatedResources, automaticResources", deployment::RESOURCES),
    ("dedicatedResources.autoscalingMetricSpecs[]", deployment::METRIC),
    ("dedicatedResources.scaleToZeroSpec", deployment::TO_ZERO),
];
