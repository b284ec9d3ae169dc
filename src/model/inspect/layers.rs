//! A model of layers as Keras describes it in JSON, in its own archives and in models of TensorFlow.js.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::saved_model::Tensor;

/// A description, or what has one in it. Texts are read where they stand: as values they would take many times
/// the memory.
#[derive(Deserialize)]
struct Described<'a> {
    #[serde(borrow)]
    model_config: Option<&'a RawValue>,
    #[serde(borrow)]
    config: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Config<'a> {
    #[serde(borrow, default)]
    layers: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Layer<'a> {
    #[serde(default)]
    class_name: String,
    #[serde(borrow)]
    config: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Input<'a> {
    name: Option<String>,
    #[serde(alias = "batch_input_shape")]
    batch_shape: Option<Vec<Option<i64>>>,
    #[serde(borrow)]
    dtype: Option<&'a RawValue>,
    #[serde(default)]
    sparse: bool,
}

/// No model has more layers that say what they take.
const MOST: usize = 10_000;

/// What the first layers of a model take, by the names of the layers; empty where none of them says it.
pub(super) fn inputs_of_layers(description: &str) -> BTreeMap<String, Tensor> {
    let Some(described) = read::<Described<'_>>(description) else { return BTreeMap::new() };
    if let Some(inner) = described.model_config {
        return inputs_of_layers(inner.get());
    }
    let Some(config) = described.config else { return BTreeMap::new() };
    // The oldest have a list of layers there.
    let layers = match read::<Config<'_>>(config.get()) {
        Some(config) => config.layers,
        None => read(config.get()).unwrap_or_default(),
    };
    let said = || layers.iter().filter_map(|layer| input(layer.get())).take(MOST);
    // Where there is a layer of its own for what is taken, the one behind it may say the same again.
    let own: BTreeMap<String, Tensor> =
        said().filter(|(is_own, _)| *is_own).map(|(_, input)| input).collect();
    if own.is_empty() { said().map(|(_, input)| input).take(1).collect() } else { own }
}

/// What a layer takes, and whether it is there for nothing else.
fn input(layer: &str) -> Option<(bool, (String, Tensor))> {
    let layer = read::<Layer<'_>>(layer)?;
    let input = read::<Input<'_>>(layer.config?.get())?;
    let shape = input.batch_shape?.into_iter().map(|size| size.unwrap_or(-1)).collect();
    let name = input.name?;
    // A policy of several types is an object, and its inputs are of the usual one.
    let dtype = input.dtype.and_then(|dtype| read::<String>(dtype.get()));
    let tensor = Tensor {
        tensor: name.clone(),
        dtype: dtype.unwrap_or_else(|| "float32".into()),
        shape: Some(shape),
        encoding: input.sparse.then_some("sparse"),
    };
    Some((layer.class_name == "InputLayer", (name, tensor)))
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// Whether a text is JSON at all.
pub(super) fn is_json(text: &str) -> bool {
    read::<IgnoredAny>(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_found_in_every_form() {
        let input = r#"{"class_name": "InputLayer", "config": {"name": "x", "dtype": "int32",
            "batch_shape": [null, 4], "sparse": false, "ragged": false}}"#;
        let old = r#"{"class_name": "Dense", "config": {"name": "x", "units": 3,
            "batch_input_shape": [null, 4]}}"#;
        for text in [
            format!(r#"{{"class_name": "Functional", "config": {{"layers": [{input}]}}}}"#),
            format!(r#"{{"model_config": {{"config": {{"layers": [{input}, {old}, {{}}]}}}}}}"#),
            format!(r#"{{"class_name": "Sequential", "config": [{old}]}}"#),
        ] {
            let found = inputs_of_layers(&text);
            let shapes: Vec<_> = found.values().map(|one| one.shape.clone()).collect();
            assert_eq!(shapes, [Some(vec![-1, 4])], "{text}");
        }
        for text in ["", "{}", "[]", "null", r#"{"config": {"layers": [1, {"config": 2}]}}"#] {
            assert_eq!(inputs_of_layers(text), BTreeMap::new(), "{text}");
        }
    }
}
