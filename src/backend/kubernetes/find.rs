//! Runs as the cluster knows them, for machines that don't.

use k8s_openapi::api::core::v1::ConfigMap;

use super::connect::Location;
use super::record::Record;
use super::runtime::Inner;
use super::{annotation, label};
use crate::backend::{BackendError, FoundRun, Wanted};
use crate::store::RunRecord;

/// The runs that are wanted, by their records.
pub(super) fn find(inner: &Inner, wanted: &Wanted) -> Result<Vec<FoundRun>, BackendError> {
    let cluster = inner.cluster()?;
    let mut selector = format!("{}={}", label::RECORD, label::TRUE);
    match wanted {
        Wanted::Run(run) => selector += &format!(",{}={run}", label::RUN),
        Wanted::Mine => {
            selector += &format!(",{}={}", label::USER, super::user_label(&inner.user()?));
        }
        Wanted::All => {}
    }
    let maps: Vec<ConfigMap> = inner.block_on(cluster.list(&selector, ""))?;
    Ok(maps.into_iter().filter_map(|map| found(map, &cluster.location)).collect())
}

fn found(map: ConfigMap, location: &Location) -> Option<FoundRun> {
    let annotations = map.metadata.annotations.clone().unwrap_or_default();
    let record = Record::of(map);
    let user = annotations.get(annotation::USER).cloned();
    let run = record.run()?;
    Some(FoundRun {
        record: RunRecord {
            runtime: location.to_string(),
            user: user.unwrap_or_else(|| run.user.clone()),
            ..run
        },
        plan: record.plan(),
        spec: record.spec().cloned().unwrap_or_default(),
        verdict: record.verdict.clone(),
    })
}
