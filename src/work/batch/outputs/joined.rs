//! The line of an input beside the line of the output.

use bytes::Bytes;

use crate::work::batch::InputFormat;
use crate::work::batch::input::Row;
use crate::work::batch::json::{escaped, value_of};

/// What takes the place of an output line's first brace: the line of the input as the field `input`. A
/// line that is JSON stays as it is, any other is a string.
pub(super) fn joined(row: &Row, format: InputFormat) -> Bytes {
    let value = match format {
        InputFormat::Jsonl if row.fault.is_none() => value_of(&row.text).ok(),
        _ => None,
    };
    let value = value.unwrap_or_else(|| escaped(&row.text).into());
    [b"{\"input\":".as_slice(), &value, b","].concat().into()
}
