//! The job's document, `_mlctl/job.json` in the output: what is predicted, in which shards.

use serde::{Deserialize, Serialize};

use crate::storage::Object;

/// Format of a [`JobDocument`].
pub const JOB_VERSION: u32 = 1;

/// What is predicted: everything that a result depends on, and nothing else. It is written once, before
/// the first worker starts, and is the same for all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobDocument {
    /// [`JOB_VERSION`].
    pub schema_version: u32,
    /// The job's identity: the SHA-256 of this document without this field, in hex. A job of the same
    /// identity goes on where another one stopped; one of another identity is refused.
    pub id: String,
    /// Whose predictions they are: the model's place, or the address of what serves it.
    pub model: String,
    /// The version of the registry of models that it is, `NAME@N`; absent for all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<String>,
    /// What is asked of it besides: route, signature, version, protocol; for people and the identity.
    pub asked: serde_json::Value,
    /// How the inputs are read.
    pub format: InputFormat,
    /// How the results are written.
    pub output_format: OutputFormat,
    /// From rows to instances.
    pub instances: Rows,
    /// What each request has beside its instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<serde_json::Value>,
    /// The inputs in order, with their ETags.
    pub inputs: Vec<Object>,
    /// The shards in order: all bytes of all inputs.
    pub shards: Vec<Shard>,
}

/// A part of one input. Rows that begin in it are its rows, also where they end behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shard {
    /// Index into the job's inputs.
    pub input: u32,
    /// Its first byte.
    pub begin: u64,
    /// The byte behind its last one.
    pub end: u64,
}

/// How an input is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputFormat {
    /// A JSON value on each line.
    Jsonl,
    /// A header, then rows.
    Csv,
    /// TFRecord: framed records with checksums.
    TfRecord,
    /// The same, compressed with gzip.
    TfRecordGzip,
    /// The place of a file on each line.
    FileList,
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputFormat {
    /// A JSON object on each line.
    #[default]
    Jsonl,
    /// A header, then rows.
    Csv,
}

/// From rows to instances, as Vertex AI's `instanceConfig` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rows {
    /// `object` or `array`: what an instance is made; `None`: what the format gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// The field that identifies a row: it is not sent, and stands in the result in place of the
    /// instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_field: Option<String>,
    /// Only these fields are sent, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_fields: Vec<String>,
    /// These fields are not sent; without a key they are in the result all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_fields: Vec<String>,
}
