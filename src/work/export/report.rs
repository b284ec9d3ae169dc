//! What an export has come to: the document that it leaves beside what it made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::{FormatError, read_document};

/// The report's name in the folder of what was made.
pub const REPORT_FILE: &str = "export.json";
/// The newest format that this program knows.
const FORMAT: u32 = 1;

/// An export as its run reports it. Written by `templates/export/report.py`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportReport {
    /// The number of the format, 1.
    pub schema_version: u32,
    /// What the person called the model.
    pub model: String,
    /// The signature that was exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The packages that did it, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<String, String>,
    /// What the model takes.
    #[serde(default)]
    pub inputs: Vec<Tensor>,
    /// What the model gives.
    #[serde(default)]
    pub outputs: Vec<Tensor>,
    /// The model as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Original>,
    /// The rows by which ranges of values were found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<Representative>,
    /// The rows by which it was evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
    /// The accuracy that was asked for, as a part of 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_accuracy: Option<f64>,
    /// What was made, and what could not be.
    #[serde(default)]
    pub exports: Vec<Exported>,
    /// The site that runs it in a browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Site>,
    /// What it comes to.
    pub verdict: Verdict,
}

/// An input or an output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tensor {
    /// Its name in the signature.
    pub name: String,
    /// `float32`, `string`, `int8` and the like.
    pub dtype: String,
    /// Its dimensions, null for any length; null itself where even their number is open.
    pub shape: Option<Vec<Option<u64>>>,
}

/// The model as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Original {
    /// `savedModel`, `keras`, `h5`.
    pub kind: String,
    /// How large it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// What was measured of it.
    #[serde(flatten)]
    pub measured: Measured,
}

/// What running a model has shown, on the machine of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// The part of the rows whose class was right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// The mean absolute error of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_absolute_error: Option<f64>,
    /// The largest difference of an output from the original's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_difference: Option<f64>,
    /// Milliseconds for one row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<Latency>,
    /// Memory that running it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

/// Times of many calls, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// Half of the calls took less.
    pub median: f64,
    /// 95 of 100 calls took less.
    pub p95: f64,
}

/// The rows by which ranges of values were found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Representative {
    /// How many were used.
    pub rows: u64,
    /// How many there were.
    pub given: u64,
}

/// The rows by which it was evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// How many there were.
    pub rows: u64,
    /// The field with the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// One thing that was to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exported {
    /// `tflite`, `tfjs` or `onnx`.
    pub target: String,
    /// How its weights were made smaller.
    pub quantize: String,
    /// Where it is, below the folder of the report; absent where it could not be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How large it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The operators that it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operators: Option<Operators>,
    /// What was measured of it.
    #[serde(flatten)]
    pub measured: Measured,
    /// Seconds that making it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// What it was run by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// What is to be known of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why it could not be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What to do then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Operators by who runs them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operators {
    /// The interpreter's own.
    #[serde(default)]
    pub builtin: Vec<String>,
    /// TensorFlow's, which the interpreter needs a library for.
    #[serde(default)]
    pub select: Vec<String>,
    /// What nobody but its author runs.
    #[serde(default)]
    pub custom: Vec<String>,
}

/// The site that runs it in a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Site {
    /// Where it is, below the folder of the report.
    pub path: String,
    /// How large it is.
    pub bytes: u64,
}

/// What an export comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// All was made, and is as accurate as was asked for.
    Ok,
    /// Something is less accurate than was asked for.
    BelowMinimum,
    /// Something could not be made.
    Failed,
}

impl ExportReport {
    /// The report in a document.
    pub fn read(bytes: &[u8]) -> Result<Self, FormatError> {
        read_document(bytes, FORMAT)
    }
}
