//! Counting the rows of small inputs, for whoever wants to know before anything runs.

use super::input::is_packed;
use super::{InputFormat, JobDocument};
use crate::storage::{StorageError, Stores};

/// Inputs of more bytes than this together are not read to be counted.
const SMALL: u64 = 8 << 20;

/// Rows of all inputs; `None` where they are large, compressed or framed.
pub async fn count_rows(
    stores: &Stores,
    document: &JobDocument,
) -> Result<Option<u64>, StorageError> {
    let total: u64 = document.inputs.iter().map(|input| input.size).sum();
    let packed = document.inputs.iter().any(|input| is_packed(document.format, input));
    if total > SMALL || packed {
        return Ok(None);
    }
    let mut rows = 0;
    for input in document.inputs.iter().filter(|input| input.size > 0) {
        let bytes = stores.read_range(input, 0..input.size).await?;
        rows += match document.format {
            InputFormat::Jsonl | InputFormat::FileList => lines(&bytes),
            InputFormat::Csv => {
                let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&bytes[..]);
                reader.byte_records().count() as u64
            }
            InputFormat::TfRecord | InputFormat::TfRecordGzip => return Ok(None),
        };
    }
    Ok(Some(rows))
}

/// Lines that are not empty: an empty one is no row.
fn lines(bytes: &[u8]) -> u64 {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count() as u64
}
