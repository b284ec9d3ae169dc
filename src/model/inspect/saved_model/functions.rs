//! The functions of the object that was saved, as callers in Python see them: `SavedObjectGraph`
//! (<https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/saved_object_graph.proto>) and
//! the values of `struct.proto` beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::read::{dtype, few, push, shape};
use super::types::Callable;
use crate::model::inspect::InspectError;
use crate::model::inspect::bytes::Window;
use crate::model::inspect::wire::{Field, Message, Value, entry, text};

/// No signature is nested deeper.
const DEEPEST: usize = 32;

/// The functions that the root object has, by name.
pub(super) fn functions(
    file: &mut Window<'_>,
    part: Range<u64>,
) -> Result<BTreeMap<String, Vec<Callable>>, InspectError> {
    let children = children_of_root(file, part.clone())?;
    let mut concrete: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut message = Message::new(part.clone());
    let mut index = 0_u64;
    while let Some(field) = message.next(file)? {
        let Field { number: 1, value: Value::Part(node) } = field else { continue };
        if let Some(names) = children.get(&index)
            && let Some(functions) = concrete_of(file, node)?
        {
            for name in names {
                concrete.insert(name.clone(), functions.clone());
            }
        }
        index += 1;
    }
    let wanted: BTreeSet<&String> = concrete.values().flatten().collect();
    let mut callables = BTreeMap::new();
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        let Field { number: 2, value: Value::Part(part) } = field else { continue };
        let (name, part) = entry(file, part)?;
        if wanted.contains(&name) {
            callables.insert(name, callable(file, part)?);
        }
    }
    let of = |names: Vec<String>| {
        names.iter().filter_map(|name| callables.get(name)).cloned().collect::<Vec<_>>()
    };
    Ok(concrete.into_iter().map(|(name, functions)| (name, of(functions))).collect())
}

/// The names of the first node's children, by their numbers: `children` 1 of `node_id` 1 and `local_name` 2.
fn children_of_root(
    file: &mut Window<'_>,
    part: Range<u64>,
) -> Result<BTreeMap<u64, Vec<String>>, InspectError> {
    let mut children: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        let Field { number: 1, value: Value::Part(node) } = field else { continue };
        let mut root = Message::new(node);
        while let Some(field) = root.next(file)? {
            let Field { number: 1, value: Value::Part(child) } = field else { continue };
            let (mut id, mut name) = (0, String::new());
            let mut child = Message::new(child);
            while let Some(field) = child.next(file)? {
                match field {
                    Field { number: 1, value: Value::Number(number) } => id = number,
                    Field { number: 2, value: Value::Part(part) } => {
                        name = text(file, &part)?;
                    }
                    _ => {}
                }
            }
            children.entry(id).or_default().push(name);
            few(children.len(), "objects")?;
        }
        break;
    }
    Ok(children)
}

/// The concrete functions of a node that is a function: `function` 6, or `bare_concrete_function` 8.
fn concrete_of(
    file: &mut Window<'_>,
    node: Range<u64>,
) -> Result<Option<Vec<String>>, InspectError> {
    let mut node = Message::new(node);
    let mut found: Option<Vec<String>> = None;
    while let Some(field) = node.next(file)? {
        let Field { number: 6 | 8, value: Value::Part(function) } = field else { continue };
        let names = found.get_or_insert_default();
        let mut function = Message::new(function);
        while let Some(field) = function.next(file)? {
            if let Field { number: 1, value: Value::Part(part) } = field {
                push(names, text(file, &part)?, "functions")?;
            }
        }
    }
    Ok(found)
}

/// `SavedConcreteFunction`: `canonicalized_input_signature` 3, a pair of arguments and named arguments.
fn callable(file: &mut Window<'_>, part: Range<u64>) -> Result<Callable, InspectError> {
    let mut callable = Callable::default();
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        let Field { number: 3, value: Value::Part(part) } = field else { continue };
        if let Structure::List(pair) = structure(file, part, 0)? {
            let mut pair = pair.into_iter();
            if let Some(Structure::List(arguments)) = pair.next() {
                callable.arguments = arguments.iter().map(ToString::to_string).collect();
            }
            if let Some(Structure::Map(named)) = pair.next() {
                let named = named.into_iter();
                callable.named = named.map(|(name, value)| (name, value.to_string())).collect();
            }
        }
    }
    Ok(callable)
}

/// A value of a signature.
enum Structure {
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
    Plain(String),
}

impl std::fmt::Display for Structure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(text) => f.write_str(text),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Map(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                write!(f, "{{{}}}", fields.join(", "))
            }
        }
    }
}

