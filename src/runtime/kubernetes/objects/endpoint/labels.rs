//! Which endpoint an object is of, and which pods are whose.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::names::{DEPLOYMENT, PART, REPLICA, ROUTER};
use crate::gang::RunId;
use crate::plan::{Plan, RevisionPods};
use crate::runtime::kubernetes::objects::label;

/// The labels by which the pods that route are found.
pub(super) fn of_routers(endpoint: &RunId) -> BTreeMap<String, String> {
    [(label::RUN, endpoint.as_str()), (PART, ROUTER)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// The labels by which the pods of a revision are found.
pub(super) fn of_replicas(endpoint: &RunId, deployment: &RunId) -> BTreeMap<String, String> {
    [(label::RUN, endpoint.as_str()), (PART, REPLICA), (DEPLOYMENT, deployment.as_str())]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// What selects by labels.
pub(super) fn selector(labels: BTreeMap<String, String>) -> LabelSelector {
    LabelSelector { match_labels: Some(labels), match_expressions: None }
}

/// Makes what was written for a revision's own plan an object of the endpoint, by which it is found.
pub(super) fn of_endpoint(meta: &mut ObjectMeta, plan: &Plan, revision: &RevisionPods) {
    let labels = meta.labels.get_or_insert_default();
    labels.extend(of_replicas(&plan.head.run, &revision.deployment));
    labels.insert(label::NAME.into(), plan.head.name.clone());
    labels.insert(label::ROLE.into(), revision.revision.clone());
}
