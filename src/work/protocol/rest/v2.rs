//! The Open Inference Protocol, version 2, over REST: a tensor for each input, built from rows by what
//! the model's metadata say. The binary extension:
//! <https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md>.

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::answer;
use crate::text::base64;
use crate::work::protocol::address::Address;
use crate::work::protocol::answered::Answered;
use crate::work::protocol::dialect::{Asked, Dialect, Found};
use crate::work::protocol::tensors::fill;
use crate::work::protocol::tensors::{Datatype, Output, TensorInfo, text};
use crate::work::protocol::tensors::{columns, datatype_of, shape_of};

/// What the server says of a model.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::work::protocol) struct Metadata {
    /// The model's inputs; empty where the server doesn't know them.
    #[serde(default, deserialize_with = "null_as_none")]
    pub(in crate::work::protocol) inputs: Vec<TensorInfo>,
    /// Versions that are loaded.
    #[serde(default, deserialize_with = "null_as_none")]
    pub(in crate::work::protocol) versions: Vec<String>,
    /// The server takes tensors in binary form behind the JSON.
    #[serde(skip)]
    pub(in crate::work::protocol) binary: bool,
}

/// A list that some servers, such as KServe, write as null where they have none.
fn null_as_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What the server says of itself.
#[derive(Deserialize)]
struct Server {
    #[serde(default)]
    extensions: Vec<String>,
}

/// Whether a server's own metadata name the binary extension.
pub(in crate::work::protocol) fn takes_binary(body: &[u8]) -> bool {
    serde_json::from_slice::<Server>(body)
        .is_ok_and(|server| server.extensions.iter().any(|name| name == "binary_tensor_data"))
}

/// The protocol over REST.
pub(in crate::work::protocol) struct V2 {
    url: String,
    metadata: Metadata,
    parameters: Option<Json>,
}

impl V2 {
    /// Asks the model at this address, of which the server says this.
    pub(in crate::work::protocol) fn new(
        address: &Address,
        metadata: Metadata,
        parameters: Option<Json>,
    ) -> Self {
        Self { url: address.predict(), metadata, parameters }
    }
}

impl Dialect for V2 {
    fn inputs(&self) -> &[TensorInfo] {
        &self.metadata.inputs
    }

    fn ask(&self, rows: &[&[u8]], _apart: bool) -> Result<Asked, String> {
        let infer = request(rows, &self.metadata, self.parameters.as_ref())?;
        let (body, json_length) = (infer.body, infer.json_length);
        Ok(Asked { body, json_length, ..Asked::at(&self.url) })
    }

    fn found(
        &self,
        _: &Asked,
        answered: &Answered,
        count: usize,
        _: bool,
    ) -> Result<Found, String> {
        let body = &answered.body;
        let json = answered.json_length.map(|length| body.slice(..length.min(body.len())));
        let (rows, version) = predictions(json.as_ref().unwrap_or(body), count)?;
        Ok(Found { version, ..Found::rows(rows) })
    }
}

/// A request for predictions.
#[derive(Debug)]
struct Infer {
    /// Its body: JSON, with binary tensors behind it where `json_length` is given.
    body: Bytes,
    /// Bytes of the JSON.
    json_length: Option<usize>,
}

#[derive(Serialize)]
struct Request<'a> {
    // Some servers refuse requests without one.
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a Json>,
    inputs: Vec<Input<'a>>,
}

#[derive(Serialize)]
struct Input<'a> {
    name: &'a str,
    shape: Vec<u64>,
    datatype: Datatype,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Binary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Binary {
    binary_data_size: usize,
}

/// The request for these rows. The error is a row's own fault: it doesn't fit the model's inputs.
fn request(
    rows: &[&[u8]],
    metadata: &Metadata,
    parameters: Option<&Json>,
) -> Result<Infer, String> {
    let columns = columns(rows, &metadata.inputs)?;
    let mut inputs = Vec::new();
    let mut behind = Vec::new();
    for (name, values) in &columns {
        let info = metadata.inputs.iter().find(|input| input.name == *name);
        let datatype = datatype_of(info, values)?;
        let (inner, parameters, data) = if metadata.binary {
            let (inner, elements) = fill(name, datatype, values)?;
            let bytes = elements.raw();
            let size = bytes.len();
            behind.extend(bytes);
            (inner, Some(Binary { binary_data_size: size }), None)
        } else {
            let inner = shape_of(name, values)?;
            let values = values.iter().map(|value| readable(value, datatype));
            let list = format!("[{}]", values.collect::<Result<Vec<_>, _>>()?.join(","));
            let list = RawValue::from_string(list).map_err(|error| error.to_string())?;
            (inner, None, Some(list))
        };
        let shape = std::iter::once(values.len() as u64).chain(inner).collect();
        inputs.push(Input { name, shape, datatype, parameters, data });
    }
    let request = Request { id: "1", parameters, inputs };
    let mut body = serde_json::to_vec(&request).map_err(|error| error.to_string())?;
    let json_length = metadata.binary.then_some(body.len());
    body.append(&mut behind);
    Ok(Infer { body: body.into(), json_length })
}

