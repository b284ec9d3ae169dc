//! What the objects of a run depend on besides its plan.

use std::time::Duration;

use super::bundle::CodeBundle;
use crate::hardware::accelerator::CustomAccelerators;
use crate::runtime::SecretValues;

/// What manifests depend on besides the plan.
#[derive(Clone, Default)]
pub struct ManifestContext {
    /// Namespace of everything; empty: the one that whoever applies them has chosen.
    pub namespace: String,
    /// Image of mlctl itself, for the init container.
    pub runner_image: String,
    /// Architectures that the runner image has, as nodes call them: `amd64`, `arm64`. None: any.
    pub architectures: Vec<String>,
    /// Types of accelerators that the settings add.
    pub accelerators: CustomAccelerators,
    /// How long ended Jobs, their pods and logs stay; `None`: until the record is deleted.
    pub keep: Option<Duration>,
    /// A quota of the namespace wants a limit for the CPU of every container.
    pub cpu_limits: bool,
    /// The spec's kind.
    pub kind: String,
    /// Who submits, in full, as the cluster knows them.
    pub user: String,
    /// A random word that marks the agents' own lines in the log.
    pub nonce: String,
    /// The secret by which agents recognise each other.
    pub token: String,
    /// Values of secret variables by role and name, which only the run's Secret may hold.
    pub secrets: SecretValues,
    /// The files of the code, see [`CodeBundle::of`].
    pub code: CodeBundle,
    /// The spec as it was run, secrets masked: kept in the run's record.
    pub resolved: String,
    /// Facts of the submission as JSON (the `run.json` of the state folder): kept in the record.
    pub record: String,
}
