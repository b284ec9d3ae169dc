//! Reads a `.tflite` file. The numbers of fields are those of its schema
//! (<https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs>).

use std::collections::BTreeMap;

use super::names::{CUSTOM, operator_name, type_name};
use super::types::{LiteOperator, LiteSignature, LiteTensor, OperatorKind, Quantization, TfLite};
use crate::model::inspect::InspectError;
use crate::model::inspect::bytes::{Bytes, Window};
use crate::model::inspect::flat::{Table, Vector};

/// What stands behind the offset of the first table.
pub(in crate::model::inspect) const IDENTIFIER: &[u8] = b"TFL3";
/// No model has more inputs, graphs, kinds of operators or dimensions.
const MOST: u64 = 10_000;
/// No model uses operators more often, or has more constants.
const MOST_OPERATORS: u64 = 10_000_000;
/// What the name of an operator of TensorFlow's own begins with.
const FLEX: &str = "Flex";

/// The facts of a model.
///
/// # Errors
/// The file is no model of TensorFlow Lite, damaged, or can't be read.
pub fn tflite(bytes: &dyn Bytes) -> Result<TfLite, InspectError> {
    let mut file = Window::new(bytes);
    let file = &mut file;
    if file.size() < 8 || !file.get(0..8)?.ends_with(IDENTIFIER) {
        return Err(InspectError::malformed(4, "it is no model of TensorFlow Lite"));
    }
    let model = Table::root(file)?;
    let graphs = few(model.vector(file, 2, 4)?, MOST, "graphs")?;
    if graphs.count == 0 {
        return Err(InspectError::malformed(0, "it has no graph"));
    }
    let main = graphs.table(file, 0)?;
    let buffers = few(model.vector(file, 4, 4)?, MOST_OPERATORS, "buffers")?;
    let (metadata, metadata_bytes) = metadata(file, model, buffers)?;
    let all_bytes = (0..buffers.count).try_fold(0, |sum, index| {
        Ok::<u64, InspectError>(buffer_bytes(file, buffers, index)?.saturating_add(sum))
    })?;
    Ok(TfLite {
        version: model.int(file, 0, 0)?,
        description: model.text(file, 3)?,
        inputs: tensors(file, main, 1)?,
        outputs: tensors(file, main, 2)?,
        signatures: signatures(file, model, graphs)?,
        graphs: graphs.count,
        operators: operators(file, model, graphs)?,
        weights_bytes: all_bytes.saturating_sub(metadata_bytes),
        metadata_bytes,
        metadata,
    })
}

fn few(vector: Vector, limit: u64, what: &'static str) -> Result<Vector, InspectError> {
    let limit_of = usize::try_from(limit).unwrap_or(usize::MAX);
    if vector.count > limit {
        Err(InspectError::TooMany { what, limit: limit_of })
    } else {
        Ok(vector)
    }
}

/// `Buffer`: `data` 0, or `size` 2 of what lies behind the tables.
fn buffer_bytes(file: &mut Window<'_>, buffers: Vector, index: u64) -> Result<u64, InspectError> {
    let buffer = buffers.table(file, index)?;
    let within = buffer.vector(file, 0, 1)?.count;
    let behind = if buffer.long(file, 1)? > 1 { buffer.long(file, 2)? } else { 0 };
    Ok(within.saturating_add(behind))
}

/// `Metadata`: `name` 0, `buffer` 1.
fn metadata(
    file: &mut Window<'_>,
    model: Table,
    buffers: Vector,
) -> Result<(Vec<String>, u64), InspectError> {
    let list = few(model.vector(file, 6, 4)?, MOST, "metadata")?;
    let (mut names, mut bytes) = (Vec::new(), 0);
    for index in 0..list.count {
        let one = list.table(file, index)?;
        names.push(one.text(file, 0)?);
        let buffer = u64::from(one.int(file, 1, 0)?);
        bytes = buffer_bytes(file, buffers, buffer)?.saturating_add(bytes);
    }
    Ok((names, bytes))
}

/// The tensors that a list of a graph names: `tensors` 0, `inputs` 1, `outputs` 2.
fn tensors(file: &mut Window<'_>, graph: Table, id: u16) -> Result<Vec<LiteTensor>, InspectError> {
    let named = few(graph.vector(file, id, 4)?, MOST, "inputs or outputs")?;
    (0..named.count)
        .map(|index| {
            let number = named.int(file, index)?;
            tensor(file, graph, u64::try_from(number).unwrap_or(u64::MAX))
        })
        .collect()
}

