//! The lines of a shard that stay when its failed rows are asked again.

use bytes::Bytes;

use crate::storage::{Object, Place, Stores};
use crate::work::batch::input::Reader;
use crate::work::batch::output::{ErrorLine, where_is};
use crate::work::batch::{
    BatchError, InputFormat, Marker, OutputFormat, OutputLayout, Part, Shard,
};

/// The results and errors of a committed shard, read along with its input: each row is the next one of
/// either.
pub(crate) struct Kept {
    results: Reader,
    errors: Reader,
    errors_at: Place,
    results_at: Place,
    /// The number of the next row that failed.
    next_failed: Option<u64>,
}

impl Kept {
    /// Opens what a marker has committed, wherever it is now.
    pub(crate) async fn open(
        stores: &Stores,
        layout: &OutputLayout,
        marker: &Marker,
        format: OutputFormat,
    ) -> Result<Self, BatchError> {
        let shard = marker.shard as usize;
        let format = match format {
            OutputFormat::Jsonl => InputFormat::Jsonl,
            OutputFormat::Csv => InputFormat::Csv,
        };
        let results = object(stores, layout, &marker.results, layout.results(shard)).await?;
        let errors = object(stores, layout, &marker.errors, layout.errors(shard)).await?;
        let mut kept = Self {
            results: lines(stores, &results, format).await?,
            errors: lines(stores, &errors, InputFormat::Jsonl).await?,
            errors_at: errors.place,
            results_at: results.place,
            next_failed: None,
        };
        kept.advance().await?;
        Ok(kept)
    }

    /// The line of a row's result; `None` for one that failed. Rows come in their order, each once.
    pub(crate) async fn line_of(&mut self, row: u64) -> Result<Option<Bytes>, BatchError> {
        if self.next_failed == Some(row) {
            self.advance().await?;
            return Ok(None);
        }
        match self.results.next().await? {
            Some(line) => Ok(Some(line.text)),
            None => Err(BatchError::damaged(&self.results_at, "it has fewer lines than its input")),
        }
    }

    /// All rows have come; an error when there are more results or errors than rows.
    pub(crate) async fn finish(&mut self) -> Result<(), BatchError> {
        if self.next_failed.is_some() || self.results.next().await?.is_some() {
            return Err(BatchError::damaged(&self.results_at, "it has more lines than its input"));
        }
        Ok(())
    }

    async fn advance(&mut self) -> Result<(), BatchError> {
        self.next_failed = match self.errors.next().await? {
            None => None,
            Some(line) => {
                let line: ErrorLine = error_of(&line.text).ok_or_else(|| {
                    BatchError::damaged(&self.errors_at, "a line in it says not which row it is")
                })?;
                Some(line.source.row)
            }
        };
        Ok(())
    }
}

/// What mlctl reads again of an error's line. The instance may have words that are no JSON, but what
/// follows it is mlctl's own.
pub(crate) fn error_of(line: &Bytes) -> Option<ErrorLine> {
    use crate::work::batch::json::{fields, name_is};
    let all = fields(line)?;
    let source = all.iter().rev().find(|field| name_is(&field.name, "source"))?;
    Some(ErrorLine { source: serde_json::from_slice(&source.value).ok()? })
}

async fn object(
    stores: &Stores,
    layout: &OutputLayout,
    part: &Part,
    file: Place,
) -> Result<Object, BatchError> {
    Ok(where_is(stores, layout, part, &file).await?.object().clone())
}

async fn lines(
    stores: &Stores,
    object: &Object,
    format: InputFormat,
) -> Result<Reader, BatchError> {
    let whole = Shard { input: 0, begin: 0, end: object.size };
    Reader::open(stores, object, whole, format, u64::MAX).await
}
