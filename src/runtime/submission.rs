//! What a submission brings along besides its plan.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::storage::ClaimMode;

/// Something that doesn't stop a submission but that the user must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice(pub String);

/// Values that must not be written down: environment variables by name, for each role.
#[derive(Clone, Default)]
pub struct SecretValues(pub BTreeMap<String, BTreeMap<String, String>>);

/// Choices of one submission that are not part of the plan.
#[derive(Clone, Debug, Default)]
pub struct SubmitOptions {
    /// The spec's kind, by which clusters label the objects of a run.
    pub kind: &'static str,
    /// Whose run it is, by the name that the cluster knows; `None`: who submits it. The loop of a study
    /// has an account of its own, and its trials are those of who began the study.
    pub owner: Option<String>,
    /// Run on the CPU where the accelerators are not there.
    pub allow_cpu: bool,
    /// Put more replicas on a GPU than it is for.
    pub share_gpus: bool,
    /// What is held by other runs just now is waited for, in the order in which runs came. A cluster queues
    /// by itself.
    pub queue: bool,
    /// The spec describes another system's machines: what it asks of memory is a hint.
    pub foreign: bool,
    /// What is done with an output that another run has filled.
    pub claim: ClaimMode,
    /// Code of any size travels.
    pub large_code: bool,
    /// A dry run: nothing will be started, and a cluster is asked whether it would accept the
    /// objects.
    pub rehearse: bool,
}