/// `Tensor`: `shape` 0, `type` 1, `name` 3, `quantization` 4, `shape_signature` 7.
fn tensor(file: &mut Window<'_>, graph: Table, number: u64) -> Result<LiteTensor, InspectError> {
    let all = graph.vector(file, 0, 4)?;
    let tensor = all.table(file, number)?;
    let signature = tensor.vector(file, 7, 4)?;
    let shape = if signature.count > 0 { signature } else { tensor.vector(file, 0, 4)? };
    let shape = few(shape, MOST, "dimensions")?;
    file.keep(8 * shape.count)?;
    let shape = (0..shape.count).map(|at| Ok(i64::from(shape.int(file, at)?)));
    Ok(LiteTensor {
        shape: shape.collect::<Result<_, InspectError>>()?,
        name: tensor.text(file, 3)?,
        dtype: type_name(tensor.byte(file, 1)?),
        quantization: quantization(file, tensor)?,
    })
}

/// `QuantizationParameters`: `scale` 2, `zero_point` 3.
fn quantization(
    file: &mut Window<'_>,
    tensor: Table,
) -> Result<Option<Quantization>, InspectError> {
    let Some(parameters) = tensor.table(file, 4)? else { return Ok(None) };
    let scale = few(parameters.vector(file, 2, 4)?, MOST, "scales")?;
    let zero = few(parameters.vector(file, 3, 8)?, MOST, "zero points")?;
    if scale.count == 0 {
        return Ok(None);
    }
    file.keep(4 * scale.count + 8 * zero.count)?;
    let scales = (0..scale.count).map(|at| scale.float(file, at)).collect::<Result<_, _>>()?;
    let zeros = (0..zero.count).map(|at| zero.long(file, at)).collect::<Result<_, _>>()?;
    Ok(Some(Quantization { scale: scales, zero_point: zeros }))
}

/// `SignatureDef`: `inputs` 0, `outputs` 1, `signature_key` 2, `subgraph_index` 4.
fn signatures(
    file: &mut Window<'_>,
    model: Table,
    graphs: Vector,
) -> Result<BTreeMap<String, LiteSignature>, InspectError> {
    let list = few(model.vector(file, 7, 4)?, MOST, "signatures")?;
    let mut all = BTreeMap::new();
    for index in 0..list.count {
        let signature = list.table(file, index)?;
        let graph = u64::from(signature.int(file, 4, 0)?);
        let graph = graphs.table(file, graph)?;
        let mut named = |id| {
            let map = few(signature.vector(file, id, 4)?, MOST, "inputs or outputs")?;
            (0..map.count)
                .map(|index| {
                    let entry = map.table(file, index)?;
                    let number = u64::from(entry.int(file, 1, 0)?);
                    Ok((entry.text(file, 0)?, tensor(file, graph, number)?))
                })
                .collect::<Result<BTreeMap<_, _>, InspectError>>()
        };
        let (inputs, outputs) = (named(0)?, named(1)?);
        let name = signature.text(file, 2)?;
        all.insert(name, LiteSignature { inputs, outputs });
    }
    Ok(all)
}

/// The operators of all graphs: `operator_codes` 1 of the model, `operators` 3 of each graph.
fn operators(
    file: &mut Window<'_>,
    model: Table,
    graphs: Vector,
) -> Result<Vec<LiteOperator>, InspectError> {
    let codes = few(model.vector(file, 1, 4)?, MOST, "kinds of operators")?;
    let mut known = Vec::new();
    for index in 0..codes.count {
        let code = codes.table(file, index)?;
        known.push(operator(file, code)?);
    }
    for graph in 0..graphs.count {
        let graph = graphs.table(file, graph)?;
        let list = few(graph.vector(file, 3, 4)?, MOST_OPERATORS, "operators")?;
        for index in 0..list.count {
            let code = list.table(file, index)?.int(file, 0, 0)?;
            let of = usize::try_from(code).ok().and_then(|code| known.get_mut(code));
            let of = of.ok_or_else(|| {
                InspectError::malformed(
                    0,
                    format!("an operator is of kind {code}, which isn't there"),
                )
            })?;
            of.count += 1;
        }
    }
    known.sort_by(|one, other| (other.count, &one.name).cmp(&(one.count, &other.name)));
    Ok(known)
}

/// `OperatorCode`: `deprecated_builtin_code` 0, `custom_code` 1, `version` 2, `builtin_code` 3. The first one has
/// numbers up to 127, and says that the last one counts by that.
fn operator(file: &mut Window<'_>, code: Table) -> Result<LiteOperator, InspectError> {
    let builtin = u32::from(code.byte(file, 0)?).max(code.int(file, 3, 0)?);
    let custom = code.text(file, 1)?;
    let (name, kind) = match builtin {
        CUSTOM if custom.starts_with(FLEX) => (custom, OperatorKind::Flex),
        CUSTOM => (custom, OperatorKind::Custom),
        number => (operator_name(number), OperatorKind::Builtin),
    };
    Ok(LiteOperator { name, kind, version: code.int(file, 2, 1)?, count: 0 })
}
