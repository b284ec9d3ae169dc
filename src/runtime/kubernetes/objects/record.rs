//! The run's record, which owns everything and survives the Jobs, and the agents' document.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;

use super::context::ManifestContext;
use super::error::Reason;
use super::names::{label, meta, pod_config_name};
use crate::agent::pod::{DOCUMENT, PodDocument};
use crate::plan::Plan;

/// How many bytes of values a ConfigMap holds. The limit is 1 MiB, and metadata needs a part of it.
const MAX_BYTES: usize = 900 * 1024;

/// Keys of a record's data.
pub mod record_key {
    use crate::agent::pod::PAST_FILE;

    /// The spec as it was run, secrets masked.
    pub const SPEC: &str = "spec.yaml";
    /// The plan as JSON, secrets masked.
    pub const PLAN: &str = "plan.json";
    /// Who submitted what and when: the `run.json` of the state folder.
    pub const RUN: &str = "run.json";
    /// How the run ended, once an mlctl has seen it.
    pub const VERDICT: &str = "verdict.json";
    /// What pods that come later should know of it, from who follows the run and knows its token.
    pub const PAST: &str = PAST_FILE;
}

/// The record of a run. The error says what is too large or can't be written.
pub(crate) fn record(plan: &Plan, context: &ManifestContext) -> Result<ConfigMap, Reason> {
    let plan_json = serde_json::to_string(&plan.masked())
        .map_err(|error| Reason::new(format!("the plan can't be written as JSON: {error}")))?;
    let data: BTreeMap<String, String> = [
        (record_key::SPEC.to_owned(), context.resolved.clone()),
        (record_key::PLAN.to_owned(), plan_json),
        (record_key::RUN.to_owned(), context.record.clone()),
    ]
    .into();
    fits("the run's record", data.values().map(String::len).sum())?;
    let mut metadata = meta(plan, context, plan.head.run.to_string());
    let labels = metadata.labels.get_or_insert_default();
    labels.insert(label::RECORD.into(), label::TRUE.into());
    Ok(ConfigMap { metadata, data: Some(data), ..ConfigMap::default() })
}

/// The ConfigMap with the agents' document. The error says that it is too large.
pub(crate) fn pod_document(
    plan: &Plan,
    context: &ManifestContext,
    document: &PodDocument,
) -> Result<ConfigMap, Reason> {
    let text = serde_json::to_string(document)
        .map_err(|error| Reason::new(format!("{DOCUMENT} can't be written as JSON: {error}")))?;
    fits(DOCUMENT, text.len())?;
    Ok(ConfigMap {
        metadata: meta(plan, context, pod_config_name(&plan.head.run)),
        data: Some([(DOCUMENT.to_owned(), text)].into()),
        immutable: Some(true),
        ..ConfigMap::default()
    })
}

/// Refuses what a ConfigMap can't hold; `what` names it in the message.
pub(crate) fn fits(what: &str, bytes: usize) -> Result<(), Reason> {
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    let (has, holds) = (bytes / 1024, MAX_BYTES / 1024);
    let reason = Reason::new(format!("{what} has {has} KiB and a ConfigMap holds {holds} KiB"));
    Err(reason.help("shorten `args` and `env`, or put what they say into a file of `code`"))
}
