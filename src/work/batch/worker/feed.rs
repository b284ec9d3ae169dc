//! The first stage of a shard: rows are read, made to instances and gathered to batches.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc::Sender;

use super::numbering::Numbering;
use crate::storage::Stores;
use crate::work::batch::input::{Reader, Row};
use crate::work::batch::instance::{Echo, Made, Maker, fetch_all};
use crate::work::batch::output::{Committed, Item, Line, Outcome};
use crate::work::batch::{BatchError, InputFormat, JobDocument};

/// Most rows of a batch of which nothing is asked.
const MOST: usize = 1024;
/// Files of a list that are read at once.
const FILES: usize = 16;

/// Rows that go through the stages together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// In input order.
    pub(super) items: Vec<Item>,
    /// Bytes of all of them.
    pub(super) bytes: u64,
    /// The names of a CSV file's columns, once they are known.
    pub(super) header: Option<Arc<[String]>>,
}

/// What is fed, and how it is cut.
pub(super) struct Feed {
    pub(super) stores: Stores,
    pub(super) job: Arc<JobDocument>,
    pub(super) maker: Maker,
    pub(super) shard: u32,
    pub(super) max_line_bytes: u64,
    pub(super) max_batch_size: usize,
    pub(super) max_batch_bytes: u64,
    /// The shard's results of before, of which only the failed rows are asked again.
    pub(super) kept: Option<Committed>,
    pub(super) numbering: Numbering,
}

impl Feed {
    /// Feeds the whole shard. The last batch may be empty. It ends early when nobody takes batches any
    /// more.
    pub(super) async fn run(mut self, batches: Sender<Batch>) -> Result<(), BatchError> {
        let shard = self.job.shards[self.shard as usize];
        let input = &self.job.inputs[shard.input as usize];
        let (format, limit) = (self.job.format, self.max_line_bytes);
        let mut reader = Reader::open(&self.stores, input, shard, format, limit).await?;
        let list = input.place.clone();
        let mut header: Option<Arc<[String]>> = None;
        let mut gathered = Gathered { batch: Batch::default(), asked: 0, rows: 0 };
        loop {
            let Some(row) = reader.next().await? else { break };
            if header.is_none() {
                header = reader.header().map(Into::into);
            }
            if !self.maker.needs_files() {
                let made = self.maker.make(&row, header.as_deref(), None);
                self.put(&mut gathered, &batches, header.as_ref(), &row, made).await?;
                continue;
            }
            let mut rows = vec![row];
            while rows.len() < FILES
                && let Some(row) = reader.next().await?
            {
                rows.push(row);
            }
            let contents = fetch_all(&self.stores, &list, &rows, limit).await?;
            for (row, content) in rows.iter().zip(contents) {
                let made = self.maker.make(row, None, content);
                self.put(&mut gathered, &batches, header.as_ref(), row, made).await?;
            }
        }
        self.numbering.note(self.shard, reader.lines());
        if let Some(kept) = &mut self.kept {
            kept.finish().await?;
        }
        let header = header.or_else(|| reader.header().map(Into::into));
        // Nobody takes it when the shard was given up.
        let _ = batches.send(Batch { header, ..gathered.batch }).await;
        Ok(())
    }

    async fn put(
        &mut self,
        gathered: &mut Gathered,
        batches: &Sender<Batch>,
        header: Option<&Arc<[String]>>,
        row: &Row,
        made: Made,
    ) -> Result<(), BatchError> {
        let number = gathered.rows;
        let kept = match &mut self.kept {
            Some(kept) => Some(kept.line_of(number).await?),
            None => None,
        };
        let outcome = match (kept, made.send) {
            (Some(Line::Result(line)), _) => Outcome::Kept(line),
            (_, Ok(send)) => Outcome::Ask(send),
            (_, Err(error)) => Outcome::Failed(error),
        };
        let bytes = row.text.len().max(weight(&made.echo, &outcome)) as u64;
        let batch = &gathered.batch;
        let full = gathered.asked >= self.max_batch_size
            || batch.items.len() >= MOST.max(self.max_batch_size)
            || !batch.items.is_empty() && batch.bytes + bytes > self.max_batch_bytes;
        if full {
            let header = header.cloned();
            let batch = Batch { header, ..std::mem::take(&mut gathered.batch) };
            gathered.asked = 0;
            gathered.batch.items.reserve(self.max_batch_size.min(MOST));
            if batches.send(batch).await.is_err() {
                // The shard was given up; the next row would be read for nobody.
                return Err(BatchError::Internal("its rows are not taken any more".into()));
            }
        }
        gathered.asked += usize::from(matches!(outcome, Outcome::Ask(_)));
        gathered.batch.bytes += bytes;
        let Row { offset, line, .. } = *row;
        gathered.batch.items.push(Item { row: number, offset, line, echo: made.echo, outcome });
        gathered.rows += 1;
        Ok(())
    }
}

struct Gathered {
    batch: Batch,
    /// Rows of the batch that are asked for.
    asked: usize,
    /// Rows so far.
    rows: u64,
}

fn weight(echo: &Echo, outcome: &Outcome) -> usize {
    let (Echo::Instance(shown) | Echo::Key(shown)) = echo;
    let sent = match outcome {
        Outcome::Ask(bytes) | Outcome::Kept(bytes) | Outcome::Predicted(bytes) => bytes.len(),
        Outcome::Failed(error) => error.message.len(),
    };
    sent.max(shown.len())
}

/// The unit of a format's rows, as errors name it.
pub(super) fn unit_of(format: InputFormat) -> &'static str {
    match format {
        InputFormat::TfRecord | InputFormat::TfRecordGzip => "record",
        InputFormat::Jsonl | InputFormat::Csv | InputFormat::FileList => "line",
    }
}

impl Batch {
    /// Takes out what is to be sent, in order.
    pub(super) fn asks(&mut self) -> Vec<Bytes> {
        let asks = self.items.iter().filter_map(|item| match &item.outcome {
            Outcome::Ask(send) => Some(send.clone()),
            _ => None,
        });
        asks.collect()
    }
}
