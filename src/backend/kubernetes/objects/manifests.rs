//! The objects of one run.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service};

use crate::backend::SecretValues;
use crate::plan::Plan;

/// What manifests depend on besides the plan.
#[derive(Clone)]
pub struct ManifestContext {
    /// Namespace of everything.
    pub namespace: String,
    /// Image of mlctl itself, for the init container.
    pub runner_image: String,
    /// Who submits, in full, as the cluster knows them.
    pub user: String,
    /// Random word that marks the agents' lines.
    pub nonce: String,
    /// The gang's token.
    pub token: String,
    /// Values that only the run's Secret may hold.
    pub secrets: SecretValues,
    /// The spec as it was run, secrets masked: kept in the run's record.
    pub resolved: String,
    /// Facts of the submission as JSON (the `run.json` of the state folder): kept in the record.
    pub record: String,
}

/// The objects of one run, in the order in which they are created.
#[derive(Clone, Debug)]
pub struct Manifests {
    /// The record and owner of everything: spec, plan, later the verdict. Deleting it deletes all.
    pub record: ConfigMap,
    /// Gives pods their names.
    pub service: Service,
    /// The token and secret values.
    pub secret: Secret,
    /// `pod.json` and the code.
    pub config_maps: Vec<ConfigMap>,
    /// The gang.
    pub jobs: Vec<Job>,
}

/// The plan can't be written as objects of a cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Every reason at once.
    #[error("{}", .0.join("; "))]
    Refused(Vec<String>),
}

/// The objects of a run.
pub fn manifests(plan: &Plan, context: &ManifestContext) -> Result<Manifests, ManifestError> {
    let _ = (plan, context);
    Err(ManifestError::Refused(vec!["manifests are not written yet".into()]))
}
