//! What callers of an endpoint meet, whichever revision answers: its name, port, limits and tokens.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use mlctl_router::TokenHash;
use serde::{Deserialize, Serialize};

use super::error::ServeError;
use crate::gang::RunId;
use crate::spec::{Endpoint, Expose, RequestLimits, Routers, Shadow, Sticky, Tls};
use crate::storage::{BucketSettings, Place};
use crate::store::{Durability, EndpointPaths, write_atomic};
use crate::sys;
use crate::text::{Percent, read_document};
use crate::work::buckets::bucket_settings;

/// Format of the document: the one that is written, and the newest that can be read.
const ENDPOINT_VERSION: u32 = 1;

/// Name of the file with this document.
pub const ENDPOINT_DOCUMENT: &str = "endpoint.json";
/// Requests that are under way when the endpoint ends have so long, where nothing says how long.
const USUAL_DRAIN: Duration = Duration::from_secs(30);

/// An endpoint as it lies in the state folder, `endpoints/<endpoint>/endpoint.json`. What its revisions are
/// is in their [`Definition`](super::Definition)s, and which of them has which share in the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointDocument {
    /// Format of this document.
    pub schema_version: u32,
    /// The endpoint's id: that of the run that began it.
    pub endpoint: RunId,
    /// Its name, by which people and Vertex AI's calls know it.
    pub name: String,
    /// When it was begun.
    pub created: Timestamp,
    /// Where its replicas run.
    pub runtime: String,
    /// The folder in which it was asked for.
    pub base: PathBuf,
    /// The model's name in requests.
    pub model_name: String,
    /// The port that callers use; absent: a free one, which stays the same from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What the router takes from callers.
    #[serde(default)]
    pub limits: RequestLimits,
    /// What keeps a caller on one revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
    /// Who gets copies of requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Shadow>,
    /// SHA-256 of the tokens that let callers in; without any everybody may ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<TokenHash>,
    /// Requests that are under way when the endpoint ends have so long; absent: 30 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<Duration>,
    /// The processes that requests go through; on a laptop there is one, whatever the spec says.
    #[serde(default, skip_serializing_if = "Routers::is_default")]
    pub routers: Routers,
    /// What a cluster shows of it outside.
    #[serde(default, skip_serializing_if = "Expose::is_default")]
    pub expose: Expose,
    /// Encryption between callers and routers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// SHA-256 of the certificate that callers see on this machine, so that another one is noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Which requests are kept, and where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<KeptRequests>,
}

/// Requests and answers that are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptRequests {
    /// How many of all requests, from 0 to 1.
    pub sample: f64,
    /// The folder that they are written to.
    pub to: Place,
    /// How its bucket is reached.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<String, BucketSettings>,
}

impl KeptRequests {
    /// What a spec says of them, with a place for whoever knows nothing of the spec's folder.
    pub fn of(endpoint: &Endpoint, base: &Path) -> Option<Self> {
        let log = endpoint.log.as_ref()?;
        let to = log.to.without_file_scheme().starting_at(base);
        Some(Self {
            sample: log.sample.map_or(USUAL_SAMPLE, Percent::fraction),
            storage: bucket_settings(&endpoint.storage, [&to]),
            to,
        })
    }

    /// The same for pods, which know nothing of the user's settings, `own`: what those say of its bucket goes
    /// with it, unless the spec says how pods reach that.
    #[must_use]
    pub fn in_pods(mut self, own: &BTreeMap<String, BucketSettings>) -> Self {
        let Some(bucket) = self.to.bucket() else { return self };
        let scheme = bucket.split_once("://").map_or(bucket.as_str(), |(scheme, _)| scheme);
        let all = format!("{scheme}://");
        if !self.storage.contains_key(&bucket) && !self.storage.contains_key(&all) {
            let known = own.iter().filter(|(name, _)| **name == bucket || **name == all);
            // A profile is a section of a file of this machine.
            let known = known.map(|(name, settings)| {
                (name.clone(), BucketSettings { profile: None, ..settings.clone() })
            });
            self.storage.extend(known);
        }
        self
    }
}

/// One of a hundred requests is kept where nothing says how many.
const USUAL_SAMPLE: f64 = 0.01;

impl EndpointDocument {
    /// The format that is written.
    pub const VERSION: u32 = ENDPOINT_VERSION;

    /// How long requests may go on that are under way when the endpoint ends.
    pub fn drain(&self) -> Duration {
        self.drain.unwrap_or(USUAL_DRAIN)
    }

    /// Where it is reached within its cluster: `http://digits.team-a.svc`.
    pub fn url_within(&self, namespace: &str, scheme: &str) -> String {
        let usual = if scheme == "https" { 443 } else { 80 };
        let port = self.port.filter(|port| *port != usual);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{}.{namespace}.svc{port}", self.name)
    }

    /// Reads the document of an endpoint.
    pub fn read(paths: &EndpointPaths) -> Result<Self, ServeError> {
        let path = paths.document();
        let damaged = |reason: String| ServeError::Damaged { path: path.clone(), reason };
        let bytes = sys::read_own(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ServeError::Missing(paths.endpoint.clone()),
            _ => error.into(),
        })?;
        let document: Self =
            read_document(&bytes, ENDPOINT_VERSION).map_err(|error| damaged(error.to_string()))?;
        if document.endpoint != paths.endpoint {
            return Err(damaged(format!("it says that it is of {}", document.endpoint)));
        }
        Ok(document)
    }

    /// Writes the document so that it survives a loss of power.
    pub fn write(&self, paths: &EndpointPaths) -> Result<(), ServeError> {
        let bytes = serde_json::to_vec_pretty(self).map_err(std::io::Error::from)?;
        Ok(write_atomic(&paths.document(), &bytes, Durability::PowerLoss)?)
    }
}
