//! A TensorFlow.js model: `model.json` beside its shards
//! (<https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts>).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::InspectError;
use super::bytes::Bytes;
use super::layers::inputs_of_layers;
use super::saved_model::Tensor;

/// The description of a model with thousands of layers is smaller.
const LARGEST_JSON: u64 = 32 << 20;
/// No model has more shards, or weights of more types.
const MOST: usize = 10_000;

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
    /// The weights, by type.
    pub weights: Vec<WeightsOfType>,
    /// How many bytes they should have together; absent where that can't be known, as of texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights_bytes: Option<u64>,
    /// Their files.
    pub shards: Vec<Shard>,
}

/// All weights of one type that are stored in the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WeightsOfType {
    /// What they are to the model.
    pub dtype: String,
    /// What they are quantized to in the shards; absent where they aren't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored_as: Option<String>,
    /// How many weights there are.
    pub count: u64,
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
        let wanted = self.weights_bytes.filter(|wanted| *wanted != found)?;
        Some(format!("its shards have {found} bytes together, and its weights need {wanted}"))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ModelJson<'a> {
    format: Option<String>,
    generated_by: Option<String>,
    converted_by: Option<String>,
    /// It may be most of the file, and only the layers' inputs are asked for.
    #[serde(borrow)]
    model_topology: Option<&'a RawValue>,
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
    weights: Tally,
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
    original_dtype: Option<String>,
}

/// Weights as they are counted while they are read: a list of them may be long.
#[derive(Debug)]
struct Tally {
    types: BTreeMap<(String, Option<String>), u64>,
    /// `None` where that of one isn't known.
    bytes: Option<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { types: BTreeMap::new(), bytes: Some(0) }
    }
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Counting)
    }
}

struct Counting;

impl<'de> Visitor<'de> for Counting {
    type Value = Tally;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of weights")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Tally, A::Error> {
        let mut tally = Tally::default();
        while let Some(weight) = all.next_element::<WeightJson>()? {
            let count = weight.shape.iter().try_fold(1_u64, |all, one| all.checked_mul(*one));
            let (dtype, stored) = match weight.quantization {
                Some(of) => (of.original_dtype.unwrap_or(weight.dtype), Some(of.dtype)),
                None => (weight.dtype, None),
            };
            let width = width(stored.as_ref().unwrap_or(&dtype));
            let bytes = count.zip(width).and_then(|(count, width)| count.checked_mul(width));
            tally.bytes = tally.bytes.zip(bytes).and_then(|(sum, one)| sum.checked_add(one));
            *tally.types.entry((dtype, stored)).or_default() += 1;
            if tally.types.len() > MOST {
                return Err(A::Error::custom("it has weights of too many types"));
            }
        }
        Ok(tally)
    }
}

/// The facts of a model by its `model.json`. `size` gives how many bytes a file beside it has.
///
/// # Errors
/// The file is none of TensorFlow.js, damaged, too large, or can't be read.
pub fn tfjs(bytes: &dyn Bytes, size: &dyn Fn(&str) -> Option<u64>) -> Result<TfJs, InspectError> {
    if bytes.size() > LARGEST_JSON {
        return Err(InspectError::TooLong { at: 0, limit: LARGEST_JSON });
    }
    let text = bytes.read(0..bytes.size())?;
    let model: ModelJson<'_> = serde_json::from_slice(&text).map_err(|error| {
        InspectError::malformed(0, format!("it is no model of TensorFlow.js: {error}"))
    })?;
    if model.weights_manifest.is_empty() && model.model_topology.is_none() {
        return Err(InspectError::malformed(0, "it has neither a topology nor weights"));
    }
    let mut found = TfJs {
        form: model.format.unwrap_or_else(|| "layers-model".into()),
        generated_by: model.generated_by.unwrap_or_default(),
        converted_by: model.converted_by.unwrap_or_default(),
        weights_bytes: Some(0),
        ..TfJs::default()
    };
    let signature = model.signature.or_else(|| model.user_defined_metadata?.signature);
    if let Some(signature) = signature {
        found.inputs = signature.inputs.into_iter().map(tensor).collect();
        found.outputs = signature.outputs.into_iter().map(tensor).collect();
    } else if let Some(topology) = model.model_topology {
        found.inputs = inputs_of_layers(topology.get());
    }
    let mut types = BTreeMap::<_, u64>::new();
    for group in model.weights_manifest {
        let Tally { types: of_group, bytes } = group.weights;
        for (kind, count) in of_group {
            *types.entry(kind).or_default() += count;
        }
        let sum = found.weights_bytes.zip(bytes);
        found.weights_bytes = sum.and_then(|(sum, bytes)| sum.checked_add(bytes));
        if found.shards.len() + group.paths.len() > MOST {
            return Err(InspectError::TooMany { what: "shards", limit: MOST });
        }
        let shards = group.paths.into_iter().map(|path| Shard { bytes: size(&path), path });
        found.shards.extend(shards);
    }
    let of = |((dtype, stored_as), count)| WeightsOfType { dtype, stored_as, count };
    found.weights = types.into_iter().map(of).collect();
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
