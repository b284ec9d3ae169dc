//! An ONNX graph (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>). Its weights are passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Serialize;

use super::InspectError;
use super::bytes::{Bytes, Window};
use super::wire::{Field, Message, Value, text};

/// No graph has more inputs or kinds of operators.
const MOST: usize = 10_000;
/// No graph has more weights.
const MOST_WEIGHTS: usize = 1_000_000;

/// An ONNX graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Onnx {
    /// Who wrote it, with the version.
    pub producer: String,
    /// The version of the format.
    pub ir_version: u64,
    /// The versions of the sets of operators that it needs, by domain; `""` is ONNX's own.
    pub opsets: BTreeMap<String, u64>,
    /// What it takes, in order.
    pub inputs: Vec<OnnxTensor>,
    /// What it gives, in order.
    pub outputs: Vec<OnnxTensor>,
    /// How often each operator is used.
    pub operators: BTreeMap<String, u64>,
    /// How many weights there are.
    pub weights: u64,
    /// Bytes of the weights that are in the file.
    pub weights_bytes: u64,
}

/// An input or an output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OnnxTensor {
    /// Its name.
    pub name: String,
    /// ONNX's name of its type, such as `FLOAT`; empty of what is no tensor.
    pub dtype: String,
    /// Its dimensions: a number, or the name of one that is open.
    pub shape: Vec<String>,
}

/// The facts of a graph.
///
/// # Errors
/// The file is no ONNX graph, damaged, or can't be read.
pub fn onnx(bytes: &dyn Bytes) -> Result<Onnx, InspectError> {
    let mut file = Window::new(bytes);
    let file = &mut file;
    let (mut found, mut producer, mut version, mut has_graph) =
        (Onnx::default(), String::new(), String::new(), false);
    let mut message = Message::new(0..file.size());
    while let Some(field) = message.next(file)? {
        match field {
            Field { number: 1, value: Value::Number(number) } => found.ir_version = number,
            Field { number: 2, value: Value::Part(part) } => {
                producer = text(file, &part)?;
            }
            Field { number: 3, value: Value::Part(part) } => {
                version = text(file, &part)?;
            }
            Field { number: 7, value: Value::Part(part) } => {
                graph(file, part, &mut found)?;
                has_graph = true;
            }
            Field { number: 8, value: Value::Part(part) } => {
                let (domain, version) = opset(file, part)?;
                found.opsets.insert(domain, version);
                few(found.opsets.len(), MOST, "sets of operators")?;
            }
            _ => {}
        }
    }
    if !has_graph {
        return Err(InspectError::malformed(0, "it is no ONNX model: it has no graph"));
    }
    format!("{producer} {version}").trim().clone_into(&mut found.producer);
    Ok(found)
}

fn few(count: usize, limit: usize, what: &'static str) -> Result<(), InspectError> {
    if count > limit { Err(InspectError::TooMany { what, limit }) } else { Ok(()) }
}

/// `OperatorSetIdProto`: `domain` 1, `version` 2.
fn opset(file: &mut Window<'_>, part: Range<u64>) -> Result<(String, u64), InspectError> {
    let (mut domain, mut version) = (String::new(), 0);
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        match field {
            Field { number: 1, value: Value::Part(part) } => domain = text(file, &part)?,
            Field { number: 2, value: Value::Number(number) } => version = number,
            _ => {}
        }
    }
    Ok((domain, version))
}

/// `GraphProto`: `node` 1, `initializer` 5, `input` 11, `output` 12.
fn graph(file: &mut Window<'_>, part: Range<u64>, found: &mut Onnx) -> Result<(), InspectError> {
    let mut weights = BTreeSet::new();
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        let Value::Part(part) = field.value else { continue };
        match field.number {
            1 => {
                *found.operators.entry(operator(file, part)?).or_default() += 1;
                few(found.operators.len(), MOST, "kinds of operators")?;
            }
            5 => {
                let (name, bytes) = weight(file, part)?;
                found.weights += 1;
                found.weights_bytes = found.weights_bytes.saturating_add(bytes);
                weights.insert(name);
                few(weights.len(), MOST_WEIGHTS, "weights")?;
            }
            11 => found.inputs.push(value_info(file, part)?),
            12 => found.outputs.push(value_info(file, part)?),
            _ => {}
        }
        few(found.inputs.len().max(found.outputs.len()), MOST_WEIGHTS, "inputs or outputs")?;
    }
    // Older writers list the weights as inputs, too.
    found.inputs.retain(|input| !weights.contains(&input.name));
    Ok(())
}

