//! Results as CSV: a header, then a record for each result.
//!
//! The columns are `key`, or those of the instance, and then `prediction`. An instance has columns of
//! its own where they have names: the input is CSV, or `includedFields` names them; else it is one
//! column, `instance`. A cell is the text of a JSON string, or any other value as JSON text.

use std::borrow::Cow;

use bytes::Bytes;

use crate::work::batch::instance::Echo;
use crate::work::batch::json::{elements, fields, name_is};

/// The columns before the prediction.
pub(crate) enum Columns {
    /// The row's key.
    Key,
    /// The instance's own.
    Named(Vec<String>),
    /// The whole instance.
    Instance,
}

impl Columns {
    pub(super) fn new(key: bool, named: Option<Vec<String>>) -> Self {
        match named {
            _ if key => Self::Key,
            Some(named) => Self::Named(named),
            None => Self::Instance,
        }
    }

    pub(super) fn header(&self, out: &mut Vec<u8>) {
        match self {
            Self::Key => out.extend_from_slice(b"key,"),
            Self::Instance => out.extend_from_slice(b"instance,"),
            Self::Named(names) => {
                for name in names {
                    cell(name.as_bytes(), out);
                    out.push(b',');
                }
            }
        }
        out.extend_from_slice(b"prediction\n");
    }

    pub(super) fn result(&self, echo: &Echo, prediction: &Bytes, out: &mut Vec<u8>) {
        match (self, echo) {
            (Self::Named(names), Echo::Instance(instance)) => {
                for value in parts(names, instance) {
                    cell(&text_of(&value), out);
                    out.push(b',');
                }
            }
            (_, Echo::Instance(value) | Echo::Key(value)) => {
                cell(&text_of(value), out);
                out.push(b',');
            }
        }
        cell(&text_of(prediction), out);
        out.push(b'\n');
    }
}

/// The instance's value for each column; empty for one that it doesn't have.
fn parts(names: &[String], instance: &Bytes) -> Vec<Bytes> {
    let mut values = if let Some(all) = elements(instance) {
        all
    } else {
        let all = fields(instance).unwrap_or_default();
        let named = |name: &String| all.iter().rev().find(|field| name_is(&field.name, name));
        let values = names.iter().map(named);
        values.map(|field| field.map(|field| field.value.clone()).unwrap_or_default()).collect()
    };
    values.resize(names.len(), Bytes::new());
    values
}

fn text_of(value: &[u8]) -> Cow<'_, [u8]> {
    if value.first() == Some(&b'"')
        && let Ok(text) = serde_json::from_slice::<String>(value)
    {
        return text.into_bytes().into();
    }
    value.into()
}

/// A cell as RFC 4180 has it, in quotes where it needs some.
pub(crate) fn cell(text: &[u8], out: &mut Vec<u8>) {
    if !text.iter().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for byte in text {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(columns: &Columns, echo: &Echo, prediction: &'static str) -> String {
        let mut out = Vec::new();
        columns.header(&mut out);
        columns.result(echo, &Bytes::from_static(prediction.as_bytes()), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_have_names_where_the_instance_has() {
        let array = Echo::Instance(Bytes::from_static(b"[1.0,\"a,\\nb\"]"));
        let named = Columns::new(false, Some(vec!["x".into(), "say \"y\"".into()]));
        let text = "x,\"say \"\"y\"\"\",prediction\n1.0,\"a,\nb\",\"[1,2]\"\n";
        assert_eq!(written(&named, &array, "[1,2]"), text);
        let object = Echo::Instance(Bytes::from_static(b"{\"x\":{\"z\":1}}"));
        let named = Columns::new(false, Some(vec!["x".into(), "y".into()]));
        assert_eq!(written(&named, &object, "NaN"), "x,y,prediction\n\"{\"\"z\"\":1}\",,NaN\n");
        let key = Echo::Key(Bytes::from_static(b"\"k\""));
        assert_eq!(written(&Columns::new(true, None), &key, "\"\""), "key,prediction\nk,\n");
        let whole = written(&Columns::new(false, None), &array, "3");
        assert_eq!(whole, "instance,prediction\n\"[1.0,\"\"a,\\nb\"\"]\",3\n");
    }
}
