//! The lines of results and errors.
//!
//! A result is `{"instance":X,"prediction":Y}`, or `{"key":K,"prediction":Y}` where the rows have a key.
//! An error has, in the place of the prediction, `"error":{"code":C,"message":M}` and
//! `"source":{"file":F,"line":L,"offset":O,"row":R}`: the input, the line in it from 1 (`record`, from 1
//! too, in a TFRecord file; neither where counting the lines before the shard would take too long), the
//! byte at which the row begins (after unpacking), and the row's number in its shard, from 0. The
//! instance of a row that is no JSON is its begin, as a string.

use bytes::Bytes;

use super::csv;
use crate::work::batch::instance::{Echo, Sent};
use crate::work::batch::json::escaped;
use crate::work::batch::{OutputFormat, RowError};

/// One row on its way to the output.
#[derive(Debug)]
pub(crate) struct Item {
    /// Its number in the shard.
    pub(crate) row: u64,
    /// Its first byte in the file.
    pub(crate) offset: u64,
    /// Lines before it in the shard.
    pub(crate) line: u64,
    /// What stands for it.
    pub(crate) echo: Echo,
    /// What became of it.
    pub(crate) outcome: Outcome,
}

/// What became of a row.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nothing yet: this is to be sent.
    Ask(Sent),
    /// It has a prediction.
    Predicted(Bytes),
    /// It has none.
    Failed(RowError),
    /// It had a prediction before: its line in the results, which stays.
    Kept(Bytes),
}

/// Where the rows of a shard come from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The input, as JSON text.
    pub(crate) file: String,
    /// What `line` counts: `line` or `record`.
    pub(crate) unit: &'static str,
    /// Lines before the shard.
    pub(crate) lines_before: Option<u64>,
}

/// Writes lines in one format.
pub(crate) enum Writer {
    /// JSON Lines.
    Jsonl,
    /// CSV, with the names of the instance's columns where they have some.
    Csv(csv::Columns),
}

impl Writer {
    /// `columns` are the names of what is sent, where the job or its input names them.
    pub(crate) fn new(format: OutputFormat, key: bool, columns: Option<Vec<String>>) -> Self {
        match format {
            OutputFormat::Jsonl => Self::Jsonl,
            OutputFormat::Csv => Self::Csv(csv::Columns::new(key, columns)),
        }
    }

    /// What stands before the first result.
    pub(crate) fn header(&self, out: &mut Vec<u8>) {
        if let Self::Csv(columns) = self {
            columns.header(out);
        }
    }

    /// The line of a result.
    pub(crate) fn result(&self, echo: &Echo, prediction: &Bytes, out: &mut Vec<u8>) {
        match self {
            Self::Csv(columns) => columns.result(echo, prediction, out),
            Self::Jsonl => {
                begin(echo, out);
                out.extend_from_slice(b",\"prediction\":");
                one_line(prediction, out);
                out.extend_from_slice(b"}\n");
            }
        }
    }
}

/// The line of an error, which is JSON in every format.
pub(crate) fn error_line(item: &Item, error: &RowError, source: &Source, out: &mut Vec<u8>) {
    begin(&item.echo, out);
    let message = escaped(error.message.as_bytes());
    let line = source.lines_before.map(|before| before + item.line + 1);
    let line = line.map(|line| format!("\"{}\":{line},", source.unit)).unwrap_or_default();
    let rest = format!(
        ",\"error\":{{\"code\":{},\"message\":{message}}},\"source\":{{\"file\":{},{line}\"offset\":{},\"row\":{}}}}}\n",
        error.code, source.file, item.offset, item.row
    );
    out.extend_from_slice(rest.as_bytes());
}

fn begin(echo: &Echo, out: &mut Vec<u8>) {
    let (name, value): (&[u8], _) = match echo {
        Echo::Instance(instance) => (b"{\"instance\":", instance),
        Echo::Key(key) => (b"{\"key\":", key),
    };
    out.extend_from_slice(name);
    out.extend_from_slice(value);
}

/// JSON text in one line: a server may have written its answer over several. A line break in JSON text
/// is a blank, since strings have none.
fn one_line(text: &[u8], out: &mut Vec<u8>) {
    let begin = out.len();
    out.extend_from_slice(text);
    if memchr::memchr2(b'\n', b'\r', text).is_some() {
        for byte in &mut out[begin..] {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_what_was_sent_and_what_was_answered() {
        let mut out = Vec::new();
        let instance = Echo::Instance(Bytes::from_static(b"{\"x\": 1.0}"));
        Writer::Jsonl.result(&instance, &Bytes::from_static(b"[1,\n 2e0]"), &mut out);
        let key = Echo::Key(Bytes::from_static(b"\"k\""));
        Writer::Jsonl.result(&key, &Bytes::from_static(b"NaN"), &mut out);
        let error = RowError { code: 400, message: "no \"x\"".into() };
        let mut source =
            Source { file: "\"a.jsonl\"".into(), unit: "line", lines_before: Some(10) };
        let outcome = Outcome::Failed(error.clone());
        let item = Item { row: 2, offset: 70, line: 3, echo: key, outcome };
        error_line(&item, &error, &source, &mut out);
        source.lines_before = None;
        error_line(&item, &error, &source, &mut out);
        let expected = r#"{"instance":{"x": 1.0},"prediction":[1,  2e0]}
{"key":"k","prediction":NaN}
{"key":"k","error":{"code":400,"message":"no \"x\""},"source":{"file":"a.jsonl","line":14,"offset":70,"row":2}}
{"key":"k","error":{"code":400,"message":"no \"x\""},"source":{"file":"a.jsonl","offset":70,"row":2}}
"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
