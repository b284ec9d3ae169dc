//! What TF Serving says of a model's signatures: `GET /v1/models/NAME/metadata`
//! (<https://www.tensorflow.org/tfx/serving/api_rest#model_metadata_api>).

use indexmap::IndexMap;
use serde::Deserialize;

use crate::work::protocol::tensors::{Datatype, TensorInfo};

/// The one that is meant where none is named.
const USUAL: &str = "serving_default";
/// A signature that initializes the model, which nobody asks.
const OF_INITIALIZING: &str = "__saved_model_init_op";

/// The signatures of a model.
#[derive(Debug, Deserialize)]
pub(in crate::work::protocol) struct Signatures {
    signature_def: IndexMap<String, Signature>,
}

#[derive(Debug, Deserialize)]
struct Signature {
    #[serde(default)]
    inputs: IndexMap<String, Input>,
}

#[derive(Debug, Deserialize)]
struct Input {
    #[serde(default)]
    dtype: String,
    #[serde(default)]
    tensor_shape: Shape,
}

#[derive(Debug, Default, Deserialize)]
struct Shape {
    #[serde(default)]
    dim: Vec<Dim>,
}

#[derive(Debug, Deserialize)]
struct Dim {
    /// A number of 64 bits, which JSON of protocol buffers has as a string.
    #[serde(default)]
    size: serde_json::Value,
}

impl Signatures {
    /// Out of the body of an answer; `None` for one that has none.
    pub(in crate::work::protocol) fn read(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Document {
            metadata: Metadata,
        }
        #[derive(Deserialize)]
        struct Metadata {
            signature_def: Signatures,
        }
        let document: Document = serde_json::from_slice(body).ok()?;
        Some(document.metadata.signature_def)
    }

    /// Their names, those aside that nobody asks.
    pub(in crate::work::protocol) fn names(&self) -> Vec<String> {
        self.signature_def.keys().filter(|name| *name != OF_INITIALIZING).cloned().collect()
    }

    /// The inputs of one of them; without a name those of the usual one.
    pub(in crate::work::protocol) fn inputs(&self, name: Option<&str>) -> Option<Vec<TensorInfo>> {
        let signature = self.signature_def.get(name.unwrap_or(USUAL))?;
        let info = |(name, input): (&String, &Input)| {
            let length = |dim: &Dim| dim.size.as_i64().or_else(|| dim.size.as_str()?.parse().ok());
            let shape = input.tensor_shape.dim.iter().map(length).collect::<Option<_>>();
            TensorInfo {
                name: name.clone(),
                datatype: datatype(&input.dtype),
                shape: shape.unwrap_or_default(),
            }
        };
        Some(signature.inputs.iter().map(info).collect())
    }
}

/// A type by TensorFlow's name for it: `DT_FLOAT`.
fn datatype(name: &str) -> Option<Datatype> {
    let name = name.strip_prefix("DT_")?;
    match name {
        "FLOAT" => Some(Datatype::Fp32),
        "DOUBLE" => Some(Datatype::Fp64),
        "HALF" => Some(Datatype::Fp16),
        "BFLOAT16" => Some(Datatype::Bf16),
        "STRING" => Some(Datatype::Bytes),
        other => Datatype::named(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_read_with_the_shapes_of_their_inputs() {
        let body = br#"{"model_spec":{"name":"m","signature_name":"","version":"1"},"metadata":
            {"signature_def":{"signature_def":{"serving_default":{"inputs":{"x":{"dtype":"DT_FLOAT",
            "tensor_shape":{"dim":[{"size":"-1","name":""},{"size":"28","name":""}],
            "unknown_rank":false},"name":"x:0"}},"outputs":{},"method_name":""},
            "__saved_model_init_op":{"inputs":{},"outputs":{},"method_name":""}}}}}"#;
        // Twice nested, as TF Serving has it.
        let body = String::from_utf8(body.to_vec()).unwrap();
        let signatures = Signatures::read(body.as_bytes()).unwrap();
        assert_eq!(signatures.names(), ["serving_default"]);
        let inputs = signatures.inputs(None).unwrap();
        assert_eq!((inputs[0].datatype, &*inputs[0].shape), (Some(Datatype::Fp32), &[-1, 28][..]));
        assert!(signatures.inputs(Some("other")).is_none());
    }
}
