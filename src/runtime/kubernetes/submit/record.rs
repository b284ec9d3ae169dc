//! The run's record in the cluster: what outlives its Jobs.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::json;

use crate::gang::{RunId, Verdict};
use crate::plan::Plan;
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::objects::{annotation, record_key};
use crate::store::{RECORD_VERSION, RunRecord};
use crate::text::{FormatError, read_document};

/// A run's record as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// The object itself.
    pub(crate) map: ConfigMap,
    /// When it was made, by the cluster's clock; `None` when the object doesn't say.
    pub(crate) created: Option<Timestamp>,
    /// How the run ended, as the mlctl that saw it wrote it down.
    pub(crate) verdict: Option<Verdict>,
    /// Who cancelled it by deleting its Jobs.
    pub(crate) cancelled_by: Option<String>,
    /// Whether all of its Jobs were made; `None` for a run of one Job, which needs no such mark.
    pub(crate) submitted: Option<bool>,
}

impl Record {
    /// Reads the object. Parts that can't be understood count as absent.
    pub(crate) fn of(map: ConfigMap) -> Self {
        let annotations = map.metadata.annotations.clone().unwrap_or_default();
        let data = map.data.as_ref();
        let verdict = data.and_then(|data| data.get(record_key::VERDICT));
        Self {
            created: map.metadata.creation_timestamp.as_ref().map(|time| time.0),
            verdict: verdict.and_then(|text| serde_json::from_str(text).ok()),
            cancelled_by: annotations.get(annotation::CANCELLED_BY).cloned(),
            submitted: annotations.get(annotation::SUBMITTED).map(|text| text == "true"),
            map,
        }
    }

    /// Its submission may not have been finished. Whether Jobs are there is not known to it.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.verdict.is_none() && self.submitted != Some(true)
    }

    fn text(&self, key: &str) -> Option<&String> {
        self.map.data.as_ref()?.get(key)
    }

    /// The plan, secrets masked. The error says what keeps it from being understood.
    pub(crate) fn plan(&self) -> Result<Plan, FormatError> {
        Plan::read(self.text(record_key::PLAN).map_or("", String::as_str).as_bytes())
    }

    /// The spec as it was run, secrets masked, as YAML.
    pub(crate) fn spec(&self) -> Option<&String> {
        self.text(record_key::SPEC)
    }

    /// Who submitted what and when. The error says what keeps it from being understood.
    pub(crate) fn run(&self) -> Result<RunRecord, FormatError> {
        let text = self.text(record_key::RUN).map_or("", String::as_str);
        read_document(text.as_bytes(), RECORD_VERSION)
    }
}

/// The record of a run; `None` when it is not in the cluster.
pub(crate) async fn record(cluster: &Cluster, run: &RunId) -> Result<Option<Record>, ClusterError> {
    let map: Option<ConfigMap> = cluster.find(run).await?;
    Ok(map.map(Record::of))
}

/// Writes into the record how the run ended, over what was there before. A record that is gone is
/// passed over.
pub(crate) async fn write_verdict(
    cluster: &Cluster,
    run: &RunId,
    verdict: &Verdict,
) -> Result<(), ClusterError> {
    let text = serde_json::to_string(verdict).unwrap_or_default();
    let change = json!({
        "metadata": {"annotations": {annotation::OUTCOME: verdict.outcome.as_str()}},
        "data": {record_key::VERDICT: text},
    });
    cluster.change::<ConfigMap>(run, &change).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_without_a_time_has_no_age() {
        let record = Record::of(ConfigMap::default());
        assert_eq!(record.created, None);
        assert!(record.is_unfinished());
    }
}
