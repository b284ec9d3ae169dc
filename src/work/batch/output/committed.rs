//! The lines of a committed shard, in the order of its rows.

use bytes::Bytes;
use serde::Deserialize;

use super::publish::where_is;
use crate::storage::{Object, Place, Stores};
use crate::work::batch::input::Reader;
use crate::work::batch::json::{fields, name_is};
use crate::work::batch::{
    BatchError, InputFormat, Marker, OutputFormat, OutputLayout, Part, Shard,
};

/// The results and errors of a shard, read together: each row is the next line of either.
pub(crate) struct Committed {
    results: Reader,
    errors: Reader,
    results_at: Place,
    errors_at: Place,
    next_failed: Option<(u64, Bytes)>,
    /// Checksums of the results and the errors.
    sums: [u32; 2],
}

/// The line of one row, without its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Line {
    /// It is in the results.
    Result(Bytes),
    /// It is in the errors.
    Error(Bytes),
}

/// Where the row of an error's line is, as far as mlctl itself reads it again.
#[derive(Deserialize)]
struct Source {
    /// Its number in the shard.
    row: u64,
}

impl Committed {
    /// Opens what a marker has committed, wherever it is now.
    pub(crate) async fn open(
        stores: &Stores,
        layout: &OutputLayout,
        marker: &Marker,
        format: OutputFormat,
    ) -> Result<Self, BatchError> {
        let shard = marker.shard as usize;
        let results = object(stores, layout, &marker.results, layout.results(shard)).await?;
        let errors = object(stores, layout, &marker.errors, layout.errors(shard)).await?;
        let mut lines = Self {
            results: lines(stores, &results, format).await?,
            errors: lines(stores, &errors, OutputFormat::Jsonl).await?,
            errors_at: errors.place,
            results_at: results.place,
            next_failed: None,
            sums: [marker.results.crc32c, marker.errors.crc32c],
        };
        lines.advance().await?;
        Ok(lines)
    }

    /// The line of a row. Rows are asked for in their order, each once.
    pub(crate) async fn line_of(&mut self, row: u64) -> Result<Line, BatchError> {
        if let Some((failed, line)) = &mut self.next_failed
            && *failed == row
        {
            let line = std::mem::take(line);
            self.advance().await?;
            return Ok(Line::Error(line));
        }
        match self.results.next().await? {
            Some(line) => Ok(Line::Result(line.text)),
            None => Err(BatchError::damaged(&self.results_at, "it has fewer lines than its input")),
        }
    }

    /// All rows have come; an error when there are more results or errors than rows, or when they are
    /// not what was committed.
    pub(crate) async fn finish(&mut self) -> Result<(), BatchError> {
        if self.next_failed.is_some() || self.results.next().await?.is_some() {
            return Err(BatchError::damaged(&self.results_at, "it has more lines than its input"));
        }
        check(&self.results, &self.results_at, self.sums[0])?;
        check(&self.errors, &self.errors_at, self.sums[1])?;
        Ok(())
    }

    /// The names of the columns of CSV results, once a result has been read.
    pub(crate) fn header(&self) -> Option<&[String]> {
        self.results.header()
    }

    async fn advance(&mut self) -> Result<(), BatchError> {
        self.next_failed = match self.errors.next().await? {
            None => None,
            Some(line) => {
                let row = row_of(&line.text).ok_or_else(|| {
                    BatchError::damaged(&self.errors_at, "a line in it says not which row it is")
                })?;
                Some((row, line.text))
            }
        };
        Ok(())
    }
}

/// The row of an error's line. The instance in it may have words that are no JSON.
fn row_of(line: &Bytes) -> Option<u64> {
    let all = fields(line)?;
    let source = all.iter().rev().find(|field| name_is(&field.name, "source"))?;
    serde_json::from_slice::<Source>(&source.value).ok().map(|source| source.row)
}

async fn object(
    stores: &Stores,
    layout: &OutputLayout,
    part: &Part,
    file: Place,
) -> Result<Object, BatchError> {
    Ok(where_is(stores, layout, part, &file).await?.object().clone())
}

/// The lines of an object in a format of outputs.
pub(crate) async fn lines(
    stores: &Stores,
    object: &Object,
    format: OutputFormat,
) -> Result<Reader, BatchError> {
    let format = match format {
        OutputFormat::Jsonl => InputFormat::Jsonl,
        OutputFormat::Csv => InputFormat::Csv,
    };
    let whole = Shard { input: 0, begin: 0, end: object.size };
    Ok(Reader::open(stores, object, whole, format, u64::MAX).await?.checked())
}

/// Whether a file that has been read to its end is what its marker has committed.
pub(crate) fn check(lines: &Reader, place: &Place, sum: u32) -> Result<(), BatchError> {
    if lines.crc32c().is_none_or(|found| found == sum) {
        return Ok(());
    }
    Err(BatchError::damaged(place, "its checksum is not that of its marker: somebody changed it"))
}
