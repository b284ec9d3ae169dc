//! Instances of CSV records: arrays, in which a quoted cell is a string and a bare number is a float.

use std::borrow::Cow;

use bytes::Bytes;

use super::maker::refused;
use super::{Echo, Made, Sent};
use crate::work::batch::input::{Cell, Row, cells, shown_of};
use crate::work::batch::json::escaped;
use crate::work::batch::{RowError, Rows};

/// The instance of a record: an array of its cells, in the file's order or that of `includedFields`.
/// The type of instances does not apply to CSV.
pub(super) fn made(rows: &Rows, row: &Row, header: &[String]) -> Made {
    let fault = |error: RowError| Made {
        echo: Echo::Instance(escaped(&shown_of(&row.text)).into()),
        send: Err(error),
    };
    if str::from_utf8(&row.text).is_err() {
        return fault(refused("the row is no UTF-8 text, and what its bytes mean is not known"));
    }
    let cells = cells(&row.text);
    if cells.len() != header.len() {
        return fault(refused(format!(
            "the row has {} fields, and the header has {}",
            cells.len(),
            header.len()
        )));
    }
    let column = |name: &String| {
        let found = header.iter().position(|column| column == name);
        found.ok_or_else(|| refused(format!("the file has no column `{name}`")))
    };
    let key = match rows.key_field.as_ref().map(column) {
        Some(Err(error)) => return fault(error),
        Some(Ok(at)) => Some(at),
        None => None,
    };
    let sent: Result<Vec<usize>, RowError> = if rows.included_fields.is_empty() {
        let excluded: Result<Vec<usize>, _> = rows.excluded_fields.iter().map(column).collect();
        excluded.map(|excluded| (0..cells.len()).filter(|at| !excluded.contains(at)).collect())
    } else {
        rows.included_fields.iter().map(column).collect()
    };
    let sent = match sent {
        Ok(sent) => sent.into_iter().filter(|at| Some(*at) != key).collect::<Vec<_>>(),
        Err(error) => return fault(error),
    };
    let send = array(sent.iter().map(|at| &cells[*at]));
    let echo = match key {
        Some(at) => Echo::Key(json_of(&cells[at]).into_owned().into()),
        // Excluded fields come back in the output.
        None if rows.included_fields.is_empty() => Echo::Instance(array(&cells)),
        None => return Made { echo: Echo::Instance(send), send: Ok(Sent::Shown) },
    };
    Made { echo, send: Ok(Sent::Other(send)) }
}

fn array<'a>(cells: impl IntoIterator<Item = &'a Cell<'a>>) -> Bytes {
    let mut text = String::from("[");
    for (at, cell) in cells.into_iter().enumerate() {
        text.push_str(if at > 0 { "," } else { "" });
        text.push_str(&json_of(cell));
    }
    text.push(']');
    text.into()
}

/// A cell as JSON. The digits of a number stay as they are written; an integer gets `.0`, since it is a
/// float, and what JSON would not take (`.5`, `+1`, `007`) is written anew. What is no finite number is
/// a string.
pub(crate) fn json_of<'a>(cell: &'a Cell<'a>) -> Cow<'a, str> {
    let text = str::from_utf8(&cell.text).unwrap_or_default();
    let number = text.trim_matches([' ', '\t']);
    let looks_so =
        number.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    if cell.quoted || number.is_empty() || !looks_so {
        return escaped(&cell.text).into();
    }
    match number.parse::<f64>() {
        Ok(value) if value.is_finite() => {
            if serde_json::from_str::<&serde_json::value::RawValue>(number).is_err() {
                format!("{value:?}").into()
            } else if number.contains(['.', 'e', 'E']) {
                number.into()
            } else {
                format!("{number}.0").into()
            }
        }
        _ => escaped(&cell.text).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_of(rows: &str, record: &'static str) -> (String, Result<String, String>) {
        let rows: Rows = serde_json::from_str(rows).unwrap();
        let text = Bytes::from_static(record.as_bytes());
        let row = Row { offset: 9, line: 1, text, fault: None };
        let Made { echo, send } = made(&rows, &row, &["a".into(), "b".into(), "c".into()]);
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let send = send.map(|send| send.text(&echo).clone());
        let echo = match echo {
            Echo::Instance(instance) => text(instance),
            Echo::Key(key) => format!("key {}", text(key)),
        };
        (echo, send.map(text).map_err(|error| error.message))
    }

    #[test]
    fn a_number_is_a_float_and_a_quoted_one_a_string() {
        let all = [
            (r#"1,"1",x"#, r#"[1.0,"1","x"]"#),
            ("1.50,1e5,-3", "[1.50,1e5,-3.0]"),
            (".5,+1,007", "[0.5,1.0,7.0]"),
            ("nan,inf, 2 ", "[\"nan\",\"inf\",2.0]"),
            (r#","a ""b""",1e999"#, r#"["","a \"b\"","1e999"]"#),
            ("12345678901234567890,-0,0x1", "[12345678901234567890.0,-0.0,\"0x1\"]"),
        ];
        for (record, sent) in all {
            assert_eq!(made_of("{}", record), (sent.to_owned(), Ok(sent.to_owned())));
        }
    }

    #[test]
    fn columns_are_chosen_by_name() {
        let record = "1,\"k\",3";
        let key = made_of(r#"{"keyField":"b"}"#, record);
        assert_eq!(key, ("key \"k\"".into(), Ok("[1.0,3.0]".into())));
        let included = made_of(r#"{"includedFields":["c","a"]}"#, record);
        assert_eq!(included, ("[3.0,1.0]".into(), Ok("[3.0,1.0]".into())));
        let excluded = made_of(r#"{"excludedFields":["b"]}"#, record);
        assert_eq!(excluded, ("[1.0,\"k\",3.0]".into(), Ok("[1.0,3.0]".into())));
        assert!(made_of(r#"{"keyField":"d"}"#, record).1.is_err());
        let short = made_of("{}", "1,2");
        assert_eq!(short.0, "\"1,2\"");
        assert_eq!(short.1.unwrap_err(), "the row has 2 fields, and the header has 3");
    }
}
