//! What must be known of a machine and its settings to reach a store.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where credentials and settings are looked for. The library reads no environment itself.
#[derive(Clone, Default)]
pub struct StorageConfig {
    /// Environment variables, in which each cloud's own tools look for credentials and endpoints.
    pub env: BTreeMap<String, String>,
    /// The user's home, for the files of those tools.
    pub home: Option<PathBuf>,
    /// Settings by bucket, `s3://bucket`; a key that is a scheme alone, `s3://`, is meant for all of it.
    pub buckets: BTreeMap<String, BucketSettings>,
}

impl StorageConfig {
    /// The same with more settings of buckets, such as those of a spec. What is settled already counts
    /// before them: a file of somebody else must not lead credentials elsewhere.
    #[must_use]
    pub fn with(&self, more: &BTreeMap<String, BucketSettings>) -> Self {
        let mut config = self.clone();
        for (bucket, settings) in more {
            config.buckets.entry(bucket.clone()).or_insert_with(|| settings.clone());
        }
        config
    }
}

impl std::fmt::Debug for StorageConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The environment has secrets in it.
        f.debug_struct("StorageConfig").field("buckets", &self.buckets).finish_non_exhaustive()
    }
}

/// How one bucket, or every bucket of a scheme, is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BucketSettings {
    /// URL of the store's API, for a store that is not the cloud's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The bucket's region. Default: what the cloud's own variables and files say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The bucket's name is part of the path, not of the host name. Default: true with an `endpoint`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_style: Option<bool>,
    /// Requests are not signed: the bucket is open to everybody.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
    /// The requester pays for requests and traffic. On Google Cloud its project is that of the
    /// credentials.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub requester_pays: bool,
    /// The profile of `~/.aws/config` to use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
}
