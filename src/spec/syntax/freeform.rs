//! Parts of a spec that are written as in a Pod: read as what Kubernetes knows, with nothing lost.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::spans::{index_path, key_path};

/// Mappings of amounts: `cpu: 2` may be written without quotes.
const AMOUNTS: [&str; 4] = ["limits", "requests", "overhead", "capacity"];
/// Fields with one amount, which may be written without quotes too.
const AMOUNT: [&str; 2] = ["sizeLimit", "divisor"];

/// Why a value is not what Kubernetes reads, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", self.place())]
pub(crate) struct Misfit {
    /// Path within the value, as in [`super::node::Spans`]; empty for the whole.
    pub(crate) path: String,
    /// One sentence that says why; serde's own where the type is wrong.
    pub(crate) reason: String,
    /// It is the field itself that is unknown, not its value that is wrong.
    pub(crate) unknown: bool,
}

impl Misfit {
    fn place(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!("`{}`: ", self.path) }
    }
}

/// The value as `T`, a type of Kubernetes; a field that `T` doesn't know is a misfit.
pub(crate) fn typed<T: DeserializeOwned + Serialize>(value: &Json) -> Result<T, Misfit> {
    let mut value = value.clone();
    tidy(&mut value);
    let misfit = |reason: String| Misfit { path: String::new(), reason, unknown: false };
    let typed: T = serde_json::from_value(value.clone())
        .map_err(|error| Misfit { path: blamed::<T>(&value).1, ..misfit(error.to_string()) })?;
    let back = serde_json::to_value(&typed).map_err(|error| misfit(error.to_string()))?;
    match lost(&value, &back, "") {
        Some(path) => Err(Misfit {
            path,
            unknown: true,
            ..misfit("Kubernetes knows no such field there".into())
        }),
        None => Ok(typed),
    }
}

/// How many places of one value are passed over that can't be read.
const MOST_MISFITS: usize = 16;

/// The paths of all fields of a value that `T`, a type of Kubernetes, doesn't know. What can't be read is passed
/// over: whoever takes it says so.
pub(crate) fn unknown_fields<T: DeserializeOwned + Serialize>(value: &Json) -> Vec<String> {
    let mut value = value.clone();
    tidy(&mut value);
    with_texts(&mut value);
    let mut paths = Vec::new();
    for _ in 0..MOST_MISFITS {
        let Ok(typed) = serde_json::from_value::<T>(value.clone()) else {
            value = without(&value, &blamed::<T>(&value).0);
            continue;
        };
        if let Ok(back) = serde_json::to_value(&typed) {
            unknown_in(&value, &back, "", &mut paths);
        }
        break;
    }
    paths
}

/// A number among words is no reason to look no further, and neither is one that is a variable's value.
fn with_texts(value: &mut Json) {
    match value {
        Json::Object(fields) => {
            if let Some(value) = fields.get_mut("value").filter(|value| !value.is_string()) {
                *value = Json::String(String::new());
            }
            fields.values_mut().for_each(with_texts);
        }
        Json::Array(items) => {
            for item in items {
                match item {
                    Json::Number(_) | Json::Bool(_) => *item = Json::String(String::new()),
                    _ => with_texts(item),
                }
            }
        }
        _ => {}
    }
}

/// The places of fields of `before` that are not in `after`.
fn unknown_in(before: &Json, after: &Json, path: &str, paths: &mut Vec<String>) {
    match (before, after) {
        (Json::Object(before), Json::Object(after)) => {
            for (name, value) in before {
                let path = key_path(path, name);
                match after.get(name) {
                    Some(other) => unknown_in(value, other, &path, paths),
                    // An empty list or mapping is written as nothing.
                    None if is_empty(value) => {}
                    None => paths.push(path),
                }
            }
        }
        (Json::Array(before), Json::Array(after)) => {
            for (index, (one, other)) in before.iter().zip(after).enumerate() {
                unknown_in(one, other, &index_path(path, index), paths);
            }
        }
        _ => {}
    }
}

fn is_empty(value: &Json) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(serde_json::Map::is_empty)
}

