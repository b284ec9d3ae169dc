//! Requests that a model's servers answer, ready to be sent: each input is filled with zeros.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::report::{Call, Shaped};

/// So many numbers make a row that no person wants to see, and no shell takes.
const LARGEST_ROW: u64 = 10_000_000;

/// What stands for the names of fields that no file says.
const FIELD: &str = "FIELD";

/// A request for one signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The signature.
    pub signature: String,
    /// Where TensorFlow Serving takes the body: `/v1/models/NAME:predict`.
    pub path: String,
    /// The body for TensorFlow Serving's REST, where the inputs have a size.
    pub body: String,
    /// The row of JSON Lines for a batch prediction; absent where the first dimension of the inputs is no
    /// batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// The message for `PredictionService/Predict` (`/Classify`, `/Regress`), as `grpcurl` takes it. One number fills a tensor.
    pub grpc: String,
}

/// The request for a signature of a model that is served by a name. `None` where its inputs are of a type that
/// JSON has no form for, or too large.
pub fn request(model: &str, signature: &str, call: &Call) -> Option<Request> {
    let is_batch = |tensor: &Shaped| {
        tensor.shape.as_ref().is_some_and(|shape| shape.first().is_some_and(|first| *first < 0))
    };
    if !call.method.is_empty() {
        return Some(of_examples(model, signature, call.method));
    }
    let rows = !call.inputs.is_empty() && call.inputs.values().all(is_batch);
    let mut fields = Map::new();
    for (name, tensor) in &call.inputs {
        let shape = tensor.shape.as_deref().unwrap_or_default();
        let shape = if rows { &shape[1..] } else { shape };
        fields.insert(name.clone(), filled(name, &tensor.dtype, shape)?);
    }
    let row = match fields.len() {
        1 => fields.values().next().cloned()?,
        _ => Value::Object(fields.clone()),
    };
    let mut body = Map::new();
    if signature != "serving_default" {
        body.insert("signature_name".into(), signature.into());
    }
    if rows {
        body.insert("instances".into(), json!([row]));
    } else {
        body.insert("inputs".into(), row.clone());
    }
    let inputs: BTreeMap<&String, Value> = call
        .inputs
        .iter()
        .map(|(name, tensor)| Some((name, message(tensor)?)))
        .collect::<Option<_>>()?;
    let spec = json!({"name": model, "signature_name": signature});
    Some(Request {
        signature: signature.to_owned(),
        path: format!("/v1/models/{model}:predict"),
        body: Value::Object(body).to_string(),
        row: rows.then(|| row.to_string()),
        grpc: json!({"model_spec": spec, "inputs": inputs}).to_string(),
    })
}

/// The request for what takes `tf.Example`: which fields there are stands in the graph only.
fn of_examples(model: &str, signature: &str, method: &str) -> Request {
    let mut body = Map::new();
    if signature != "serving_default" {
        body.insert("signature_name".into(), signature.into());
    }
    body.insert("examples".into(), json!([{ FIELD: 0.0 }]));
    let spec = json!({"name": model, "signature_name": signature});
    let feature = json!({ FIELD: {"float_list": {"value": [0]}} });
    let input = json!({"example_list": {"examples": [{"features": {"feature": feature}}]}});
    Request {
        signature: signature.to_owned(),
        path: format!("/v1/models/{model}:{method}"),
        body: Value::Object(body).to_string(),
        row: None,
        grpc: json!({"model_spec": spec, "input": input}).to_string(),
    }
}

/// A value of a shape; where a dimension is open, of one.
fn filled(name: &str, dtype: &str, shape: &[i64]) -> Option<Value> {
    let sizes: Vec<u64> = shape.iter().map(|size| u64::try_from(*size).unwrap_or(1)).collect();
    let count = sizes.iter().try_fold(1_u64, |all, one| all.checked_mul(*one));
    count.filter(|count| *count <= LARGEST_ROW)?;
    let one = match dtype {
        // Names that end so are bytes in TensorFlow Serving's JSON, and bytes are written in base64.
        "string" if name.ends_with("_bytes") => json!({"b64": "AA=="}),
        "string" => json!("text"),
        "bool" => json!(false),
        kind if kind.starts_with("float") || kind.starts_with("bfloat") => json!(0.0),
        kind if kind.starts_with("int") || kind.starts_with("uint") => json!(0),
        _ => return None,
    };
    Some(
        sizes.iter().rev().fold(one, |value, size| {
            Value::Array(vec![value; usize::try_from(*size).unwrap_or(0)])
        }),
    )
}

