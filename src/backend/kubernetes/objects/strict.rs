//! Free-form values as typed objects of Kubernetes, with nothing lost on the way.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// Fields whose values are amounts: `cpu: 2` may be written without quotes.
const AMOUNTS: [&str; 4] = ["limits", "requests", "overhead", "capacity"];
const AMOUNT: [&str; 2] = ["sizeLimit", "divisor"];

/// The value as `T`; a field that `T` doesn't know is named.
pub(super) fn typed<T: DeserializeOwned + Serialize>(mut value: Json) -> Result<T, String> {
    tidy(&mut value);
    let typed: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    let back = serde_json::to_value(&typed).map_err(|error| error.to_string())?;
    match lost(&value, &back, String::new()) {
        Some(path) => Err(format!("`{path}` is not a field that Kubernetes knows there")),
        None => Ok(typed),
    }
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
fn lost(before: &Json, after: &Json, path: String) -> Option<String> {
    match (before, after) {
        (Json::Object(before), Json::Object(after)) => before.iter().find_map(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match after.get(name) {
                Some(other) => lost(value, other, path),
                None => Some(path),
            }
        }),
        (Json::Array(before), Json::Array(after)) if before.len() == after.len() => before
            .iter()
            .zip(after)
            .enumerate()
            .find_map(|(index, (one, other))| lost(one, other, format!("{path}[{index}]"))),
        _ => (before != after).then_some(path),
    }
}
