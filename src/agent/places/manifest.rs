//! What counts as uploaded: one document for each replica, `_mlctl/sync/REPLICA.json` in the output.
//!
//! Objects are written first and the document last, so that it never names anything that is not there
//! whole; what it does not name is not restored. A file that changes is uploaded beside the version
//! that the document names, and takes its place once the document names the new one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::PlaceError;
use super::names::{below, stays_within};
use crate::gang::{ReplicaId, RunId};
use crate::storage::{Place, Stores};
use crate::text::read_document;

/// Format of the document.
const VERSION: u32 = 1;
/// A document of a million files is smaller.
const LIMIT: u64 = 256 << 20;
/// Where the documents are, below the output.
const FOLDER: &str = "_mlctl/sync";

/// The files that one replica has uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) schema_version: u32,
    /// The run that has uploaded them.
    pub(super) run: RunId,
    /// By their paths in the output.
    pub(super) files: BTreeMap<String, Kept>,
}

/// One file that has been uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    pub(super) size: u64,
    pub(super) sha256: String,
    /// The object's name below the output, where it is not the file's own path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) object: Option<String>,
}

impl Manifest {
    /// Nothing has been uploaded yet.
    pub(super) fn new(run: &RunId) -> Self {
        Self { schema_version: VERSION, run: run.into(), files: BTreeMap::new() }
    }

    /// Where the document of a replica is.
    fn place(output: &Place, replica: &ReplicaId) -> Place {
        below(output, &format!("{FOLDER}/{replica}.json"))
    }

    /// Writes the document.
    pub(super) async fn put(
        &self,
        stores: &Stores,
        output: &Place,
        replica: &ReplicaId,
    ) -> Result<(), PlaceError> {
        let place = Self::place(output, replica);
        let bytes = serde_json::to_vec(self).map_err(|error| PlaceError::Damaged {
            place: place.clone(),
            why: error.to_string(),
        })?;
        stores.put(&place, bytes).await?;
        Ok(())
    }

    /// All documents of an output, by replica.
    pub(super) async fn all(
        stores: &Stores,
        output: &Place,
    ) -> Result<BTreeMap<ReplicaId, Self>, PlaceError> {
        let folder = below(output, &format!("{FOLDER}/"));
        let mut all = BTreeMap::new();
        for object in stores.list(&folder).await? {
            let name = object.place.as_str().strip_prefix(folder.as_str());
            let replica = name.and_then(|name| name.strip_suffix(".json")?.parse().ok());
            let Some(replica) = replica else { continue };
            let (_, bytes) = stores.read(&object.place, LIMIT).await?;
            let damaged = |why: String| PlaceError::Damaged { place: object.place.clone(), why };
            let manifest: Self =
                read_document(&bytes, VERSION).map_err(|error| damaged(error.to_string()))?;
            let names = manifest
                .files
                .iter()
                .flat_map(|(path, kept)| [Some(path), kept.object.as_ref()].into_iter().flatten());
            if let Some(bad) = names.into_iter().find(|name| !stays_within(name)) {
                return Err(damaged(format!("it names `{bad}`, which would leave its folder")));
            }
            all.insert(replica, manifest);
        }
        Ok(all)
    }
}

impl Kept {
    /// Where the object of a file is.
    pub(super) fn place(&self, output: &Place, path: &str) -> Place {
        below(output, self.object.as_deref().unwrap_or(path))
    }
}

/// Where a version of a file lies until it may take its place.
pub(super) fn beside(replica: &ReplicaId, word: &str) -> String {
    format!("{FOLDER}/{replica}/{word}")
}