/// A `TensorProto` of zeros.
fn message(tensor: &Shaped) -> Option<Value> {
    let (dtype, field, value) = match tensor.dtype.as_str() {
        "float32" => ("DT_FLOAT", "float_val", json!(0)),
        "float64" => ("DT_DOUBLE", "double_val", json!(0)),
        "float16" => ("DT_HALF", "half_val", json!(0)),
        "bfloat16" => ("DT_BFLOAT16", "half_val", json!(0)),
        "int8" => ("DT_INT8", "int_val", json!(0)),
        "int16" => ("DT_INT16", "int_val", json!(0)),
        "int32" => ("DT_INT32", "int_val", json!(0)),
        "uint8" => ("DT_UINT8", "int_val", json!(0)),
        "uint16" => ("DT_UINT16", "int_val", json!(0)),
        "int64" => ("DT_INT64", "int64_val", json!("0")),
        "uint32" => ("DT_UINT32", "uint32_val", json!(0)),
        "uint64" => ("DT_UINT64", "uint64_val", json!("0")),
        "bool" => ("DT_BOOL", "bool_val", json!(false)),
        // `text` in base64, as bytes are in the JSON of Protocol Buffers.
        "string" => ("DT_STRING", "string_val", json!("dGV4dA==")),
        _ => return None,
    };
    let shape = tensor.shape.as_deref().unwrap_or_default();
    let dim: Vec<Value> =
        shape.iter().map(|size| json!({"size": (*size).max(1).to_string()})).collect();
    let mut message = Map::new();
    message.insert("dtype".into(), dtype.into());
    message.insert("tensor_shape".into(), json!({"dim": dim}));
    message.insert(field.into(), json!([value]));
    Some(Value::Object(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(inputs: &[(&str, &str, &[i64])]) -> Call {
        let shaped = |(name, dtype, shape): &(&str, &str, &[i64])| {
            let (dtype, shape) = ((*dtype).to_owned(), Some(shape.to_vec()));
            ((*name).to_owned(), Shaped { dtype, shape })
        };
        Call { inputs: inputs.iter().map(shaped).collect(), ..Call::default() }
    }

    #[test]
    fn a_row_has_the_shape_of_one_instance() {
        let one =
            request("digits", "serving_default", &call(&[("x", "float32", &[-1, 2, 1])])).unwrap();
        assert_eq!(one.row.as_deref(), Some("[[0.0],[0.0]]"));
        assert_eq!(one.body, r#"{"instances":[[[0.0],[0.0]]]}"#);
        assert_eq!(
            one.grpc,
            r#"{"model_spec":{"name":"digits","signature_name":"serving_default"},"inputs":{"x":{"dtype":"DT_FLOAT","tensor_shape":{"dim":[{"size":"1"},{"size":"2"},{"size":"1"}]},"float_val":[0]}}}"#
        );
        let two =
            request("m", "other", &call(&[("a", "int64", &[-1]), ("b_bytes", "string", &[-1])]));
        assert_eq!(
            two.unwrap().body,
            r#"{"signature_name":"other","instances":[{"a":0,"b_bytes":{"b64":"AA=="}}]}"#
        );
        let whole = request("m", "serving_default", &call(&[("x", "float32", &[3])])).unwrap();
        assert_eq!((whole.row, whole.body.as_str()), (None, r#"{"inputs":[0.0,0.0,0.0]}"#));
    }

    #[test]
    fn what_takes_examples_has_a_route_of_its_own() {
        let call = Call { method: "classify", ..call(&[("inputs", "string", &[-1])]) };
        let one = request("m", "classify", &call).unwrap();
        assert_eq!((one.path.as_str(), one.row), ("/v1/models/m:classify", None));
        assert_eq!(one.body, r#"{"signature_name":"classify","examples":[{"FIELD":0.0}]}"#);
    }

    #[test]
    fn what_is_too_large_or_has_no_form_has_no_request() {
        for (dtype, shape) in
            [("float32", &[-1, i64::MAX, 4][..]), ("complex64", &[-1]), ("resource", &[])]
        {
            assert_eq!(request("m", "serving_default", &call(&[("x", dtype, shape)])), None);
        }
    }
}
