//! Lists, mappings and scalars where others are expected.

use serde_json::Value as Json;

use super::meant::variables;
use super::schema::{Reading, allowed, properties, types};
use super::walk::{At, Walk, is_anything};
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{Meaning, Node, Scalar, Value};
use crate::text::list_of;

/// The value may be of this shape; whether its content is right is another question.
pub(crate) fn fits(node: &Node, shape: &Json, reading: Reading) -> bool {
    if is_anything(shape) {
        return true;
    }
    if !allowed(shape).is_empty() {
        return node.as_scalar().is_some();
    }
    let types = types(shape);
    match &node.value {
        Value::List(_) => types.contains(&"array"),
        Value::Map(_) => types.contains(&"object"),
        Value::Scalar(scalar) => scalar_fits(scalar, &types, shape, reading),
    }
}

fn scalar_fits(scalar: &Scalar, types: &[&str], shape: &Json, reading: Reading) -> bool {
    let meaning = scalar.meaning();
    let raw = reading.verbatim || reading.text || !shape["x-mlctl-quantity"].is_null();
    types.iter().any(|name| match *name {
        "string" => meaning == Meaning::Text || (raw && meaning != Meaning::Null),
        "integer" => matches!(meaning, Meaning::Integer(_)),
        "number" => matches!(meaning, Meaning::Integer(_) | Meaning::Float(_)),
        "boolean" => matches!(meaning, Meaning::Bool(_)),
        _ => false,
    })
}

/// What a shape is called: "a list", "a duration", "a whole number".
pub(crate) fn expected(shapes: &[&Json]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for shape in shapes {
        let name = match shape["x-mlctl-quantity"].as_str() {
            Some("Cpu") => "a number of cores",
            Some("Memory") => "an amount of memory",
            Some("Duration") => "a duration",
            Some("Amount") => "an amount of money",
            Some("Percent") => "a part in percent",
            _ => match types(shape).first().copied() {
                Some("object") => "a mapping",
                Some("array") => "a list",
                Some("integer") => "a whole number",
                Some("number") => "a number",
                Some("boolean") => "true or false",
                _ => "a text",
            },
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    list_of(&names, "or")
}

impl Walk<'_> {
    /// A list, a mapping or nothing where something else belongs.
    pub(crate) fn wrong_shape(&mut self, node: &Node, shapes: &[&Json], at: &At) {
        let (expected, found) = (expected(shapes), node.describe());
        let finding = Diagnostic::error(
            Code::WrongType,
            format!("{}: expected {expected}, found {found}", at.name()),
        )
        .at(at.place(node), format!("expected {expected}"));
        let help = advice(node, shapes, at);
        self.wrong(
            at,
            match help {
                Some(help) => finding.help(help),
                None => finding,
            },
        );
    }
}

fn advice(node: &Node, shapes: &[&Json], at: &At) -> Option<String> {
    let field = at.path.rsplit('.').next().unwrap_or_default();
    let wants = |name: &str| shapes.iter().any(|shape| types(shape).contains(&name));
    let in_args = at.path.contains("args.") || at.path.contains("args[");
    match &node.value {
        Value::Map(entries) if in_args => {
            let child = entries.first().map_or("name", |entry| entry.key.text.as_str());
            Some(format!(
                "arguments are flat: write `{field}.{child}: ...` for `--{field}.{child}=...`, or \
                 the whole value as a JSON text in quotes"
            ))
        }
        Value::Map(entries) if wants("array") && field == "env" => Some(variables(entries)),
        Value::Map(_) if wants("array") => {
            Some("start each item with `- `, or write `[...]`".into())
        }
        Value::List(items) if in_args && items.iter().all(|item| item.as_scalar().is_some()) => {
            Some("a list inside a list has no form on a command line: write one list".into())
        }
        Value::List(items) if wants("object") && at.path == "roles" => {
            let first = items.first();
            let name = first.and_then(|item| item.get("name").unwrap_or(item).as_text());
            let count = first.and_then(|item| item.get("replicas")?.as_text());
            let (name, count) = (name.unwrap_or("worker"), count.unwrap_or("1"));
            Some(format!("roles are written by name: `{name}: {{replicas: {count}}}`"))
        }
        Value::List(items) if wants("object") && at.path == "parameters" => {
            let name = items.first().and_then(|item| item.get("name")?.as_text());
            let name = name.unwrap_or("learning_rate");
            Some(format!("parameters are written by name: `{name}: {{double: [1e-5, 1e-1]}}`"))
        }
        Value::List(_) if wants("object") => {
            let names: Vec<&str> = shapes
                .iter()
                .flat_map(|shape| properties(shape))
                .map(|(name, _)| name)
                .take(3)
                .collect();
            if names.is_empty() {
                Some("write `name: value` lines without `- `".into())
            } else {
                Some(format!("write the fields without `- `: {}", list_of(&names, "and")))
            }
        }
        Value::List(items) if items.len() == 1 => {
            Some("write the item without `- ` or `[]`".into())
        }
        _ => None,
    }
}
