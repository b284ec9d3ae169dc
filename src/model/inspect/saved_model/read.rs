//! Reads `saved_model.pb`: its numbers of fields are those of
//! <https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/saved_model.proto> and
//! `meta_graph.proto` beside it. The graph itself is passed over.

use std::collections::BTreeMap;
use std::ops::Range;

use super::functions::functions;
use super::inside::preprocessing;
use super::types::{Fingerprint, MetaGraph, Signature, Tensor};
use crate::model::inspect::InspectError;
use crate::model::inspect::bytes::{Bytes, Window};
use crate::model::inspect::wire::{Field, Message, Value, entry, text};

/// No model has more graphs, signatures, inputs or operations.
pub(super) const MOST: usize = 10_000;
/// No tensor has more dimensions: 254 are TensorFlow's own limit.
const MOST_DIMENSIONS: usize = 254;

/// The graphs of a model.
///
/// # Errors
/// The file is none of a SavedModel, damaged, or can't be read.
pub fn graphs(bytes: &dyn Bytes) -> Result<Vec<MetaGraph>, InspectError> {
    let mut file = Window::new(bytes);
    let mut all = Vec::new();
    let mut message = Message::new(0..file.size());
    while let Some(field) = message.next(&mut file)? {
        if let Field { number: 2, value: Value::Part(part) } = field {
            push(&mut all, graph(&mut file, part)?, "graphs")?;
        }
    }
    if all.is_empty() {
        return Err(InspectError::malformed(0, "it has no graph"));
    }
    Ok(all)
}

fn graph(file: &mut Window<'_>, part: Range<u64>) -> Result<MetaGraph, InspectError> {
    let (mut graph, mut definition) = (MetaGraph::default(), 0..0);
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        let Value::Part(part) = field.value else { continue };
        match field.number {
            1 => meta_info(file, part, &mut graph)?,
            2 => definition = part,
            5 => {
                let (name, part) = entry(file, part)?;
                graph.signatures.insert(name, signature(file, part)?);
                few(graph.signatures.len(), "signatures")?;
            }
            6 => {
                let name = asset(file, part)?;
                push(&mut graph.assets, name, "assets")?;
            }
            7 => graph.functions = functions(file, part)?,
            _ => {}
        }
    }
    graph.preprocessing = preprocessing(file, &graph, definition)?;
    graph.tags.sort();
    graph.operations.sort();
    graph.assets.sort();
    Ok(graph)
}

/// `MetaInfoDef`: `stripped_op_list` 2, `tags` 4, `tensorflow_version` 5.
fn meta_info(
    file: &mut Window<'_>,
    part: Range<u64>,
    graph: &mut MetaGraph,
) -> Result<(), InspectError> {
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        let Value::Part(part) = field.value else { continue };
        match field.number {
            2 => operations(file, part, &mut graph.operations)?,
            4 => push(&mut graph.tags, text(file, &part)?, "tags")?,
            5 => graph.tensorflow = text(file, &part)?,
            _ => {}
        }
    }
    Ok(())
}

/// The names of `OpList`: `op` 1, of which `name` 1.
fn operations(
    file: &mut Window<'_>,
    part: Range<u64>,
    all: &mut Vec<String>,
) -> Result<(), InspectError> {
    let mut list = Message::new(part);
    while let Some(field) = list.next(file)? {
        let Field { number: 1, value: Value::Part(part) } = field else { continue };
        let mut operation = Message::new(part);
        while let Some(field) = operation.next(file)? {
            if let Field { number: 1, value: Value::Part(part) } = field {
                push(all, text(file, &part)?, "operations")?;
                break;
            }
        }
    }
    Ok(())
}

/// `SignatureDef`: `inputs` 1, `outputs` 2, `method_name` 3, `defaults` 4.
fn signature(file: &mut Window<'_>, part: Range<u64>) -> Result<Signature, InspectError> {
    let mut signature = Signature::default();
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        let Value::Part(part) = field.value else { continue };
        match field.number {
            1 => insert(file, part, &mut signature.inputs)?,
            2 => insert(file, part, &mut signature.outputs)?,
            3 => signature.method = text(file, &part)?,
            4 => {
                let (name, _) = entry(file, part)?;
                push(&mut signature.defaults, name, "defaults")?;
            }
            _ => {}
        }
    }
    signature.defaults.sort();
    Ok(signature)
}

fn insert(
    file: &mut Window<'_>,
    part: Range<u64>,
    all: &mut BTreeMap<String, Tensor>,
) -> Result<(), InspectError> {
    let (name, part) = entry(file, part)?;
    all.insert(name, tensor(file, part)?);
    few(all.len(), "inputs or outputs")
}