/// Null is absence, and a number where Kubernetes reads an amount is its text.
fn tidy(value: &mut Json) {
    let text = |value: &mut Json| {
        if value.is_number() {
            *value = Json::String(value.to_string());
        }
    };
    match value {
        Json::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            for (name, value) in fields {
                if AMOUNTS.contains(&name.as_str())
                    && let Json::Object(amounts) = value
                {
                    amounts.values_mut().for_each(text);
                } else if AMOUNT.contains(&name.as_str()) {
                    text(value);
                }
                tidy(value);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// The first place of `before` that is not in `after`.
fn lost(before: &Json, after: &Json, path: &str) -> Option<String> {
    match (before, after) {
        (Json::Object(before), Json::Object(after)) => before.iter().find_map(|(name, value)| {
            let path = key_path(path, name);
            match after.get(name) {
                Some(other) => lost(value, other, &path),
                None => Some(path),
            }
        }),
        (Json::Array(before), Json::Array(after)) if before.len() == after.len() => before
            .iter()
            .zip(after)
            .enumerate()
            .find_map(|(index, (one, other))| lost(one, other, &index_path(path, index))),
        _ => (before != after).then(|| path.to_owned()),
    }
}

/// The deepest place without which the value would be a `T`, as a pointer and as a path: serde's errors have none.
fn blamed<T: DeserializeOwned>(value: &Json) -> (String, String) {
    let fits = |value: &Json| serde_json::from_value::<T>(value.clone()).is_ok();
    let mut pointer = String::new();
    let mut path = String::new();
    loop {
        let children: Vec<(String, String)> = match value.pointer(&pointer) {
            Some(Json::Object(fields)) => fields
                .keys()
                .map(|name| {
                    let escaped = name.replace('~', "~0").replace('/', "~1");
                    (format!("{pointer}/{escaped}"), key_path(&path, name))
                })
                .collect(),
            Some(Json::Array(items)) => (0..items.len())
                .map(|index| (format!("{pointer}/{index}"), index_path(&path, index)))
                .collect(),
            _ => return (pointer, path),
        };
        let guilty = children.into_iter().find(|(child, _)| fits(&without(value, child)));
        match guilty {
            Some(child) => (pointer, path) = child,
            None => return (pointer, path),
        }
    }
}

fn without(value: &Json, pointer: &str) -> Json {
    let mut rest = value.clone();
    let (parent, last) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    match rest.pointer_mut(parent) {
        Some(Json::Object(fields)) => {
            fields.shift_remove(&last.replace("~1", "/").replace("~0", "~"));
        }
        Some(Json::Array(items)) => {
            if let Ok(index) = last.parse::<usize>() {
                items.remove(index);
            }
        }
        _ => {}
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::{Affinity, PodTemplateSpec, Volume};
    use serde_json::json;

    #[test]
    fn unknown_fields_are_found_where_they_stand() {
        let value = json!({"spec": {"containers": [{"name": "main", "imagePullPolcy": "Always"}]}});
        let misfit = typed::<PodTemplateSpec>(&value).unwrap_err();
        assert_eq!(misfit.path, "spec.containers[0].imagePullPolcy");
        assert!(misfit.unknown);
        assert!(typed::<Affinity>(&json!({"nodeAffinty": {}})).is_err());
    }

    #[test]
    fn wrong_values_are_found_where_they_stand() {
        let value = json!({"name": "a", "emptyDir": {"sizeLimit": 5, "medium": 3}});
        let misfit = typed::<Volume>(&value).unwrap_err();
        assert_eq!(misfit.path, "emptyDir.medium");
        assert!(!misfit.unknown, "{misfit}");
    }

    #[test]
    fn all_unknown_fields_are_found_beside_what_cannot_be_read() {
        let value = json!({"metadata": {"lables": {}, "nme": 1}, "spec": {
            "containers": [{"name": "a", "args": [1, 2], "comand": ["a"], "ports": "x",
                "env": [{"name": "A", "value": 5, "valuefrom": {}}, {"name": "B", "valeu": "x"}],
                "resources": {"limits": {"cpu": 1}}, "volumeMounts": [{"name": "v", "readonly": true}]}],
            "volumes": [],
        }});
        assert_eq!(
            unknown_fields::<PodTemplateSpec>(&value),
            [
                "metadata.nme",
                "spec.containers[0].comand",
                "spec.containers[0].env[1].valeu",
                "spec.containers[0].volumeMounts[0].readonly",
            ]
        );
    }

    #[test]
    fn amounts_may_be_numbers_and_null_is_absence() {
        let value = json!({"name": "a", "emptyDir": {"sizeLimit": 5, "medium": null}});
        let volume: Volume = typed(&value).unwrap();
        assert_eq!(volume.empty_dir.unwrap().size_limit.unwrap().0, "5");
    }
}
