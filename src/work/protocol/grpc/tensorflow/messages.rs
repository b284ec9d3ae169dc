//! Messages of TF Serving and TensorFlow, with the fields that are used here
//! (<https://github.com/tensorflow/serving/tree/master/tensorflow_serving/apis>,
//! <https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/framework>).

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

/// `google.protobuf.Int64Value`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Int64Value {
    #[prost(int64, tag = "1")]
    pub(super) value: i64,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) value: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ModelSpec {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, optional, tag = "2")]
    pub(super) version: Option<Int64Value>,
    #[prost(string, tag = "3")]
    pub(super) signature_name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PredictRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) model_spec: Option<ModelSpec>,
    #[prost(btree_map = "string, message", tag = "2")]
    pub(super) inputs: BTreeMap<String, TensorProto>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PredictResponse {
    #[prost(btree_map = "string, message", tag = "1")]
    pub(super) outputs: BTreeMap<String, TensorProto>,
    #[prost(message, optional, tag = "2")]
    pub(super) model_spec: Option<ModelSpec>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetModelMetadataRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) model_spec: Option<ModelSpec>,
    #[prost(string, repeated, tag = "2")]
    pub(super) metadata_field: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetModelMetadataResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) model_spec: Option<ModelSpec>,
    #[prost(btree_map = "string, message", tag = "2")]
    pub(super) metadata: BTreeMap<String, Any>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SignatureDefMap {
    #[prost(btree_map = "string, message", tag = "1")]
    pub(super) signature_def: BTreeMap<String, SignatureDef>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SignatureDef {
    #[prost(btree_map = "string, message", tag = "1")]
    pub(super) inputs: BTreeMap<String, TensorInfo>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorInfo {
    #[prost(int32, tag = "2")]
    pub(super) dtype: i32,
    #[prost(message, optional, tag = "3")]
    pub(super) tensor_shape: Option<TensorShapeProto>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetModelStatusRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) model_spec: Option<ModelSpec>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetModelStatusResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) model_version_status: Vec<ModelVersionStatus>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ModelVersionStatus {
    #[prost(int64, tag = "1")]
    pub(super) version: i64,
    #[prost(int32, tag = "2")]
    pub(super) state: i32,
    #[prost(message, optional, tag = "3")]
    pub(super) status: Option<StatusProto>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StatusProto {
    #[prost(string, tag = "2")]
    pub(super) error_message: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorProto {
    #[prost(int32, tag = "1")]
    pub(super) dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) tensor_shape: Option<TensorShapeProto>,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) tensor_content: Bytes,
    #[prost(float, repeated, tag = "5")]
    pub(super) float_val: Vec<f32>,
    #[prost(double, repeated, tag = "6")]
    pub(super) double_val: Vec<f64>,
    /// Of all integers up to 32 bits but `uint32`.
    #[prost(int32, repeated, tag = "7")]
    pub(super) int_val: Vec<i32>,
    #[prost(bytes = "bytes", repeated, tag = "8")]
    pub(super) string_val: Vec<Bytes>,
    #[prost(int64, repeated, tag = "10")]
    pub(super) int64_val: Vec<i64>,
    #[prost(bool, repeated, tag = "11")]
    pub(super) bool_val: Vec<bool>,
    /// Patterns of bits, of bfloat16 too.
    #[prost(int32, repeated, tag = "13")]
    pub(super) half_val: Vec<i32>,
    #[prost(uint32, repeated, tag = "16")]
    pub(super) uint32_val: Vec<u32>,
    #[prost(uint64, repeated, tag = "17")]
    pub(super) uint64_val: Vec<u64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorShapeProto {
    #[prost(message, repeated, tag = "2")]
    pub(super) dim: Vec<Dim>,
    #[prost(bool, tag = "3")]
    pub(super) unknown_rank: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Dim {
    #[prost(int64, tag = "1")]
    pub(super) size: i64,
}
