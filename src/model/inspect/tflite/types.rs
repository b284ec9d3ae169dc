//! What a TensorFlow Lite model says of itself.

use std::collections::BTreeMap;

use serde::Serialize;

/// A model of TensorFlow Lite.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TfLite {
    /// The version of the schema, 3 in all that interpreters read today.
    pub version: u32,
    /// What its writer calls it.
    pub description: String,
    /// What the first graph takes, in order.
    pub inputs: Vec<LiteTensor>,
    /// What the first graph gives, in order.
    pub outputs: Vec<LiteTensor>,
    /// What can be called, by name; older models have none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub signatures: BTreeMap<String, LiteSignature>,
    /// How many graphs there are; the others are bodies of loops and conditions.
    pub graphs: u64,
    /// The operators with how often each is used, in all graphs.
    pub operators: Vec<LiteOperator>,
    /// Bytes of its constants.
    pub weights_bytes: u64,
    /// Bytes of its metadata.
    pub metadata_bytes: u64,
    /// Names of what is known of it besides.
    pub metadata: Vec<String>,
}

/// A signature.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LiteSignature {
    /// What a caller gives, by name.
    pub inputs: BTreeMap<String, LiteTensor>,
    /// What a caller gets, by name.
    pub outputs: BTreeMap<String, LiteTensor>,
}

/// An input or an output.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiteTensor {
    /// The name of the tensor.
    pub name: String,
    /// The name of its type, such as `INT8`.
    pub dtype: String,
    /// Its dimensions, -1 for any length.
    pub shape: Vec<i64>,
    /// How its numbers stand for real ones; absent where they are real themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantization: Option<Quantization>,
}

/// A number `q` means `scale * (q - zeroPoint)`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quantization {
    /// The distance of two neighbours: one for all, or one for each part of a dimension.
    pub scale: Vec<f32>,
    /// The number that means 0, of each.
    pub zero_point: Vec<i64>,
}

/// An operator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiteOperator {
    /// Its name, such as `CONV_2D`; of a custom one what its writer calls it.
    pub name: String,
    /// The version of its behaviour, which an interpreter must know.
    pub version: u32,
    /// How often it is used.
    pub count: u64,
    /// Who runs it.
    pub kind: OperatorKind,
}

/// Who runs an operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum OperatorKind {
    /// Every interpreter.
    #[default]
    Builtin,
    /// An interpreter with TensorFlow's own operators in it.
    Flex,
    /// An interpreter that somebody has given this operator.
    Custom,
}
