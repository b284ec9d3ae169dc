//! What is known of a model, whatever its format.

use std::collections::BTreeMap;

use serde::Serialize;

use super::archive::Archive;
use super::onnx::Onnx;
use super::saved_model::SavedModel;
use super::tfjs::TfJs;
use super::tflite::TfLite;
use crate::storage::Place;

/// TensorFlow's own initialisation, which nobody calls.
pub const INIT_SIGNATURE: &str = "__saved_model_init_op";
/// The signature of what has inputs and no name for them.
const ONLY: &str = "default";

/// A model as its files describe it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Where it is.
    pub model: Place,
    /// What it is, in a word for people.
    pub format: String,
    /// How many files it has.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// What its callers see.
    pub interface: Interface,
    /// What only models of its format have.
    #[serde(flatten)]
    pub facts: Facts,
    /// What is wrong with it though it can be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trouble: Vec<String>,
}

impl Report {
    /// Its files say what it takes. A SavedModel without a signature says so, too: nothing.
    pub fn says_interface(&self) -> bool {
        matches!(self.facts, Facts::SavedModel(_)) || !self.interface.signatures.is_empty()
    }
}

/// What models of one format say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Facts {
    /// A SavedModel.
    SavedModel(SavedModel),
    /// A model of TensorFlow Lite.
    TfLite(TfLite),
    /// A model of TensorFlow.js.
    TfJs(TfJs),
    /// An ONNX graph.
    Onnx(Onnx),
    /// An archive of Keras or PyTorch.
    Archive(Archive),
    /// What nothing more is known of.
    Other(Other),
}

/// A model that doesn't describe itself, or not in a form that is read here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Other {
    /// What is in it, by name.
    pub parts: BTreeMap<String, u64>,
}

/// What can be called, by name: the same words for all formats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Interface {
    /// The signatures.
    pub signatures: BTreeMap<String, Call>,
}

/// What a caller gives and gets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Call {
    /// `classify` or `regress` where a server has a route of its own for it; empty of all others.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub method: &'static str,
    /// What it gives, by name.
    pub inputs: BTreeMap<String, Shaped>,
    /// What it gets, by name.
    pub outputs: BTreeMap<String, Shaped>,
}

/// A type with a shape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shaped {
    /// `float32`, `string`, `int8` and the like.
    pub dtype: String,
    /// Its dimensions, -1 for any length; absent where even their number is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<i64>>,
}

impl Interface {
    /// The interface of a model.
    pub fn of(facts: &Facts) -> Self {
        let signatures = match facts {
            Facts::SavedModel(model) => of_saved_model(model),
            Facts::TfLite(model) => of_tflite(model),
            Facts::TfJs(model) => only(shaped(&model.inputs), shaped(&model.outputs)),
            Facts::Archive(model) => only(shaped(&model.inputs), BTreeMap::new()),
            Facts::Onnx(model) => {
                let shaped = |all: &[super::OnnxTensor]| {
                    let of = |tensor: &super::OnnxTensor| {
                        let size = |text: &String| text.parse().unwrap_or(-1);
                        let shape = tensor.shape.iter().map(size).collect();
                        let dtype = plain_type(&tensor.dtype);
                        (tensor.name.clone(), Shaped { dtype, shape: Some(shape) })
                    };
                    all.iter().map(of).collect()
                };
                only(shaped(&model.inputs), shaped(&model.outputs))
            }
            Facts::Other(_) => BTreeMap::new(),
        };
        Self { signatures }
    }
}

fn of_saved_model(model: &SavedModel) -> BTreeMap<String, Call> {
    let signatures = model.served().into_iter().flat_map(|graph| &graph.signatures);
    signatures
        .filter(|(name, _)| *name != INIT_SIGNATURE)
        .map(|(name, signature)| {
            let (inputs, outputs) = (shaped(&signature.inputs), shaped(&signature.outputs));
            let method = match signature.method.as_str() {
                "tensorflow/serving/classify" => "classify",
                "tensorflow/serving/regress" => "regress",
                _ => "",
            };
            (name.clone(), Call { method, inputs, outputs })
        })
        .collect()
}

fn of_tflite(model: &TfLite) -> BTreeMap<String, Call> {
    let of = |tensor: &super::LiteTensor| Shaped {
        dtype: plain_type(&tensor.dtype),
        shape: Some(tensor.shape.clone()),
    };
    if model.signatures.is_empty() {
        let shaped = |all: &[super::LiteTensor]| {
            all.iter().map(|tensor| (tensor.name.clone(), of(tensor))).collect()
        };
        return only(shaped(&model.inputs), shaped(&model.outputs));
    }
    let shaped = |all: &BTreeMap<String, super::LiteTensor>| {
        all.iter().map(|(name, tensor)| (name.clone(), of(tensor))).collect()
    };
    let signatures = model.signatures.iter().map(|(name, signature)| {
        let (inputs, outputs) = (shaped(&signature.inputs), shaped(&signature.outputs));
        (name.clone(), Call { method: "", inputs, outputs })
    });
    signatures.collect()
}

fn only(
    inputs: BTreeMap<String, Shaped>,
    outputs: BTreeMap<String, Shaped>,
) -> BTreeMap<String, Call> {
    if inputs.is_empty() && outputs.is_empty() {
        return BTreeMap::new();
    }
    BTreeMap::from([(ONLY.to_owned(), Call { method: "", inputs, outputs })])
}

fn shaped(all: &BTreeMap<String, super::Tensor>) -> BTreeMap<String, Shaped> {
    let of = |tensor: &super::Tensor| {
        let dtype = plain_type(&tensor.dtype);
        Shaped { dtype, shape: tensor.shape.clone() }
    };
    all.iter().map(|(name, tensor)| (name.clone(), of(tensor))).collect()
}

/// The types of all formats by the names that NumPy has for them.
fn plain_type(name: &str) -> String {
    let plain = name.strip_prefix("DT_").unwrap_or(name).to_lowercase();
    match plain.as_str() {
        "float" => "float32".into(),
        "double" => "float64".into(),
        "half" => "float16".into(),
        _ => plain,
    }
}