/// `TensorInfo`: `name` 1, `dtype` 2, `tensor_shape` 3, `coo_sparse` 4, `composite_tensor` 5.
fn tensor(file: &mut Window<'_>, part: Range<u64>) -> Result<Tensor, InspectError> {
    let mut tensor = Tensor { dtype: dtype(0), shape: Some(Vec::new()), ..Tensor::default() };
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        match field {
            Field { number: 1, value: Value::Part(part) } => {
                tensor.tensor = text(file, &part)?;
            }
            Field { number: 2, value: Value::Number(number) } => tensor.dtype = dtype(number),
            Field { number: 3, value: Value::Part(part) } => tensor.shape = shape(file, part)?,
            Field { number: 4, value: Value::Part(_) } => tensor.encoding = Some("sparse"),
            Field { number: 5, value: Value::Part(_) } => tensor.encoding = Some("composite"),
            _ => {}
        }
    }
    Ok(tensor)
}

/// `TensorShapeProto`: `dim` 2, of which `size` 1; `unknown_rank` 3.
pub(super) fn shape(
    file: &mut Window<'_>,
    part: Range<u64>,
) -> Result<Option<Vec<i64>>, InspectError> {
    let (mut dimensions, mut is_open) = (Vec::new(), false);
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        match field {
            Field { number: 2, value: Value::Part(part) } => {
                let (mut size, mut dimension) = (0, Message::new(part));
                while let Some(field) = dimension.next(file)? {
                    if let Field { number: 1, value: Value::Number(number) } = field {
                        size = number.cast_signed();
                    }
                }
                file.keep(0)?;
                dimensions.push(size);
                if dimensions.len() > MOST_DIMENSIONS {
                    let (what, limit) = ("dimensions", MOST_DIMENSIONS);
                    return Err(InspectError::TooMany { what, limit });
                }
            }
            Field { number: 3, value: Value::Number(number) } => is_open = number != 0,
            _ => {}
        }
    }
    Ok((!is_open).then_some(dimensions))
}

/// `AssetFileDef`: `filename` 2.
fn asset(file: &mut Window<'_>, part: Range<u64>) -> Result<String, InspectError> {
    let mut message = Message::new(part);
    let mut name = String::new();
    while let Some(field) = message.next(file)? {
        if let Field { number: 2, value: Value::Part(part) } = field {
            name = text(file, &part)?;
        }
    }
    Ok(name)
}

/// Reads `fingerprint.pb`.
///
/// # Errors
/// It is damaged, or can't be read.
pub fn fingerprint(bytes: &dyn Bytes) -> Result<Fingerprint, InspectError> {
    let mut file = Window::new(bytes);
    let mut fingerprint = Fingerprint::default();
    let mut message = Message::new(0..file.size());
    while let Some(field) = message.next(&mut file)? {
        match field.value {
            Value::Number(number) => {
                let place = match field.number {
                    1 => &mut fingerprint.saved_model_checksum,
                    2 => &mut fingerprint.graph_def_program_hash,
                    3 => &mut fingerprint.signature_def_hash,
                    4 => &mut fingerprint.saved_object_graph_hash,
                    5 => &mut fingerprint.checkpoint_hash,
                    _ => continue,
                };
                *place = number.to_string();
            }
            Value::Part(part) if field.number == 7 => {
                fingerprint.uuid = text(&mut file, &part)?;
            }
            _ => {}
        }
    }
    Ok(fingerprint)
}

pub(super) fn push<T>(all: &mut Vec<T>, one: T, what: &'static str) -> Result<(), InspectError> {
    all.push(one);
    few(all.len(), what)
}

pub(super) fn few(count: usize, what: &'static str) -> Result<(), InspectError> {
    if count > MOST { Err(InspectError::TooMany { what, limit: MOST }) } else { Ok(()) }
}

/// The names of
/// <https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/types.proto>.
const DTYPES: [&str; 33] = [
    "DT_INVALID",
    "DT_FLOAT",
    "DT_DOUBLE",
    "DT_INT32",
    "DT_UINT8",
    "DT_INT16",
    "DT_INT8",
    "DT_STRING",
    "DT_COMPLEX64",
    "DT_INT64",
    "DT_BOOL",
    "DT_QINT8",
    "DT_QUINT8",
    "DT_QINT32",
    "DT_BFLOAT16",
    "DT_QINT16",
    "DT_QUINT16",
    "DT_UINT16",
    "DT_COMPLEX128",
    "DT_HALF",
    "DT_RESOURCE",
    "DT_VARIANT",
    "DT_UINT32",
    "DT_UINT64",
    "DT_FLOAT8_E5M2",
    "DT_FLOAT8_E4M3FN",
    "DT_FLOAT8_E4M3FNUZ",
    "DT_FLOAT8_E4M3B11FNUZ",
    "DT_FLOAT8_E5M2FNUZ",
    "DT_INT4",
    "DT_UINT4",
    "DT_INT2",
    "DT_UINT2",
];

/// The name of a type by its number; `DT_<number>` of one that is not known.
pub(super) fn dtype(number: u64) -> String {
    let name = usize::try_from(number).ok().and_then(|number| DTYPES.get(number));
    name.map_or_else(|| format!("DT_{number}"), |name| (*name).to_owned())
}
