//! What is read and what is written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::storage::Place;

/// The inputs: one place, a list of places, or places with their format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum BatchInput {
    /// One place: a file, a folder, or a pattern such as `s3://bucket/in/*.jsonl`.
    Place(Place),
    /// Several of them.
    Places(Vec<Place>),
    /// Places with their format.
    Files(BatchFiles),
}

impl Default for BatchInput {
    fn default() -> Self {
        Self::Places(Vec::new())
    }
}

impl BatchInput {
    /// All places, as they are written.
    pub fn places(&self) -> &[Place] {
        match self {
            Self::Place(place) => std::slice::from_ref(place),
            Self::Places(places) => places,
            Self::Files(files) => &files.uris,
        }
    }

    /// The format: what the spec says, else what the names' endings say, else JSON Lines.
    pub fn format(&self) -> BatchFormat {
        let said = match self {
            Self::Files(files) => files.format,
            Self::Place(_) | Self::Places(_) => None,
        };
        let told = || self.places().iter().find_map(|place| BatchFormat::of_name(place.as_str()));
        said.or_else(told).unwrap_or_default()
    }
}

/// Places with their format.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BatchFiles {
    /// Files, folders and patterns (`*`, `?`, `[...]`, `{a,b}`, `**`).
    ///
    /// They are read in the order of their names.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub uris: Vec<Place>,
    /// How they are read. Default: by the ending of the names, else `jsonl`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<BatchFormat>,
}

/// How an input is read. Files that end in `.gz` are unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BatchFormat {
    /// A JSON value on each line, which is an instance as it is written.
    #[default]
    Jsonl,
    /// A header, then rows. An unquoted number is a number, anything else a text.
    Csv,
    /// TFRecord: each record is sent as `{"b64": ...}`.
    TfRecord,
    /// The same, compressed with gzip.
    TfRecordGzip,
    /// The place of a file on each line, whose content is sent as `{"b64": ...}`.
    FileList,
}

impl BatchFormat {
    /// What the ending of a name says.
    fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (name, packed) = match name.strip_suffix(".gz") {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        let ending = name.rsplit('/').next()?.rsplit_once('.')?.1.to_owned();
        Some(match (ending.as_str(), packed) {
            ("jsonl" | "ndjson", _) => Self::Jsonl,
            ("csv", _) => Self::Csv,
            ("tfrecord" | "tfrecords", false) => Self::TfRecord,
            ("tfrecord" | "tfrecords", true) => Self::TfRecordGzip,
            _ => return None,
        })
    }
}

/// Where the results go: a place alone, or with their format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum BatchOutput {
    /// The folder.
    Place(Place),
    /// The folder and the format.
    Folder(BatchFolder),
}

impl Default for BatchOutput {
    fn default() -> Self {
        Self::Place("".into())
    }
}

impl BatchOutput {
    /// The folder, as it is written.
    pub fn place(&self) -> &Place {
        match self {
            Self::Place(place) => place,
            Self::Folder(folder) => &folder.uri,
        }
    }

    /// How results are written.
    pub fn format(&self) -> ResultFormat {
        match self {
            Self::Place(_) => ResultFormat::Jsonl,
            Self::Folder(folder) => folder.format,
        }
    }
}

/// The folder of the results and their format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BatchFolder {
    /// A bucket's folder or one of this machine. The results lie in it directly, so that the same job
    /// finds what it had done before: no folder with a time of day is made.
    #[schemars(extend("x-mlctl-expand" = true))]
    pub uri: Place,
    /// How results are written. Default `jsonl`.
    #[serde(default, skip_serializing_if = "ResultFormat::is_default")]
    pub format: ResultFormat,
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ResultFormat {
    /// A JSON object on each line: `{"instance": ..., "prediction": ...}`.
    #[default]
    Jsonl,
    /// A header, then a row for each prediction.
    Csv,
}

impl ResultFormat {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_default(&self) -> bool {
        *self == Self::Jsonl
    }
}
