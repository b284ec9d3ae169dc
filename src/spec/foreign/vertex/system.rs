//! What findings about Vertex AI's files are called.

use crate::spec::foreign::common::System;
use crate::spec::syntax::Code;

/// Fields that are often written at the wrong depth; there they would be without effect.
const MISPLACED: [(&str, &str); 22] = [
    ("workerPoolSpecs", "CustomJobSpec"),
    ("containerSpec", "workerPoolSpecs[]"),
    ("pythonPackageSpec", "workerPoolSpecs[]"),
    ("machineSpec", "workerPoolSpecs[]"),
    ("replicaCount", "workerPoolSpecs[]"),
    ("machineType", "machineSpec"),
    ("acceleratorType", "machineSpec"),
    ("acceleratorCount", "machineSpec"),
    ("imageUri", "containerSpec"),
    ("command", "containerSpec"),
    ("args", "containerSpec"),
    ("env", "containerSpec"),
    ("timeout", "scheduling"),
    ("restartJobOnWorkerRestart", "scheduling"),
    ("outputUriPrefix", "baseOutputDirectory"),
    ("measurementSelectionType", "studySpec"),
    ("studyStoppingConfig", "studySpec"),
    ("maxTrialCount", "the job, beside studySpec"),
    ("parallelTrialCount", "the job, beside studySpec"),
    ("maxFailedTrialCount", "the job, beside studySpec"),
    ("scaleType", "parameters[]"),
    ("conditionalParameterSpecs", "parameters[]"),
];

/// Vertex AI's.
pub(super) static VERTEX: System = System {
    writer: "Vertex AI",
    wrong_type: Code::VertexType,
    placeholder: Code::VertexPlaceholder,
    variable: Code::VertexVariable,
    empty_item: Code::VertexEmptyItem,
    twice: Code::VertexTwice,
    misplaced: Code::VertexMisplaced,
    unknown: Code::VertexUnknownField,
    left_out: Code::VertexLeftOut,
    output: Code::VertexOutputField,
    missing: Code::VertexMissing,
    refused: Code::VertexKind,
    instead: Code::VertexLeftOut,
    homes: &MISPLACED,
};
