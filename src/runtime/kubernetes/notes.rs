//! Notes of a study or an endpoint in a cluster: ConfigMaps, one after the other. Only the last one is added to, and by
//! who has seen all that is in it: of two writers at once one comes too late, and reads first.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::client::{Cluster, is_not_found};
use super::objects::endpoint::{LIVE_KEY, documents_name, live_name};
use super::objects::label;
use super::session::Session;
use crate::gang::RunId;
use crate::runtime::{ClusterError, RuntimeError};

/// The key of a ConfigMap's data.
const KEY: &str = "journal.jsonl";
/// A ConfigMap holds 1 MiB, and a line of a study is at most some tens of KiB.
const FULL: usize = 700 << 10;
/// So often somebody else may come first.
const TRIES: usize = 10;

/// What is known of a study's ConfigMaps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// The texts of those that are full: nothing is added to them any more.
    full: Vec<String>,
}

fn name(group: &RunId, index: usize) -> String {
    format!("{group}-journal-{index}")
}

fn text(map: &ConfigMap) -> String {
    map.data.as_ref().and_then(|data| data.get(KEY)).cloned().unwrap_or_default()
}

/// All bytes of the notes behind the first `from` ones.
pub(crate) fn read(session: &Session, group: &RunId, from: u64) -> Result<Vec<u8>, RuntimeError> {
    let cluster = session.cluster()?;
    let mut known = session.notes(group);
    let last = session.block_on(last(&cluster, group, &mut known))?;
    let mut all: String = known.full.concat();
    session.keep_notes(group, known);
    all.push_str(&last.map(|map| text(&map)).unwrap_or_default());
    let from = usize::try_from(from).unwrap_or(usize::MAX).min(all.len());
    Ok(all.into_bytes().split_off(from))
}

/// The documents of an endpoint that were applied last; none where nothing of it is left.
pub(crate) fn applied(
    session: &Session,
    endpoint: &RunId,
) -> Result<BTreeMap<String, String>, RuntimeError> {
    let cluster = session.cluster()?;
    let map: Option<ConfigMap> = session.block_on(cluster.find(&documents_name(endpoint)))?;
    Ok(map.and_then(|map| map.data).unwrap_or_default())
}

/// How an endpoint is, as its leading router said last.
pub(crate) fn shown(session: &Session, endpoint: &RunId) -> Result<Option<Vec<u8>>, RuntimeError> {
    let cluster = session.cluster()?;
    let map: Option<ConfigMap> = session.block_on(cluster.find(&live_name(endpoint)))?;
    let text = map.and_then(|map| map.data?.remove(LIVE_KEY)).filter(|text| !text.is_empty());
    Ok(text.map(String::into_bytes))
}

/// Adds lines to the notes.
pub(crate) fn add(session: &Session, group: &RunId, lines: &[u8]) -> Result<(), RuntimeError> {
    let cluster = session.cluster()?;
    let lines = str::from_utf8(lines).map_err(std::io::Error::other)?;
    let mut known = session.notes(group);
    let added = session.block_on(async {
        for attempt in 0..TRIES {
            let last = last(&cluster, group, &mut known).await?;
            let is_added = match last {
                // The answer to an earlier try was lost.
                Some(map) if attempt > 0 && text(&map).ends_with(lines) => true,
                Some(map) if text(&map).len() + lines.len() <= FULL => {
                    let text = text(&map) + lines;
                    change(&cluster, &map, &text).await?
                }
                Some(map) => {
                    known.full.push(text(&map));
                    create(&cluster, group, known.full.len(), lines).await?
                }
                None => create(&cluster, group, known.full.len(), lines).await?,
            };
            if is_added {
                return Ok(());
            }
        }
        Err(ClusterError::Api(format!("the notes of {group} are written to by somebody else")))
    });
    session.keep_notes(group, known);
    Ok(added?)
}

/// The last of the ConfigMaps; those before it become known. `None` before there is any.
async fn last(
    cluster: &Cluster,
    group: &RunId,
    known: &mut Known,
) -> Result<Option<ConfigMap>, ClusterError> {
    let mut found: Option<ConfigMap> = None;
    loop {
        let index = known.full.len() + usize::from(found.is_some());
        let next: Option<ConfigMap> = cluster.find(&name(group, index)).await?;
        let Some(next) = next else { return Ok(found) };
        if let Some(before) = found.replace(next) {
            known.full.push(text(&before));
        }
    }
}

/// Writes a text into a ConfigMap that is still as it was read; `false` where it isn't.
async fn change(cluster: &Cluster, map: &ConfigMap, text: &str) -> Result<bool, ClusterError> {
    let name = map.metadata.name.clone().unwrap_or_default();
    let patch = json!({
        "metadata": {"resourceVersion": map.metadata.resource_version},
        "data": {KEY: text},
    });
    let api = cluster.api::<ConfigMap>();
    let params = PatchParams { field_manager: Some(label::MLCTL.into()), ..Default::default() };
    let patch = Patch::Merge(&patch);
    match cluster.retry(|| api.patch(&name, &params, &patch)).await {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(error) if is_not_found(&error) => Ok(false),
        Err(error) => Err(cluster.target.explain(error)),
    }
}

/// Makes the next ConfigMap; `false` where somebody else has. The study's record owns it, so that it goes
/// with that.
async fn create(
    cluster: &Cluster,
    group: &RunId,
    index: usize,
    text: &str,
) -> Result<bool, ClusterError> {
    let record: Option<ConfigMap> = cluster.find(group).await?;
    let owner = record.as_ref().and_then(|record| {
        Some(OwnerReference {
            api_version: "v1".into(),
            kind: "ConfigMap".into(),
            name: record.metadata.name.clone()?,
            uid: record.metadata.uid.clone()?,
            ..OwnerReference::default()
        })
    });
    // The labels of the record say whose it is; that it is one it says alone.
    let mut labels = record.and_then(|record| record.metadata.labels).unwrap_or_default();
    labels.remove(label::RECORD);
    let map = ConfigMap {
        metadata: ObjectMeta {
            name: Some(name(group, index)),
            labels: Some(labels),
            owner_references: owner.map(|owner| vec![owner]),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([(KEY.to_owned(), text.to_owned())])),
        ..ConfigMap::default()
    };
    match cluster.create(&map).await {
        Ok(_) => Ok(true),
        Err(ClusterError::Taken(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
