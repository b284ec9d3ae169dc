//! The lines of an output, shard by shard, as the markers say: right also while files are published.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::joined::joined;
use crate::storage::{Place, Stores};
use crate::work::batch::input::{Reader, Row};
use crate::work::batch::output::{Committed, Ledger, Line, cell, check, lines, where_is};
use crate::work::batch::worker::job_of;
use crate::work::batch::{BatchError, InputFormat, JobDocument, Marker, OutputFormat};

/// So many bytes are given at once.
const GATHER: usize = 256 << 10;

/// The longest row of the input that is joined: more than a job ever sends.
const LONGEST_ROW: u64 = 1 << 30;

/// An output that is read.
pub struct Outputs {
    stores: Stores,
    job: JobDocument,
    ledger: Ledger,
}

/// Which lines are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The errors, not the results.
    pub errors: bool,
    /// Each with the line of the input that it is of: in JSON Lines as the first field, `input`; in CSV
    /// as the first column, `input`.
    pub join: bool,
    /// At most so many.
    pub limit: Option<u64>,
}

/// An output can't be read, or what is read can't be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputsError {
    /// The output.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// Whoever takes the lines.
    #[error(transparent)]
    Taker(#[from] io::Error),
}

/// Takes lines, each with its end.
pub(super) struct Taker<'a> {
    buffer: Vec<u8>,
    left: u64,
    give: &'a mut (dyn FnMut(&[u8]) -> io::Result<()> + Send),
}

impl Outputs {
    /// Opens the output of a batch prediction, finished or not.
    pub async fn open(stores: &Stores, output: &Place) -> Result<Self, BatchError> {
        let job = job_of(stores, output).await?;
        let ledger = Ledger::new(stores, output, &job.id, job.shards.len() as u32);
        ledger.refresh().await?;
        Ok(Self { stores: stores.clone(), job, ledger })
    }

    /// The job whose output it is.
    pub fn job(&self) -> &JobDocument {
        &self.job
    }

    /// Shards that are not committed yet: their rows are missing.
    pub fn missing(&self) -> u64 {
        self.job.shards.len() as u64 - u64::from(self.ledger.committed())
    }

    /// Gives the chosen lines in input order, many at once, to `give`.
    pub async fn read(
        &self,
        chosen: Chosen,
        give: &mut (dyn FnMut(&[u8]) -> io::Result<()> + Send),
    ) -> Result<(), OutputsError> {
        let tf = matches!(self.job.format, InputFormat::TfRecord | InputFormat::TfRecordGzip);
        if chosen.join && tf {
            let reason = "a TFRecord file has no lines to join; results have the records as `b64`";
            return Err(BatchError::Unsupported(reason.into()).into());
        }
        let left = chosen.limit.unwrap_or(u64::MAX);
        let mut taker = Taker { buffer: Vec::new(), left, give };
        let format = if chosen.errors { OutputFormat::Jsonl } else { self.job.output_format };
        let mut headed = format == OutputFormat::Jsonl;
        for shard in 0..self.job.shards.len() as u32 {
            if taker.left == 0 {
                break;
            }
            let Some(marker) = self.marker(shard).await? else { continue };
            if chosen.join {
                self.read_joined(&marker, chosen.errors, &mut headed, &mut taker).await?;
            } else {
                self.read_plain(&marker, chosen.errors, format, &mut headed, &mut taker).await?;
            }
        }
        taker.flush()?;
        Ok(())
    }

    /// The marker of a shard that counts.
    pub(crate) async fn marker(&self, shard: u32) -> Result<Option<Arc<Marker>>, BatchError> {
        self.ledger.marker(shard).await
    }

    /// The lines of a shard, results and errors together.
    pub(crate) async fn lines(&self, marker: &Marker) -> Result<Committed, BatchError> {
        let layout = self.ledger.layout();
        Committed::open(&self.stores, layout, marker, self.job.output_format).await
    }

    async fn read_plain(
        &self,
        marker: &Marker,
        errors: bool,
        format: OutputFormat,
        headed: &mut bool,
        taker: &mut Taker<'_>,
    ) -> Result<(), OutputsError> {
        let layout = self.ledger.layout();
        let (part, file) = if errors {
            (&marker.errors, layout.errors(marker.shard as usize))
        } else {
            (&marker.results, layout.results(marker.shard as usize))
        };
        let object = where_is(&self.stores, layout, part, &file).await?;
        let mut lines = lines(&self.stores, object.object(), format).await?;
        while taker.left > 0 {
            let Some(Row { text, .. }) = lines.next().await? else {
                return Ok(check(&lines, &object.object().place, part.crc32c)?);
            };
            head(headed, lines.header(), &[], taker);
            taker.take(&[&text])?;
        }
        Ok(())
    }

    async fn read_joined(
        &self,
        marker: &Marker,
        errors: bool,
        headed: &mut bool,
        taker: &mut Taker<'_>,
    ) -> Result<(), OutputsError> {
        let shard = self.job.shards[marker.shard as usize];
        let input = &self.job.inputs[shard.input as usize];
        // As long as it is: what the job allowed is not known here.
        let mut rows =
            Reader::open(&self.stores, input, shard, self.job.format, LONGEST_ROW).await?;
        let mut lines = self.lines(marker).await?;
        let mut number = 0;
        while taker.left > 0
            && let Some(row) = rows.next().await?
        {
            match (lines.line_of(number).await?, errors) {
                (Line::Result(line), false) if self.job.output_format == OutputFormat::Csv => {
                    head(headed, lines.header(), &["input"], taker);
                    let mut first = Vec::new();
                    cell(&row.text, &mut first);
                    first.push(b',');
                    taker.take(&[&first, &line])?;
                }
                (Line::Result(line), false) | (Line::Error(line), true) => {
                    let first: Bytes = joined(&row, self.job.format);
                    taker.take(&[&first, line.get(1..).unwrap_or_default()])?;
                }
                _ => {}
            }
            number += 1;
        }
        Ok(())
    }
}

/// The header of CSV, once for all shards.
fn head(headed: &mut bool, header: Option<&[String]>, before: &[&str], taker: &mut Taker<'_>) {
    if let Some(header) = header
        && !*headed
    {
        *headed = true;
        let names = before.iter().copied().chain(header.iter().map(String::as_str));
        for (at, name) in names.enumerate() {
            taker.buffer.extend_from_slice(if at > 0 { b"," } else { b"" });
            cell(name.as_bytes(), &mut taker.buffer);
        }
        taker.buffer.push(b'\n');
    }
}

impl Taker<'_> {
    fn take(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        for part in parts {
            self.buffer.extend_from_slice(part);
        }
        self.buffer.push(b'\n');
        self.left -= 1;
        if self.buffer.len() >= GATHER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        (self.give)(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}
