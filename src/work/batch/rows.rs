//! The rows of one file that is held as a whole, for whoever asks a few of them.

use bytes::Bytes;

use super::input::{CsvFrame, Gunzip, LineFrame, Records, Row, Split, names};
use super::instance::Maker;
use super::json::value_range;
use super::{BatchError, InputFormat, RowError, Rows};

/// The most bytes of a row.
const ROW_LIMIT: u64 = 128 << 20;

/// One row as it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRow {
    /// The line that it begins in, from 1.
    pub line: u64,
    /// The instance, as JSON text; or why there is none.
    pub instance: Result<Bytes, RowError>,
}

/// The rows of a file as a batch prediction makes instances of them: of JSON Lines each value, of CSV an
/// array of each record's cells. `packed`: the file is gzip's. The error is that of a format that is read
/// otherwise.
pub fn file_rows(
    content: Bytes,
    packed: bool,
    format: InputFormat,
) -> Result<Vec<FileRow>, BatchError> {
    let mut split: Box<dyn Split> = match format {
        InputFormat::Jsonl => Box::new(Records::<LineFrame>::new(0, u64::MAX, ROW_LIMIT)),
        InputFormat::Csv => Box::new(Records::<CsvFrame>::new(0, u64::MAX, ROW_LIMIT)),
        _ => return Err(BatchError::Unsupported("rows are lines of JSON, or CSV".to_owned())),
    };
    let (content, broken) = if packed { unpacked(content) } else { (content, None) };
    let mut rows = Vec::new();
    split.push(content);
    rows.extend(std::iter::from_fn(|| split.next()));
    split.finish(broken);
    rows.extend(std::iter::from_fn(|| split.next()));
    if format == InputFormat::Jsonl {
        return Ok(rows.into_iter().map(of_json).collect());
    }
    let maker = Maker::new(format, &Rows::default())?;
    let mut rows = rows.into_iter();
    // No later row is a header that can't be read: the rows of such a file are all errors.
    let Some(first) = rows.next() else { return Ok(Vec::new()) };
    let header = if first.fault.is_none() { names(&first.text) } else { Vec::new() };
    let first = first.fault.is_some().then_some(first);
    let made = first.into_iter().chain(rows).map(|row| {
        let line = row.line + 1;
        let made = maker.make(row, Some(&header), None);
        let instance = made.send.map(|sent| sent.text(&made.echo).clone());
        FileRow { line, instance }
    });
    Ok(made.collect())
}

fn of_json(row: Row) -> FileRow {
    let line = row.line + 1;
    let instance = match row.fault {
        Some(fault) => Err(fault),
        None => value_range(&row.text)
            .map(|range| row.text.slice(range))
            .map_err(|error| RowError { code: 400, message: json_reason(&error, line) }),
    };
    FileRow { line, instance }
}

/// What is wrong with JSON that begins in a line of a file, and where.
pub(in crate::work) fn json_reason(error: &serde_json::Error, first: u64) -> String {
    let text = error.to_string();
    let words = text.split(" at line ").next().unwrap_or(&text);
    let line = first + (error.line() as u64).saturating_sub(1);
    format!("line {line}, column {}: it is no JSON: {words}", error.column())
}

/// What is in a file of gzip's, and why it can't be read to its end.
fn unpacked(packed: Bytes) -> (Bytes, Option<String>) {
    let mut gunzip = Gunzip::new();
    let mut whole = Vec::new();
    gunzip.push(packed);
    loop {
        match gunzip.next() {
            Ok(Some(bytes)) => whole.extend_from_slice(&bytes),
            Ok(None) => break,
            Err(reason) => return (whole.into(), Some(reason)),
        }
    }
    match gunzip.finish() {
        Ok(bytes) => whole.extend_from_slice(&bytes),
        Err(reason) => return (whole.into(), Some(reason)),
    }
    (whole.into(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, format: InputFormat) -> Vec<(u64, Result<String, String>)> {
        let rows = file_rows(Bytes::from(text.to_owned()), false, format).unwrap();
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let rows = rows.into_iter();
        rows.map(|row| (row.line, row.instance.map(text).map_err(|error| error.message))).collect()
    }

    #[test]
    fn lines_are_rows_and_a_wrong_one_is_told_with_its_place() {
        let rows = rows("{\"x\": 1.50}\r\n\n [1,\n2", InputFormat::Jsonl);
        assert_eq!(rows[0], (1, Ok("{\"x\": 1.50}".into())));
        assert_eq!(rows[2], (4, Ok("2".into())));
        let (line, said) = &rows[1];
        let said = said.as_ref().unwrap_err();
        assert!(*line == 3 && said.starts_with("line 3, column 4: it is no JSON: EOF"), "{said}");
    }

    #[test]
    fn records_are_arrays() {
        let rows = rows("a,b\n1,\"x\ny\"\n3\n", InputFormat::Csv);
        assert_eq!(rows[0], (2, Ok("[1.0,\"x\\ny\"]".into())));
        assert!(rows[1].1.as_ref().unwrap_err().contains("1 fields"), "{rows:?}");
    }
}
