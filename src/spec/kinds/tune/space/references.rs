//! `${params.NAME}` in a trial: found, and replaced by a trial's values.

use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::spec::syntax::{PARAMETER, index_path, key_path};

/// A reference to a parameter, and the path of the text that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The parameter's name; what stands there, whether it is one or not.
    pub name: String,
    /// The path of the text within the trial, such as `args[2]`.
    pub path: String,
}

/// All references in the texts of a value, in its order.
pub fn references(value: &Json) -> Vec<Reference> {
    let mut found = Vec::new();
    walk(value, String::new(), &mut |text, path| {
        for (name, _) in pieces(text).filter_map(Result::ok) {
            found.push(Reference { name: name.to_owned(), path: path.to_owned() });
        }
    });
    found
}

fn walk(value: &Json, path: String, each: &mut dyn FnMut(&str, &str)) {
    match value {
        Json::String(text) => each(text, &path),
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, index_path(&path, index), each);
            }
        }
        Json::Object(fields) => {
            for (name, field) in fields {
                walk(field, key_path(&path, name), each);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// A text in pieces: references as (name, as it is written), and what stands between them.
fn pieces(text: &str) -> impl Iterator<Item = Result<(&str, &str), &str>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let start = rest.match_indices("${").find_map(|(at, _)| {
            let name = rest[at + 2..].strip_prefix(PARAMETER)?;
            let end = name.find('}')?;
            Some((at, &name[..end], at + 2 + PARAMETER.len() + end + 1))
        });
        let (piece, left) = match start {
            Some((0, name, end)) => (Ok((name, &rest[..end])), &rest[end..]),
            Some((at, ..)) => (Err(&rest[..at]), &rest[at..]),
            None => (Err(rest), ""),
        };
        rest = left;
        Some(piece)
    })
}

/// A text with the values in place; a reference to a parameter that has none becomes nothing.
fn filled(text: &str, values: &IndexMap<String, String>) -> String {
    let value = |piece: Result<(&str, &str), &str>| match piece {
        Ok((name, _)) => values.get(name).cloned().unwrap_or_default(),
        Err(between) => between.to_owned(),
    };
    pieces(text).map(value).collect()
}

/// A text that names a parameter without a value, which does not count in this trial.
fn lacks(text: &Json, values: &IndexMap<String, String>) -> bool {
    let Some(text) = text.as_str() else { return false };
    pieces(text).filter_map(Result::ok).any(|(name, _)| !values.contains_key(name))
}

/// A value with all references replaced. An argument or a variable that names a parameter without a
/// value, because that one does not count in this trial, is left out.
pub fn substituted(value: &Json, values: &IndexMap<String, String>) -> Json {
    match value {
        Json::String(text) => filled(text, values).into(),
        Json::Array(items) => {
            let left_out = |item: &&Json| {
                lacks(item, values) || item.get("value").is_some_and(|v| lacks(v, values))
            };
            items
                .iter()
                .filter(|item| !left_out(item))
                .map(|item| substituted(item, values))
                .collect()
        }
        Json::Object(fields) => {
            let field = |(name, field): (&String, &Json)| {
                let named_arguments = name == "args" && field.is_object();
                let field = match field {
                    Json::Object(args) if named_arguments => Json::Object(
                        args.iter()
                            .filter(|(_, value)| !lacks(value, values))
                            .map(|(name, value)| (name.clone(), substituted(value, values)))
                            .collect(),
                    ),
                    other => substituted(other, values),
                };
                (name.clone(), field)
            };
            Json::Object(fields.iter().map(field).collect())
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_are_found_and_replaced() {
        let value = json!({
            "args": ["--lr=${params.lr}", "--m=${params.momentum}", "x${params.lr}y${HOME}${params.lr}"],
            "env": [{"name": "M", "value": "${params.momentum}"}, {"name": "B", "value": "1"}],
            "setup": {"shell": "echo ${params.momentum}."},
        });
        let names: Vec<_> =
            references(&value).into_iter().map(|r| format!("{} {}", r.path, r.name)).collect();
        assert_eq!(
            names,
            [
                "args[0] lr",
                "args[1] momentum",
                "args[2] lr",
                "args[2] lr",
                "env[0].value momentum",
                "setup.shell momentum"
            ]
        );
        let values = [("lr".to_owned(), "0.1".to_owned())].into();
        assert_eq!(
            substituted(&value, &values),
            json!({
                "args": ["--lr=0.1", "x0.1y${HOME}0.1"],
                "env": [{"name": "B", "value": "1"}],
                "setup": {"shell": "echo ."},
            })
        );
        let named = json!({"args": {"lr": "${params.lr}", "m": "${params.m}"}});
        assert_eq!(substituted(&named, &values), json!({"args": {"lr": "0.1"}}));
    }

    #[test]
    fn what_is_no_reference_stays() {
        for text in ["${params", "${param.x}", "$params.x", "${}", "é${"] {
            assert_eq!(filled(text, &IndexMap::new()), text);
        }
    }
}
