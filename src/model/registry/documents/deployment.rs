//! Where a version is deployed, as whoever has deployed it says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::text::hex;

/// Format of a [`Deployment`].
pub const DEPLOYMENT_VERSION: u32 = 1;

/// A revision of an endpoint, wherever in the world it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// The endpoint's name.
    pub endpoint: String,
    /// The revision's name.
    pub revision: String,
    /// Where it serves: `local`, or `<context>/<namespace>` of a cluster.
    pub runtime: String,
    /// The machine whose endpoint it is, where the runtime is `local`: several may share a registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

/// A version is deployed as a revision of an endpoint: `_mlctl/deployments/VERSION-HASH.json`. While it is
/// there, the version can't be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// [`DEPLOYMENT_VERSION`].
    pub schema_version: u32,
    /// The version.
    pub version: u64,
    /// Where it is deployed.
    #[serde(flatten)]
    pub at: Endpoint,
    /// Since when.
    pub since: Timestamp,
    /// Name of the user who has deployed it.
    pub by: String,
}

impl Endpoint {
    /// A word that only this revision has, safe in paths and keys whatever the names are.
    pub(in crate::model::registry) fn word(&self) -> String {
        let host = self.host.as_deref().unwrap_or_default();
        let all = [&self.endpoint, &self.revision, &self.runtime, host];
        let mut digest = Sha256::new();
        for part in all {
            digest.update(part.as_bytes());
            // No name has it, so that two that are cut differently are not the same.
            digest.update([0]);
        }
        hex::encode(&digest.finalize()[..12])
    }
}