/// `NodeProto`: `op_type` 4, `domain` 7.
fn operator(file: &mut Window<'_>, part: Range<u64>) -> Result<String, InspectError> {
    let (mut name, mut domain) = (String::new(), String::new());
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        match field {
            Field { number: 4, value: Value::Part(part) } => name = text(file, &part)?,
            Field { number: 7, value: Value::Part(part) } => domain = text(file, &part)?,
            _ => {}
        }
    }
    let is_own = domain.is_empty() || domain == "ai.onnx";
    Ok(if is_own { name } else { format!("{domain}.{name}") })
}

/// `TensorProto`: `name` 8, and all that holds its numbers.
fn weight(file: &mut Window<'_>, part: Range<u64>) -> Result<(String, u64), InspectError> {
    let (mut name, mut bytes) = (String::new(), 0);
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        match field {
            Field { number: 8, value: Value::Part(part) } => name = text(file, &part)?,
            // `float_data`, `int32_data`, `string_data`, `int64_data`, `raw_data`, `double_data`, `uint64_data`
            Field { number: 4..=7 | 9..=11, value: Value::Part(part) } => {
                bytes += part.end - part.start;
            }
            _ => {}
        }
    }
    Ok((name, bytes))
}

/// `ValueInfoProto`: `name` 1, `type` 2, of which `tensor_type` 1 has `elem_type` 1 and `shape` 2.
fn value_info(file: &mut Window<'_>, part: Range<u64>) -> Result<OnnxTensor, InspectError> {
    file.keep(0)?;
    let mut tensor = OnnxTensor::default();
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        match field {
            Field { number: 1, value: Value::Part(part) } => {
                tensor.name = text(file, &part)?;
            }
            Field { number: 2, value: Value::Part(part) } => {
                let mut of = Message::new(part);
                while let Some(field) = of.next(file)? {
                    if let Field { number: 1, value: Value::Part(part) } = field {
                        tensor_type(file, part, &mut tensor)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(tensor)
}

fn tensor_type(
    file: &mut Window<'_>,
    part: Range<u64>,
    tensor: &mut OnnxTensor,
) -> Result<(), InspectError> {
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        match field {
            Field { number: 1, value: Value::Number(number) } => tensor.dtype = type_name(number),
            Field { number: 2, value: Value::Part(part) } => {
                let mut shape = Message::new(part);
                while let Some(field) = shape.next(file)? {
                    let Field { number: 1, value: Value::Part(part) } = field else { continue };
                    tensor.shape.push(dimension(file, part)?);
                    few(tensor.shape.len(), MOST, "dimensions")?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// `Dimension`: `dim_value` 1 or `dim_param` 2.
fn dimension(file: &mut Window<'_>, part: Range<u64>) -> Result<String, InspectError> {
    file.keep(0)?;
    let mut found = "?".to_owned();
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        match field {
            Field { number: 1, value: Value::Number(number) } => {
                found = number.cast_signed().to_string();
            }
            Field { number: 2, value: Value::Part(part) } => {
                found = text(file, &part)?;
            }
            _ => {}
        }
    }
    Ok(found)
}

/// The names of `TensorProto.DataType`.
const TYPES: [&str; 25] = [
    "UNDEFINED",
    "FLOAT",
    "UINT8",
    "INT8",
    "UINT16",
    "INT16",
    "INT32",
    "INT64",
    "STRING",
    "BOOL",
    "FLOAT16",
    "DOUBLE",
    "UINT32",
    "UINT64",
    "COMPLEX64",
    "COMPLEX128",
    "BFLOAT16",
    "FLOAT8E4M3FN",
    "FLOAT8E4M3FNUZ",
    "FLOAT8E5M2",
    "FLOAT8E5M2FNUZ",
    "UINT4",
    "INT4",
    "FLOAT4E2M1",
    "FLOAT8E8M0",
];

fn type_name(number: u64) -> String {
    let name = usize::try_from(number).ok().and_then(|number| TYPES.get(number));
    name.map_or_else(|| format!("TYPE_{number}"), |name| (*name).to_owned())
}
