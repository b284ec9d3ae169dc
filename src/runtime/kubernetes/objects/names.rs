//! Names, labels and annotations of a run's objects: all that is needed to find it again.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use sha2::{Digest, Sha256};

use super::context::ManifestContext;
use crate::gang::RunId;
use crate::plan::{Plan, TrialOf};
use crate::spec::lint::is_label;

/// Keys and values of the labels that mlctl gives its objects.
pub mod label {
    /// Always [`MLCTL`].
    pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
    /// The id of the run that the object belongs to.
    pub const RUN: &str = "mlctl.dev/run";
    /// The `name` of the spec.
    pub const NAME: &str = "mlctl.dev/name";
    /// The `kind` of the spec.
    pub const KIND: &str = "mlctl.dev/kind";
    /// The role, on a Job and pods that have only one.
    pub const ROLE: &str = "mlctl.dev/role";
    /// Who submitted the run, in the form that [`super::user_label`] gives.
    pub const USER: &str = "mlctl.dev/user";
    /// The study that the run decides over, or that it is a trial of.
    pub const STUDY: &str = "mlctl.dev/study";
    /// The number of the trial in its study.
    pub const TRIAL: &str = "mlctl.dev/trial";
    /// [`TRUE`] on a run's record only.
    pub const RECORD: &str = "mlctl.dev/record";
    /// Value of [`RECORD`].
    pub const TRUE: &str = "true";
    /// Value of [`MANAGED_BY`] and the field manager.
    pub const MLCTL: &str = "mlctl";
    /// The Job's queue of Kueue.
    pub const QUEUE: &str = "kueue.x-k8s.io/queue-name";
}

/// Keys of the annotations that mlctl gives its objects.
pub mod annotation {
    /// Who submitted the run: the whole name that the cluster knows them by.
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

/// A user's name as a label's value: names of clusters (`system:serviceaccount:a:b`, addresses)
/// are no label values, so it is the first half of their SHA-256.
pub fn user_label(user: &str) -> String {
    let mut hash = sha256(user);
    hash.truncate(32);
    hash
}

/// The name of the ConfigMap that holds `pod.json`, the agents' document.
pub fn pod_config_name(run: &RunId) -> String {
    format!("{run}-pod")
}

/// The name of one of the ConfigMaps with code, which are counted from 0.
pub(crate) fn code_name(run: &RunId, index: usize) -> String {
    format!("{run}-code-{index}")
}

/// The name of the run's Secret. Nobody foresees it who doesn't know the token: mlctl may not read
/// Secrets, so it could not tell one that somebody else had put there first. The Jobs name it, and
/// they come last.
pub(crate) fn secret_name(run: &str, token: &str) -> String {
    let mut hash = sha256(&format!("the name of the Secret with {token}"));
    hash.truncate(10);
    format!("{run}-{hash}")
}

/// The labels of all objects of a run: those of the spec that are valid in a cluster and hold no secret,
/// and mlctl's own, which win.
pub(crate) fn labels(plan: &Plan, context: &ManifestContext) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> = plan
        .head
        .shown_labels()
        .into_iter()
        // A mask is no value that a label may have.
        .filter(|(key, value)| is_label(key, value) && !is_the_clusters(key))
        .collect();
    for (key, value) in [
        (label::MANAGED_BY, label::MLCTL),
        (label::RUN, &plan.head.run),
        (label::NAME, &plan.head.name),
        (label::KIND, &context.kind),
        (label::USER, &user_label(&context.user)),
    ] {
        labels.insert(key.into(), value.into());
    }
    if let Some(TrialOf { study, trial }) = &plan.head.trial {
        labels.insert(label::STUDY.into(), study.to_string());
        labels.insert(label::TRIAL.into(), trial.to_string());
    }
    if let Some(study) = plan.study() {
        labels.insert(label::STUDY.into(), study.to_string());
    }
    labels
}

/// The metadata of an object of the run that is called `name`.
pub(crate) fn meta(plan: &Plan, context: &ManifestContext, name: String) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: (!context.namespace.is_empty()).then(|| context.namespace.clone()),
        labels: Some(labels(plan, context)),
        annotations: Some(annotations(context)),
        ..ObjectMeta::default()
    }
}

/// The annotations of all objects of a run.
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
