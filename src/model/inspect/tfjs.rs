//! A TensorFlow.js model: `model.json` beside its shards
//! (<https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts>).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::InspectError;
use super::bytes::Bytes;
use super::saved_model::Tensor;

/// The description of a model with thousands of layers is smaller.
const LARGEST_JSON: u64 = 64 << 20;

/// A model of TensorFlow.js.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TfJs {
    /// `graph-model` or `layers-model`.
    pub form: String,
    /// Who wrote it.
    pub generated_by: String,
    /// With what.
    pub converted_by: String,
    /// What it takes, by name; empty where the file doesn't say.
    pub inputs: BTreeMap<String, Tensor>,
    /// What it gives, by name; empty where the file doesn't say.
    pub outputs: BTreeMap<String, Tensor>,
    /// How many weights there are, by type, those that are quantized by the type that they are stored in.
    pub weights: BTreeMap<String, u64>,
    /// How many bytes they should have together.
    pub weights_bytes: u64,
    /// Their files.
    pub shards: Vec<Shard>,
}

/// A file of weights.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shard {
    /// Its path, relative to `model.json`.
    pub path: String,
    /// How many bytes it has; absent where it isn't there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

impl TfJs {
    /// What is wrong with its shards, in a sentence; `None` where all are whole.
    pub fn trouble(&self) -> Option<String> {
        if let Some(missing) = self.shards.iter().find(|shard| shard.bytes.is_none()) {
            return Some(format!("{} is missing", missing.path));
        }
        let found: u64 = self.shards.iter().filter_map(|shard| shard.bytes).sum();
        (found != self.weights_bytes).then(|| {
            format!(
                "its shards have {found} bytes together, and its weights need {}",
                self.weights_bytes
            )
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ModelJson {
    format: Option<String>,
    generated_by: Option<String>,
    converted_by: Option<String>,
    model_topology: serde_json::Value,
    signature: Option<SignatureJson>,
    user_defined_metadata: Option<UserMetadata>,
    weights_manifest: Vec<Group>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UserMetadata {
    signature: Option<SignatureJson>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SignatureJson {
    inputs: BTreeMap<String, TensorJson>,
    outputs: BTreeMap<String, TensorJson>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TensorJson {
    name: String,
    dtype: String,
    tensor_shape: Option<ShapeJson>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ShapeJson {
    dim: Vec<DimensionJson>,
    unknown_rank: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DimensionJson {
    /// A text, as 64 bits are in the JSON of Protocol Buffers.
    size: serde_json::Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Group {
    paths: Vec<String>,
    weights: Vec<WeightJson>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WeightJson {
    shape: Vec<u64>,
    dtype: String,
    quantization: Option<QuantizationJson>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct QuantizationJson {
    dtype: String,
}

/// The facts of a model by its `model.json`. `size` gives how many bytes a file beside it has.
///
/// # Errors
/// The file is none of TensorFlow.js, damaged, too large, or can't be read.
pub fn tfjs(bytes: &dyn Bytes, size: &dyn Fn(&str) -> Option<u64>) -> Result<TfJs, InspectError> {
    if bytes.len() > LARGEST_JSON {
        return Err(InspectError::TooLong { at: 0, limit: LARGEST_JSON });
    }
    let text = bytes.read(0..bytes.len())?;
    let model: ModelJson = serde_json::from_slice(&text).map_err(|error| {
        InspectError::malformed(0, format!("it is no model of TensorFlow.js: {error}"))
    })?;
    if model.weights_manifest.is_empty() && model.model_topology.is_null() {
        return Err(InspectError::malformed(0, "it has neither a topology nor weights"));
    }
    let mut found = TfJs {
        form: model.format.unwrap_or_else(|| "layers-model".into()),
        generated_by: model.generated_by.unwrap_or_default(),
        converted_by: model.converted_by.unwrap_or_default(),
        ..TfJs::default()
    };
    let signature = model.signature.or_else(|| model.user_defined_metadata?.signature);
    if let Some(signature) = signature {
        found.inputs = signature.inputs.into_iter().map(tensor).collect();
        found.outputs = signature.outputs.into_iter().map(tensor).collect();
    } else {
        found.inputs = inputs_of_layers(&model.model_topology);
    }
    for group in model.weights_manifest {
        for weight in &group.weights {
            let stored = weight.quantization.as_ref().map_or(&weight.dtype, |q| &q.dtype);
            *found.weights.entry(stored.clone()).or_default() += 1;
            let count = weight.shape.iter().try_fold(1_u64, |all, one| all.checked_mul(*one));
            let bytes =
                count.zip(width(stored)).and_then(|(count, width)| count.checked_mul(width));
            found.weights_bytes = found.weights_bytes.saturating_add(bytes.unwrap_or(0));
        }
        let shards = group.paths.into_iter().map(|path| Shard { bytes: size(&path), path });
        found.shards.extend(shards);
    }
    Ok(found)
}

fn tensor((name, tensor): (String, TensorJson)) -> (String, Tensor) {
    let size = |one: &DimensionJson| {
        let text = one.size.as_str().map(str::to_owned);
        text.and_then(|text| text.parse().ok()).or_else(|| one.size.as_i64()).unwrap_or(-1)
    };
    let shape = tensor.tensor_shape.filter(|shape| !shape.unknown_rank);
    let shape = shape.map(|shape| shape.dim.iter().map(size).collect());
    (name, Tensor { tensor: tensor.name, dtype: tensor.dtype, shape, encoding: None })
}

/// The inputs of a model of layers, which has no signature: the shapes that its first layers say.
pub(super) fn inputs_of_layers(topology: &serde_json::Value) -> BTreeMap<String, Tensor> {
    let config = topology.get("model_config").unwrap_or(topology).get("config");
    let layers = config.and_then(|config| config.get("layers").or(Some(config)));
    let layers = layers.and_then(serde_json::Value::as_array).into_iter().flatten();
    let input = |layer: &serde_json::Value| {
        let config = layer.get("config")?;
        let shape = config.get("batch_input_shape").or_else(|| config.get("batch_shape"))?;
        let shape = shape.as_array()?.iter().map(|one| one.as_i64().unwrap_or(-1)).collect();
        let name = config.get("name")?.as_str()?.to_owned();
        let dtype = config.get("dtype").and_then(|dtype| dtype.as_str()).unwrap_or("float32");
        let (tensor, dtype) = (name.clone(), dtype.to_owned());
        Some((name, Tensor { tensor, dtype, shape: Some(shape), encoding: None }))
    };
    layers.filter_map(input).collect()
}

/// How many bytes a number of a type has; `None` of texts, which have any length.
fn width(dtype: &str) -> Option<u64> {
    Some(match dtype {
        "bool" | "uint8" | "int8" => 1,
        "uint16" | "int16" | "float16" => 2,
        "float32" | "int32" | "uint32" => 4,
        "complex64" | "int64" | "float64" => 8,
        _ => return None,
    })
}
