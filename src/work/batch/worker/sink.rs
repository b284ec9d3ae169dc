//! The last stage of a shard: answers become lines, in input order, in the shard's two parts.

use std::sync::Arc;

use tokio::sync::mpsc::Receiver;

use super::feed::{Batch, unit_of};
use super::numbering::Numbering;
use crate::work::batch::json::escaped;
use crate::work::batch::output::{Outcome, PartWriter, Source, Writer, error_line};
use crate::work::batch::{BatchError, InputFormat, JobDocument, Part, RowError};

/// Writes the parts of a shard.
pub(super) struct Sink {
    pub(super) job: Arc<JobDocument>,
    pub(super) shard: u32,
    pub(super) results: PartWriter,
    pub(super) errors: PartWriter,
    pub(super) numbering: Numbering,
}

/// What was written.
pub(super) struct Written {
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    pub(super) results: Part,
    pub(super) errors: Part,
}

impl Sink {
    /// Writes all batches, and ends the parts once there are no more.
    pub(super) async fn run(mut self, mut batches: Receiver<Batch>) -> Result<Written, BatchError> {
        let mut writer: Option<Writer> = None;
        let mut source: Option<Source> = None;
        let (mut succeeded, mut failed) = (0, 0);
        while let Some(batch) = batches.recv().await {
            let writer = writer.get_or_insert_with(|| {
                let writer = self.writer(batch.header.as_deref());
                writer.header(self.results.buffer());
                writer
            });
            for item in &batch.items {
                match &item.outcome {
                    Outcome::Predicted(prediction) => {
                        writer.result(&item.echo, prediction, self.results.buffer());
                        succeeded += 1;
                    }
                    Outcome::Kept(line) => {
                        self.results.buffer().extend_from_slice(line);
                        self.results.buffer().push(b'\n');
                        succeeded += 1;
                    }
                    Outcome::Failed(error) => {
                        if source.is_none() {
                            source = Some(source_of(&self.job, self.shard, &self.numbering).await?);
                        }
                        if let Some(source) = &source {
                            error_line(item, error, source, self.errors.buffer());
                        }
                        failed += 1;
                    }
                    Outcome::Ask(_) => {
                        return Err(BatchError::Internal("a row was not asked for".into()));
                    }
                }
            }
            self.results.flush().await?;
            self.errors.flush().await?;
        }
        let results = self.results.finish().await?;
        let errors = self.errors.finish().await?;
        Ok(Written { succeeded, failed, results, errors })
    }

    fn writer(&self, header: Option<&[String]>) -> Writer {
        let rows = &self.job.instances;
        let columns = if !rows.included_fields.is_empty() {
            let key = rows.key_field.as_ref();
            let sent = rows.included_fields.iter().filter(|name| Some(*name) != key);
            Some(sent.cloned().collect())
        } else if self.job.format == InputFormat::Csv {
            Some(header.unwrap_or_default().to_vec())
        } else {
            None
        };
        Writer::new(self.job.output_format, rows.key_field.is_some(), columns)
    }
}

async fn source_of(
    job: &JobDocument,
    shard: u32,
    numbering: &Numbering,
) -> Result<Source, BatchError> {
    let input = job.shards[shard as usize].input as usize;
    Ok(Source {
        file: escaped(job.inputs[input].place.as_str().as_bytes()),
        unit: unit_of(job.format),
        lines_before: numbering.before(shard).await?,
    })
}

/// The longest message that an error's line has.
const LONGEST: usize = 8192;

/// An error with a message that is not longer than a line should have.
pub(super) fn bounded(mut error: RowError) -> RowError {
    if error.message.len() > LONGEST {
        let mut end = LONGEST;
        while !error.message.is_char_boundary(end) {
            end -= 1;
        }
        error.message.truncate(end);
        error.message.push('…');
    }
    error
}
