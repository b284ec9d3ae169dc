//! One row to one instance.

use bytes::{Buf, Bytes};

use super::{cells, objects};
use crate::text::base64;
use crate::work::batch::input::{Row, shown_of};
use crate::work::batch::json::{escaped, value_range};
use crate::work::batch::{BatchError, InputFormat, RowError, Rows};

/// Makes instances of rows, as the job says.
#[derive(Clone, Debug)]
pub(crate) struct Maker {
    format: InputFormat,
    rows: Rows,
}

/// What stands for a row in the output.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Echo {
    /// The instance, as JSON text.
    Instance(Bytes),
    /// The row's key, as JSON text: it takes the instance's place.
    Key(Bytes),
}

/// What is sent of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sent {
    /// What stands for it in the output, which most rows are: one text does for both.
    Shown,
    /// Another JSON text.
    Other(Bytes),
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Made {
    /// What stands for it in the output.
    pub(crate) echo: Echo,
    /// What is sent; or why nothing is.
    pub(crate) send: Result<Sent, RowError>,
}

impl Echo {
    /// The JSON text.
    pub(crate) fn text(&self) -> &Bytes {
        let (Self::Instance(text) | Self::Key(text)) = self;
        text
    }
}

impl Sent {
    /// The JSON text that is sent of a row for which `echo` stands.
    pub(crate) fn text<'a>(&'a self, echo: &'a Echo) -> &'a Bytes {
        match self {
            Self::Shown => echo.text(),
            Self::Other(text) => text,
        }
    }
}

/// A row that is not sent, and why.
pub(super) fn refused(message: impl Into<String>) -> RowError {
    RowError { code: 400, message: message.into() }
}

impl Maker {
    /// An error where the job asks for what its format doesn't have.
    pub(crate) fn new(format: InputFormat, rows: &Rows) -> Result<Self, BatchError> {
        let unsupported = |what: &str| Err(BatchError::Unsupported(what.to_owned()));
        let has_fields = matches!(format, InputFormat::Jsonl | InputFormat::Csv);
        let names_fields = rows.key_field.is_some()
            || !rows.included_fields.is_empty()
            || !rows.excluded_fields.is_empty();
        if names_fields && !has_fields {
            return unsupported(
                "keyField, includedFields and excludedFields need an input with fields: jsonl or csv",
            );
        }
        if !rows.included_fields.is_empty() && !rows.excluded_fields.is_empty() {
            return unsupported("includedFields and excludedFields exclude each other");
        }
        if !matches!(rows.instance_type.as_deref(), None | Some("object" | "array")) {
            return unsupported("the type of instances is `object` or `array`");
        }
        Ok(Self { format, rows: rows.clone() })
    }

    /// Rows name files, whose contents are sent.
    pub(crate) fn needs_files(&self) -> bool {
        self.format == InputFormat::FileList
    }

    /// The instance of a row. `header` has the names of a CSV file's columns; `content` is the file
    /// that the row names, in a list of files.
    pub(crate) fn make(
        &self,
        row: Row,
        header: Option<&[String]>,
        content: Option<Result<Bytes, RowError>>,
    ) -> Made {
        if let Some(fault) = row.fault {
            let shown = match self.format {
                InputFormat::TfRecord | InputFormat::TfRecordGzip => Bytes::from_static(b"null"),
                _ => escaped(&row.text).into(),
            };
            return Made { echo: Echo::Instance(shown), send: Err(fault) };
        }
        match self.format {
            InputFormat::Jsonl => self.of_json(row),
            InputFormat::Csv => cells::made(&self.rows, &row, header.unwrap_or_default()),
            InputFormat::TfRecord | InputFormat::TfRecordGzip => {
                Made { echo: Echo::Instance(b64(&row.text)), send: Ok(Sent::Shown) }
            }
            InputFormat::FileList => Made {
                echo: Echo::Instance(escaped(&row.text).into()),
                send: match content {
                    Some(content) => content.map(|content| Sent::Other(b64(&content))),
                    None => Err(refused("the file was not read")),
                },
            },
        }
    }

    fn of_json(&self, row: Row) -> Made {
        let mut text = row.text;
        match value_range(&text) {
            Ok(range) => {
                text.truncate(range.end);
                text.advance(range.start);
                objects::made(&self.rows, text)
            }
            Err(error) => {
                let shown = escaped(&shown_of(&text)).into();
                let reason = refused(format!("the line is no JSON: {error}"));
                Made { echo: Echo::Instance(shown), send: Err(reason) }
            }
        }
    }
}

/// `{"b64":"..."}`, which is how bytes are sent.
pub(crate) fn b64(bytes: &[u8]) -> Bytes {
    let mut text = b"{\"b64\":\"".to_vec();
    base64::encode(bytes, &mut text);
    text.extend_from_slice(b"\"}");
    text.into()
}
