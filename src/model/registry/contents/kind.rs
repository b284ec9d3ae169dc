//! What kind of model files are, by their names.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of files a model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// A SavedModel of TensorFlow, with `saved_model.pb` at its top.
    SavedModel,
    /// A model of Keras in a file of its own.
    Keras,
    /// A checkpoint of TensorFlow: weights alone.
    Checkpoint,
    /// A model of TensorFlow Lite.
    TfLite,
    /// A model of TensorFlow.js, with `model.json` beside its shards.
    TfJs,
    /// An ONNX graph.
    Onnx,
    /// Weights in Safetensors, as the Hugging Face Hub has them.
    Safetensors,
    /// A file of PyTorch, whatever is in it.
    PyTorch,
    /// Python objects, as scikit-learn's users keep them.
    Pickle,
    /// Trees of XGBoost.
    XgBoost,
    /// Weights for llama.cpp and its like.
    Gguf,
    /// A model of MLflow, with its `MLmodel`.
    MlFlow,
    /// An engine of TensorRT.
    TensorRt,
    /// Files that no known kind of model has.
    Unknown,
}

/// A kind by what the names of its files end in, or a whole name; the most telling first.
const BY_NAME: [(&str, ModelKind); 26] = [
    ("saved_model.pb", ModelKind::SavedModel),
    ("saved_model.pbtxt", ModelKind::SavedModel),
    ("MLmodel", ModelKind::MlFlow),
    (".keras", ModelKind::Keras),
    (".onnx", ModelKind::Onnx),
    (".tflite", ModelKind::TfLite),
    (".gguf", ModelKind::Gguf),
    (".safetensors", ModelKind::Safetensors),
    (".plan", ModelKind::TensorRt),
    (".engine", ModelKind::TensorRt),
    (".h5", ModelKind::Keras),
    (".hdf5", ModelKind::Keras),
    (".pt", ModelKind::PyTorch),
    (".pth", ModelKind::PyTorch),
    (".pt2", ModelKind::PyTorch),
    (".torchscript", ModelKind::PyTorch),
    (".mar", ModelKind::PyTorch),
    ("pytorch_model.bin", ModelKind::PyTorch),
    (".ubj", ModelKind::XgBoost),
    (".bst", ModelKind::XgBoost),
    (".xgb", ModelKind::XgBoost),
    (".joblib", ModelKind::Pickle),
    (".pkl", ModelKind::Pickle),
    (".pickle", ModelKind::Pickle),
    (".ckpt", ModelKind::Checkpoint),
    (".index", ModelKind::Checkpoint),
];

/// What the names of code, notes and settings end in: a folder of nothing else is no model.
const NO_MODEL: [&str; 18] = [
    ".py",
    ".pyc",
    ".ipynb",
    ".sh",
    ".md",
    ".rst",
    ".yaml",
    ".yml",
    ".toml",
    ".cfg",
    ".ini",
    ".log",
    ".csv",
    ".jsonl",
    ".tfrecord",
    ".lock",
    ".gitignore",
    "Dockerfile",
];

impl ModelKind {
    /// The kind of a model with these files, by their paths in it. Only a SavedModel and MLflow's have to
    /// have theirs at the top.
    pub fn of(names: &[&str]) -> Self {
        let is = |(end, kind): &&(&str, Self)| {
            let at_top = matches!(kind, Self::SavedModel | Self::MlFlow);
            names.iter().any(|name| if at_top { name == end } else { name.ends_with(end) })
        };
        // Other libraries call their files so, too, but have no shards.
        let is_web = names.contains(&"model.json") && names.iter().any(|name| is_shard(name));
        let otherwise = if is_web { Self::TfJs } else { Self::Unknown };
        BY_NAME.iter().find(is).map_or(otherwise, |(_, kind)| *kind)
    }

    /// The files by which a server takes a folder for a model of this kind. They arrive last.
    pub(in crate::model::registry) fn is_entry(self, name: &str) -> bool {
        self == Self::TfJs && name == "model.json"
            || BY_NAME.iter().any(|(end, kind)| *kind == self && name.ends_with(end))
    }

    /// A word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SavedModel => "SavedModel",
            Self::Keras => "Keras",
            Self::Checkpoint => "checkpoint",
            Self::TfLite => "TensorFlow Lite",
            Self::TfJs => "TensorFlow.js",
            Self::Onnx => "ONNX",
            Self::Safetensors => "Safetensors",
            Self::PyTorch => "PyTorch",
            Self::Pickle => "pickle",
            Self::XgBoost => "XGBoost",
            Self::Gguf => "GGUF",
            Self::MlFlow => "MLflow",
            Self::TensorRt => "TensorRT",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// `group1-shard1of4.bin`, as TensorFlow.js calls a file of weights.
fn is_shard(name: &str) -> bool {
    let number = name.strip_prefix("group").and_then(|name| name.strip_suffix(".bin"));
    number.is_some_and(|number| number.contains("-shard"))
}

/// A file that is in models, but makes none.
pub(super) fn is_no_model(name: &str) -> bool {
    NO_MODEL.iter().any(|end| name.ends_with(end))
}
