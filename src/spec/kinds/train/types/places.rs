//! Where data come from, where outputs go, and how their stores are reached.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Data, Framework, TrainJob};
use crate::spec::is_writable;
use crate::storage::{BucketSettings, Place, mount_touches};

/// Where the run writes: a place, or a place with how it is written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Output {
    /// The place alone.
    Place(#[schemars(extend("x-mlctl-expand" = true))] Place),
    /// The place, and how it is written to.
    With(OutputWith),
}

/// A place of outputs, and how it is written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutputWith {
    /// A folder of this machine, `pvc://CLAIM/PATH`, or a bucket's URL such as `s3://bucket/path`.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub uri: Place,
    /// Who writes to a bucket. Default: `direct` for `gs://` with TensorFlow, which can, and `sync`
    /// otherwise. A folder or claim has no mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<OutputMode>,
}

/// Who writes to the bucket that `output` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OutputMode {
    /// The command: `AIP_MODEL_DIR` and its like are URLs in the bucket.
    Direct,
    /// The agent: `AIP_MODEL_DIR` and its like are folders, which it uploads as they change and once
    /// more at the end, and which it fills again before the next attempt and in a new pod.
    Sync,
}

impl Output {
    /// Where it is.
    pub fn place(&self) -> &Place {
        match self {
            Self::Place(place) => place,
            Self::With(with) => &with.uri,
        }
    }

    /// The same, to be changed.
    pub fn place_mut(&mut self) -> &mut Place {
        match self {
            Self::Place(place) => place,
            Self::With(with) => &mut with.uri,
        }
    }

    /// How it is written to, where the spec says so.
    pub fn mode(&self) -> Option<OutputMode> {
        match self {
            Self::Place(_) => None,
            Self::With(with) => with.mode,
        }
    }
}

impl From<Place> for Output {
    fn from(place: Place) -> Self {
        Self::Place(place)
    }
}

impl From<&str> for Output {
    fn from(place: &str) -> Self {
        Self::Place(place.into())
    }
}

/// How the buckets of a spec are reached, and with which credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Storage {
    /// Kubernetes Secret whose keys are the variables with the credentials, such as
    /// `AWS_ACCESS_KEY_ID`. On this machine your own credentials count, and it is ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub secret: Option<String>,
    /// Service account of the pods, by which the cloud knows them (workload identity). It is the same
    /// as the job's `serviceAccount`. On this machine it is ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub service_account: Option<String>,
    /// URL of the store's API, for a store that is not the cloud's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub endpoint: Option<String>,
    /// Region of the buckets. Default: what the cloud's own variables and files say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-expand" = true))]
    pub region: Option<String>,
    /// A bucket's name is part of the path, not of the host name. Default: true with an `endpoint`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_style: Option<bool>,
    /// Requests are not signed: the buckets are open to everybody.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
    /// The requester pays for requests and traffic.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub requester_pays: bool,
}

impl Storage {
    /// How each bucket of the spec is reached.
    pub fn settings(&self) -> BucketSettings {
        let Self {
            secret: _,
            service_account: _,
            endpoint,
            region,
            path_style,
            anonymous,
            requester_pays,
        } = self;
        BucketSettings {
            endpoint: endpoint.clone(),
            region: region.clone(),
            path_style: *path_style,
            anonymous: *anonymous,
            requester_pays: *requester_pays,
            profile: None,
        }
    }
}

impl TrainJob {
    /// Whether the agents keep the output. A command that can write to its bucket does so itself unless
    /// the spec says otherwise: TensorFlow, to Google's.
    pub fn is_synced(&self) -> bool {
        let Some(output) = &self.output else { return false };
        let place = output.place();
        match output.mode() {
            Some(mode) => mode == OutputMode::Sync && matches!(place, Place::Object(_)),
            None if self.framework == Framework::Tensorflow
                && place.as_str().starts_with("gs://") =>
            {
                false
            }
            None => is_writable(place),
        }
    }

    /// Whether a path such as `/gcs/bucket/out/model` is there in a pod, though nobody mounts the
    /// bucket: data that are fetched to there, or an output that the agents keep.
    pub fn stands_for_gcs(&self, path: &str) -> bool {
        let is_below = |folder: &str| mount_touches(path, folder) && path.len() >= folder.len();
        let fetched = |data: &Data| matches!(data.uri, Place::Object(_)) && is_below(&data.path);
        let kept = || {
            let bucket = self.output.as_ref()?.place().as_str().strip_prefix("gs://")?;
            Some(
                ["model", "checkpoints", "logs"]
                    .iter()
                    .any(|part| is_below(&format!("/gcs/{}/{part}", bucket.trim_end_matches('/')))),
            )
        };
        self.data.iter().any(fetched) || (self.is_synced() && kept() == Some(true))
    }
}
