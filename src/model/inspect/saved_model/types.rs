//! What a SavedModel says of itself.

use std::collections::BTreeMap;

use serde::Serialize;

/// A SavedModel of TensorFlow.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedModel {
    /// Its graphs, each with its own tags; most models have one.
    pub graphs: Vec<MetaGraph>,
    /// What its writer says that it is, where it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// Bytes of `variables/`.
    pub variables_bytes: u64,
    /// Bytes of `assets/`.
    pub assets_bytes: u64,
    /// How many requests the server answers before it is ready, from `assets.extra`; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup_requests: Option<u64>,
}

impl SavedModel {
    /// The graph that servers load: the one that is tagged for them. A model for one has few others.
    pub fn served(&self) -> Option<&MetaGraph> {
        let serving = |graph: &&MetaGraph| graph.tags == ["serve"];
        let among = |graph: &&MetaGraph| graph.tags.iter().any(|tag| tag == "serve");
        let mut graphs = self.graphs.iter();
        let found = graphs.clone().find(serving).or_else(|| graphs.clone().find(among));
        found.or_else(|| graphs.next())
    }
}

/// A graph with its signatures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetaGraph {
    /// The tags by which it is loaded, sorted.
    pub tags: Vec<String>,
    /// The version of TensorFlow that wrote it; empty where it doesn't say.
    pub tensorflow: String,
    /// The operations that it uses, sorted.
    pub operations: Vec<String>,
    /// What can be called, by name. TensorFlow's own initialisation is among them.
    pub signatures: BTreeMap<String, Signature>,
    /// The files that it reads, in `assets`, sorted.
    pub assets: Vec<String>,
    /// What it does itself with the strings that it takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preprocessing: Vec<Preprocessing>,
    /// Functions of the object that was saved, for callers in Python, by name.
    pub functions: BTreeMap<String, Vec<Callable>>,
}

/// What a graph does with strings before its model sees numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Preprocessing {
    /// It decodes pictures.
    Pictures,
    /// It takes the fields of a `tf.Example`.
    Examples,
    /// It reads texts, or whatever else.
    Strings,
}

/// A signature.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    /// What a caller gives, by name.
    pub inputs: BTreeMap<String, Tensor>,
    /// What a caller gets, by name.
    pub outputs: BTreeMap<String, Tensor>,
    /// `tensorflow/serving/predict` and the like; empty where nothing is said.
    pub method: String,
    /// The inputs that may be left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub defaults: Vec<String>,
}

/// An input or an output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tensor {
    /// The name of the tensor in the graph.
    pub tensor: String,
    /// TensorFlow's name of its type, such as `DT_FLOAT`.
    pub dtype: String,
    /// Its dimensions, -1 for any length; absent where even their number is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<i64>>,
    /// It is no dense tensor but `sparse` or `composite`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<&'static str>,
}

/// One of the ways in which a function can be called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Callable {
    /// Its arguments in their order.
    pub arguments: Vec<String>,
    /// Its arguments by name.
    pub named: BTreeMap<String, String>,
}

/// What `fingerprint.pb` has (<https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/fingerprint.proto>).
/// Numbers are written as texts: JSON's readers lose digits of such large ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fingerprint {
    /// Of the whole `saved_model.pb`.
    pub saved_model_checksum: String,
    /// Of its graph.
    pub graph_def_program_hash: String,
    /// Of its signatures.
    pub signature_def_hash: String,
    /// Of its objects.
    pub saved_object_graph_hash: String,
    /// Of its variables.
    pub checkpoint_hash: String,
    /// Unique for each that was saved; empty in older ones.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uuid: String,
}
