//! Instances of JSON values.

use bytes::Bytes;

use super::maker::refused;
use super::{Echo, Made, Sent};
use crate::work::batch::json::{Field, fields, name_is};
use crate::work::batch::{RowError, Rows};

/// The instance of a value: the value itself, unless fields are named or another type is wanted.
pub(super) fn made(rows: &Rows, value: Bytes) -> Made {
    let array = rows.instance_type.as_deref() == Some("array");
    let object = rows.instance_type.as_deref() == Some("object");
    let is_object = value.first() == Some(&b'{');
    let is_array = value.first() == Some(&b'[');
    let names_fields = rows.key_field.is_some()
        || !rows.included_fields.is_empty()
        || !rows.excluded_fields.is_empty();
    if !names_fields && (is_array && array || !array && !object || is_object && object) {
        return Made { echo: Echo::Instance(value), send: Ok(Sent::Shown) };
    }
    let fault =
        |message: &str| Made { echo: Echo::Instance(value.clone()), send: Err(refused(message)) };
    if !is_object {
        return fault(if names_fields {
            "the line is no object, so it has no fields to choose from"
        } else if array {
            "the line is neither an object nor an array, so it can't become an array"
        } else {
            "the line is no object"
        });
    }
    let Some(all) = fields(&value) else { return fault("the line is no object") };
    let key = match rows.key_field.as_deref().map(|name| find(&all, name)) {
        Some(Err(error)) => return Made { echo: Echo::Instance(value), send: Err(error) },
        Some(Ok(field)) => Some(field.value.clone()),
        None => None,
    };
    let send = chosen(rows, &all).map(|chosen| if array { list(&chosen) } else { map(&chosen) });
    let echo = match (key, &send) {
        (Some(key), _) => Echo::Key(key),
        // Excluded fields come back in the output, so that is the line as it was.
        (None, Ok(_)) if rows.excluded_fields.is_empty() => {
            return Made { send: Ok(Sent::Shown), echo: Echo::Instance(send.unwrap_or(value)) };
        }
        (None, _) => Echo::Instance(value),
    };
    Made { echo, send: send.map(Sent::Other) }
}

/// The fields that are sent, in their order.
fn chosen<'a>(rows: &Rows, all: &'a [Field]) -> Result<Vec<&'a Field>, RowError> {
    let is_key = |name: &str| rows.key_field.as_deref() == Some(name);
    if !rows.included_fields.is_empty() {
        let names = rows.included_fields.iter().filter(|name| !is_key(name));
        return names.map(|name| find(all, name)).collect();
    }
    if rows.instance_type.as_deref() == Some("array") {
        // JSON gives the fields of an object no order.
        return Err(refused("an object becomes an array by includedFields, which is not given"));
    }
    let left_out = |field: &Field| {
        let mut names = rows.excluded_fields.iter().chain(&rows.key_field);
        names.any(|name| name_is(&field.name, name))
    };
    Ok(all.iter().filter(|field| !left_out(field)).collect())
}

/// The last field of this name, as JSON readers have it.
fn find<'a>(all: &'a [Field], name: &str) -> Result<&'a Field, RowError> {
    let found = all.iter().rev().find(|field| name_is(&field.name, name));
    found.ok_or_else(|| refused(format!("the line has no field `{name}`")))
}

fn list(fields: &[&Field]) -> Bytes {
    let mut text = vec![b'['];
    for (at, field) in fields.iter().enumerate() {
        text.extend_from_slice(if at > 0 { b"," } else { b"" });
        text.extend_from_slice(&field.value);
    }
    text.push(b']');
    text.into()
}

fn map(fields: &[&Field]) -> Bytes {
    let mut text = vec![b'{'];
    for (at, field) in fields.iter().enumerate() {
        text.extend_from_slice(if at > 0 { b"," } else { b"" });
        text.extend_from_slice(&field.name);
        text.push(b':');
        text.extend_from_slice(&field.value);
    }
    text.push(b'}');
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_of(rows: &str, line: &'static str) -> (String, Result<String, String>) {
        let rows: Rows = serde_json::from_str(rows).unwrap();
        let Made { echo, send } = made(&rows, Bytes::from_static(line.as_bytes()));
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let send = send.map(|send| send.text(&echo).clone());
        let echo = match echo {
            Echo::Instance(instance) => text(instance),
            Echo::Key(key) => format!("key {}", text(key)),
        };
        (echo, send.map(text).map_err(|error| error.message))
    }

    #[test]
    fn what_is_sent_is_what_was_written() {
        let line = r#"{"id":7,"x" : 1.50,"y":[1e2, NaN]}"#;
        let same = (line.to_owned(), Ok(line.to_owned()));
        assert_eq!(made_of("{}", line), same);
        assert_eq!(made_of(r#"{"instanceType":"object"}"#, line), same);
        assert_eq!(made_of("{}", "3"), ("3".into(), Ok("3".into())));
        assert_eq!(made_of(r#"{"instanceType":"array"}"#, "[1.0]").1.unwrap(), "[1.0]");
        assert!(made_of(r#"{"instanceType":"object"}"#, "[1.0]").1.is_err());
        assert!(made_of(r#"{"instanceType":"array"}"#, "3").1.is_err());
        assert!(made_of(r#"{"instanceType":"array"}"#, line).1.unwrap_err().contains("included"));
    }

    #[test]
    fn fields_are_chosen_as_on_vertex() {
        let line = r#"{"id":7,"x" : 1.50,"y":[1e2, NaN],"x":2}"#;
        let key = made_of(r#"{"keyField":"id"}"#, line);
        assert_eq!(key, ("key 7".into(), Ok(r#"{"x":1.50,"y":[1e2, NaN],"x":2}"#.into())));
        let included = r#"{"includedFields":["y","x"],"instanceType":"array"}"#;
        let sent = "[[1e2, NaN],2]";
        assert_eq!(made_of(included, line), (sent.into(), Ok(sent.into())));
        let included = r#"{"includedFields":["y","id"],"keyField":"id"}"#;
        assert_eq!(made_of(included, line), ("key 7".into(), Ok(r#"{"y":[1e2, NaN]}"#.into())));
        let excluded = made_of(r#"{"excludedFields":["y","x"]}"#, line);
        assert_eq!(excluded, (line.into(), Ok(r#"{"id":7}"#.into())));
        let excluded = made_of(r#"{"excludedFields":["y","x"],"keyField":"id"}"#, line);
        assert_eq!(excluded, ("key 7".into(), Ok("{}".into())));
        let missing = made_of(r#"{"keyField":"k"}"#, line);
        assert_eq!(missing, (line.into(), Err("the line has no field `k`".into())));
        let missing = made_of(r#"{"includedFields":["z"],"keyField":"id"}"#, line);
        assert_eq!(missing.0, "key 7");
        assert!(missing.1.is_err() && made_of(r#"{"keyField":"k"}"#, "[1]").1.is_err());
    }
}