fn structure(
    file: &mut Window<'_>,
    part: Range<u64>,
    depth: usize,
) -> Result<Structure, InspectError> {
    if depth > DEEPEST {
        return Err(InspectError::malformed(part.start, "a signature is nested too deeply"));
    }
    // The smallest value has two bytes in the file, and many more in memory.
    file.keep(0)?;
    let mut found = Structure::Plain("None".into());
    let mut message = Message::new(part);
    while let Some(Field { number, value }) = message.next(file)? {
        let plain = |text: &str| Structure::Plain(text.to_owned());
        found = match (number, value) {
            (11, Value::Eight(bytes)) => plain(&f64::from_le_bytes(bytes).to_string()),
            // A `sint64` of Protocol Buffers: the sign is its last bit.
            (12, Value::Number(number)) => {
                plain(&((number >> 1).cast_signed() ^ -(number & 1).cast_signed()).to_string())
            }
            (13, Value::Part(part)) => plain(&format!("'{}'", text(file, &part)?)),
            (14, Value::Number(number)) => plain(if number == 0 { "False" } else { "True" }),
            (32, Value::Number(number)) => plain(&dtype(number)),
            (33 | 35, Value::Part(part)) => Structure::Plain(spec(file, part)?),
            (34, Value::Part(part)) => Structure::Plain(type_spec(file, part)?),
            (51 | 52, Value::Part(part)) => items(file, part, depth)?,
            (53, Value::Part(part)) => fields(file, part, depth)?,
            (54, Value::Part(part)) => pairs(file, part, depth)?,
            _ => continue,
        };
    }
    Ok(found)
}

/// `ListValue` and `TupleValue`: `values` 1.
fn items(file: &mut Window<'_>, part: Range<u64>, depth: usize) -> Result<Structure, InspectError> {
    let mut all = Vec::new();
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        if let Field { number: 1, value: Value::Part(part) } = field {
            push(&mut all, structure(file, part, depth + 1)?, "arguments")?;
        }
    }
    Ok(Structure::List(all))
}

/// `DictValue`: `fields` 1.
fn fields(
    file: &mut Window<'_>,
    part: Range<u64>,
    depth: usize,
) -> Result<Structure, InspectError> {
    let mut all = BTreeMap::new();
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        if let Field { number: 1, value: Value::Part(part) } = field {
            let (name, part) = entry(file, part)?;
            all.insert(name, structure(file, part, depth + 1)?);
            few(all.len(), "arguments")?;
        }
    }
    Ok(Structure::Map(all))
}

/// `NamedTupleValue`: `values` 2, each of `key` 1 and `value` 2.
fn pairs(file: &mut Window<'_>, part: Range<u64>, depth: usize) -> Result<Structure, InspectError> {
    let mut all = BTreeMap::new();
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        if let Field { number: 2, value: Value::Part(part) } = field {
            let (name, part) = entry(file, part)?;
            all.insert(name, structure(file, part, depth + 1)?);
            few(all.len(), "arguments")?;
        }
    }
    Ok(Structure::Map(all))
}

/// `TensorSpecProto`: `name` 1, `shape` 2, `dtype` 3.
fn spec(file: &mut Window<'_>, part: Range<u64>) -> Result<String, InspectError> {
    let (mut name, mut of, mut dimensions) = (String::new(), dtype(0), Some(Vec::new()));
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        match field {
            Field { number: 1, value: Value::Part(part) } => name = text(file, &part)?,
            Field { number: 2, value: Value::Part(part) } => dimensions = shape(file, part)?,
            Field { number: 3, value: Value::Number(number) } => of = dtype(number),
            _ => {}
        }
    }
    let shape = shape_text(dimensions.as_deref());
    Ok(if name.is_empty() { format!("{of} {shape}") } else { format!("{name}: {of} {shape}") })
}

/// `TypeSpecProto`, of ragged and sparse tensors and the like: `type_spec_class_name` 3.
fn type_spec(file: &mut Window<'_>, part: Range<u64>) -> Result<String, InspectError> {
    let mut name = "a value of another type".to_owned();
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        if let Field { number: 3, value: Value::Part(part) } = field {
            name = text(file, &part)?;
        }
    }
    Ok(name)
}

/// A shape as `saved_model_cli` shows it: `(-1, 28, 28, 1)`, `()`, or `unknown_rank`.
pub(super) fn shape_text(shape: Option<&[i64]>) -> String {
    let Some(shape) = shape else { return "unknown_rank".into() };
    let dimensions: Vec<String> = shape.iter().map(ToString::to_string).collect();
    match dimensions.as_slice() {
        [one] => format!("({one})"),
        all => format!("({})", all.join(", ")),
    }
}
