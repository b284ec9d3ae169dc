//! What a document with mistakes says all the same: the document without its wrong parts.

use std::collections::HashSet;

use super::gaps::Gap;
use super::schema::{Reading, properties, types, view};
use super::walk::{Checked, Input, check};
use crate::spec::kinds::registry::API_VERSION;
use crate::spec::syntax::{Entry, Key, Node, Value, index_path, key_path};

/// Each round takes out what the one before has made wrong: a variable whose name went, then the
/// mapping that holds nothing else. The types are not nested deeper than this.
const ROUNDS: usize = 8;
/// Stands in for a name that is missing or wrong.
const SOME_NAME: &str = "job";

/// The document without the parts that `gaps` names, and what it says; none if nothing can be
/// taken out that leaves a right one.
pub(crate) fn sound_part(node: &Node, input: Input<'_>, gaps: &[Gap]) -> Option<(Node, Checked)> {
    let mut node = node.clone();
    let mut gaps = gaps.to_vec();
    for _ in 0..ROUNDS {
        let paths: HashSet<&str> = gaps.iter().map(Gap::path).collect();
        take_out(&mut node, "", &paths);
        for gap in &gaps {
            match gap {
                Gap::Lack { path, field } if path.is_empty() => {
                    fill(&mut node, field, input);
                }
                _ => {}
            }
        }
        let checked = check(&node, input);
        if checked.findings.is_empty() && checked.gaps.is_empty() {
            return Some((node, checked));
        }
        gaps = checked.gaps;
    }
    None
}

/// Removes what stands at the paths, which are those from before anything is removed.
fn take_out(node: &mut Node, path: &str, paths: &HashSet<&str>) {
    match &mut node.value {
        Value::Scalar(_) => {}
        Value::List(items) => {
            let mut index = 0;
            items.retain_mut(|item| {
                let below = index_path(path, index);
                index += 1;
                keep(item, &below, paths)
            });
        }
        Value::Map(entries) => entries.retain_mut(|entry| {
            let below = key_path(path, &entry.key.text);
            keep(&mut entry.value, &below, paths)
        }),
    }
}

fn keep(node: &mut Node, path: &str, paths: &HashSet<&str>) -> bool {
    let keep = !paths.contains(path);
    if keep {
        take_out(node, path, paths);
    }
    keep
}

/// A document can't be read without these; nothing is said about what stands in for them.
fn fill(node: &mut Node, field: &str, input: Input<'_>) {
    let span = node.span;
    let schema = properties(input.schema).find(|(name, _)| *name == field).map(|(_, field)| field);
    let shapes = schema.map(|schema| view(input.schema, schema, Reading::default()).shapes);
    let is_a = |name: &str| {
        shapes.iter().flatten().next().is_some_and(|shape| types(shape).contains(&name))
    };
    let value = match field {
        "apiVersion" => Node::plain(API_VERSION, span),
        "kind" => Node::plain(input.kind.name, span),
        _ if is_a("array") => Node { span, value: Value::List(Vec::new()) },
        _ if is_a("object") => Node { span, value: Value::Map(Vec::new()) },
        _ => Node::plain(SOME_NAME, span),
    };
    if let Value::Map(entries) = &mut node.value {
        let key = Key { text: field.to_owned(), span };
        entries.push(Entry { key, value });
    }
}
