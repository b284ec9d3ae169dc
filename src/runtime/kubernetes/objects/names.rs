//! Names, labels and annotations of a run's objects: all that is needed to find it again.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use sha2::{Digest, Sha256};

use super::context::ManifestContext;
use crate::plan::Plan;
use crate::spec::lint::is_label;

/// Labels of every object.
pub mod label {
    /// Always [`MLCTL`].
    pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
    /// The run's id.
    pub const RUN: &str = "mlctl.dev/run";
    /// The spec's name.
    pub const NAME: &str = "mlctl.dev/name";
    /// The spec's kind.
    pub const KIND: &str = "mlctl.dev/kind";
    /// The role, on a Job and pods that have only one.
    pub const ROLE: &str = "mlctl.dev/role";
    /// Who submitted, see [`super::user_label`].
    pub const USER: &str = "mlctl.dev/user";
    /// [`TRUE`] on a run's record only.
    pub const RECORD: &str = "mlctl.dev/record";
    /// Value of [`RECORD`].
    pub const TRUE: &str = "true";
    /// Value of [`MANAGED_BY`] and the field manager.
    pub const MLCTL: &str = "mlctl";
    /// The Job's queue of Kueue.
    pub const QUEUE: &str = "kueue.x-k8s.io/queue-name";
}

/// Annotations of every object.
pub mod annotation {
    /// Who submitted, in full.
    pub const USER: &str = "mlctl.dev/user";
    /// The version of mlctl that wrote the object.
    pub const VERSION: &str = "mlctl.dev/version";
    /// SHA-256 of the spec as it was run.
    pub const SPEC_HASH: &str = "mlctl.dev/spec-hash";
    /// On a record of several Jobs: `true` once all are made and may start.
    pub const SUBMITTED: &str = "mlctl.dev/submitted";
    /// On a record: who ended the run by deleting its Jobs.
    pub const CANCELLED_BY: &str = "mlctl.dev/cancelled-by";
    /// On a record: how the run ended, once an mlctl has seen it.
    pub const OUTCOME: &str = "mlctl.dev/outcome";
}

/// The kind of a training run in labels.
pub const TRAIN_JOB: &str = "TrainJob";

/// A user's name as a label's value: names of clusters (`system:serviceaccount:a:b`, addresses)
/// are no label values, so it is the first half of their SHA-256.
pub fn user_label(user: &str) -> String {
    let mut hash = sha256(user);
    hash.truncate(32);
    hash
}

/// Name of the ConfigMap with `pod.json`.
pub fn pod_config_name(run: &str) -> String {
    format!("{run}-pod")
}

/// Name of a ConfigMap with code.
pub(crate) fn code_name(run: &str, index: usize) -> String {
    format!("{run}-code-{index}")
}

/// Labels of all objects of a run: the spec's, those that are allowed, and mlctl's over them.
pub(crate) fn labels(plan: &Plan, context: &ManifestContext) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> = plan
        .head
        .labels
        .iter()
        .filter(|(key, value)| is_label(key, value) && !is_the_clusters(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (key, value) in [
        (label::MANAGED_BY, label::MLCTL),
        (label::RUN, &plan.head.run),
        (label::NAME, &plan.head.name),
        (label::KIND, TRAIN_JOB),
        (label::USER, &user_label(&context.user)),
    ] {
        labels.insert(key.into(), value.into());
    }
    labels
}

/// Metadata of one object.
pub(crate) fn meta(plan: &Plan, context: &ManifestContext, name: String) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: (!context.namespace.is_empty()).then(|| context.namespace.clone()),
        labels: Some(labels(plan, context)),
        annotations: Some(annotations(context)),
        ..ObjectMeta::default()
    }
}

pub(crate) fn annotations(context: &ManifestContext) -> BTreeMap<String, String> {
    [
        (annotation::USER, context.user.clone()),
        (annotation::VERSION, env!("CARGO_PKG_VERSION").to_owned()),
        (annotation::SPEC_HASH, sha256(&context.resolved)),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// Labels that the Job controller sets itself and insists on.
fn is_the_clusters(key: &str) -> bool {
    key.starts_with("batch.kubernetes.io/") || ["job-name", "controller-uid"].contains(&key)
}

fn sha256(text: &str) -> String {
    crate::text::hex::encode(Sha256::digest(text.as_bytes()))
}
