//! What an endpoint's routers read and write in the cluster.

use std::collections::BTreeMap;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::ConfigMap;

use super::names::{JOURNAL_KEY, LIVE_KEY, documents_name, journal_name, live_name};
use crate::plan::{EndpointPods, Plan};
use crate::runtime::kubernetes::objects::record::fits;
use crate::runtime::kubernetes::objects::{ManifestContext, Reason, meta};

/// What the controller reads. The error says that it is too large.
pub(super) fn documents(
    plan: &Plan,
    context: &ManifestContext,
    service: &EndpointPods,
) -> Result<ConfigMap, Reason> {
    fits("what its controller reads", service.documents.values().map(String::len).sum())?;
    Ok(ConfigMap {
        metadata: meta(plan, context, documents_name(&plan.head.run)),
        data: Some(service.documents.clone()),
        ..ConfigMap::default()
    })
}

/// What the routers write, as it is at first. The error says that it is too large.
pub(super) fn written(
    plan: &Plan,
    context: &ManifestContext,
    service: &EndpointPods,
) -> Result<Vec<ConfigMap>, Reason> {
    fits("the beginning of its journal", service.journal.len())?;
    let map = |name: String, key: &str, text: &str| ConfigMap {
        metadata: meta(plan, context, name),
        data: Some(BTreeMap::from([(key.to_owned(), text.to_owned())])),
        ..ConfigMap::default()
    };
    let run = &plan.head.run;
    Ok(vec![
        map(live_name(run), LIVE_KEY, ""),
        map(journal_name(run), JOURNAL_KEY, &service.journal),
    ])
}

/// Says which of the routers decides; at first none does.
pub(super) fn lease(plan: &Plan, context: &ManifestContext) -> Lease {
    Lease {
        metadata: meta(plan, context, plan.head.run.to_string()),
        spec: Some(LeaseSpec::default()),
    }
}