/// A value as JSON data: bytes are text there, which only text can be.
fn readable(value: &str, datatype: Datatype) -> Result<String, String> {
    if datatype != Datatype::Bytes || !value.contains("\"b64\"") {
        return Ok(value.to_owned());
    }
    let value: Json = serde_json::from_str(value).map_err(|error| error.to_string())?;
    fn plain(value: &Json) -> Result<Json, String> {
        match value {
            Json::Array(items) => {
                Ok(Json::Array(items.iter().map(plain).collect::<Result<_, _>>()?))
            }
            Json::Object(fields) => {
                let encoded = fields.get("b64").and_then(Json::as_str).unwrap_or_default();
                let bytes = base64::decode(encoded).ok_or("its `b64` is no Base64")?;
                let text = String::from_utf8(bytes).map_err(
                    |_| "its bytes are no text, and this server takes no tensors in binary form",
                )?;
                Ok(Json::String(text))
            }
            other => Ok(other.clone()),
        }
    }
    Ok(plain(&value)?.to_string())
}

#[derive(Deserialize)]
struct Response<'a> {
    /// A text by the protocol; some servers write a number.
    #[serde(default)]
    model_version: Option<Json>,
    #[serde(borrow)]
    outputs: Vec<Output<'a>>,
}

/// The predictions of an answer, a row each: the value of the only output, or an object with the
/// values of all; and the version of the model that answered.
fn predictions(body: &Bytes, count: usize) -> Result<(Vec<Bytes>, Option<String>), String> {
    let body = answer::readable(body)?;
    let response: Response<'_> = serde_json::from_str(text(&body)?)
        .map_err(|error| format!("its answer is no inference response: {error}"))?;
    let version = response.model_version.as_ref().and_then(|version| match version {
        Json::String(version) if !version.is_empty() => Some(version.clone()),
        Json::Number(version) => Some(version.to_string()),
        _ => None,
    });
    let outputs =
        response.outputs.iter().map(|output| Ok((output.name.as_str(), output.rows(count)?)));
    let outputs: Vec<(&str, Vec<String>)> = outputs.collect::<Result<_, String>>()?;
    let rows = match &outputs[..] {
        [] => return Err("its answer has no outputs".into()),
        [(_, rows)] => rows.iter().map(|row| Bytes::from(row.clone())).collect(),
        several => (0..count)
            .map(|at| {
                let fields = several
                    .iter()
                    .map(|(name, rows)| format!("{}:{}", serde_json::json!(name), rows[at]));
                Bytes::from(format!("{{{}}}", fields.collect::<Vec<_>>().join(",")))
            })
            .collect(),
    };
    Ok((rows, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<'a>(rows: &[&'a str]) -> Vec<&'a [u8]> {
        rows.iter().map(|row| row.as_bytes()).collect()
    }

    fn metadata(binary: bool) -> Metadata {
        let mut metadata: Metadata = serde_json::from_str(
            r#"{"name":"m","versions":["1"],"inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}]}"#,
        )
        .unwrap();
        metadata.binary = binary;
        metadata
    }

    #[test]
    fn rows_become_one_tensor() {
        let request = request(&rows(&["[1.50,2]", "[3,4]"]), &metadata(false), None).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&request.body),
            r#"{"id":"1","inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[[1.50,2],[3,4]]}]}"#
        );
        assert_eq!(request.json_length, None);
    }

    #[test]
    fn metadata_may_be_null() {
        let of_kserve =
            r#"{"name":"m","versions":null,"platform":"","inputs":null,"outputs":null}"#;
        let metadata: Metadata = serde_json::from_str(of_kserve).unwrap();
        assert!(metadata.inputs.is_empty() && metadata.versions.is_empty());
    }

    #[test]
    fn a_server_with_the_extension_gets_binary_tensors() {
        let request = request(&rows(&["[1.5,2]"]), &metadata(true), None).unwrap();
        let length = request.json_length.unwrap();
        let json: Json = serde_json::from_slice(&request.body[..length]).unwrap();
        assert_eq!(json["inputs"][0]["parameters"]["binary_data_size"], 8);
        assert_eq!(request.body.len(), length + 8);
    }

    #[test]
    fn a_row_of_another_shape_is_said() {
        let said = request(&rows(&["[1,2]", "[3]"]), &metadata(false), None).unwrap_err();
        assert!(said.contains("[1]") && said.contains("[2]"), "{said}");
    }

    #[test]
    fn several_outputs_are_an_object_for_each_row() {
        let body = r#"{"model_name":"m","model_version":"3","outputs":[
            {"name":"a","shape":[2],"datatype":"INT64","data":[1,2]},
            {"name":"b","shape":[2,1],"datatype":"FP32","data":[0.50,NaN]}]}"#;
        let (found, version) = predictions(&Bytes::from(body), 2).unwrap();
        assert_eq!(found, rows(&[r#"{"a":1,"b":[0.50]}"#, r#"{"a":2,"b":["NaN"]}"#]));
        assert_eq!(version.unwrap(), "3");
    }
}
