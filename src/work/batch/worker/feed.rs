//! The first stage of a shard: rows are read, made to instances and gathered to batches.

use std::sync::Arc;

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
        let mut gathered = Gathered {
            batch: Batch::default(),
            asked: 0,
            rows: 0,
            most_asked: self.max_batch_size,
            most_bytes: self.max_batch_bytes,
        };
        let mut header: Option<Arc<[String]>> = None;
        if self.maker.needs_files() {
            loop {
                let mut rows = Vec::with_capacity(FILES);
                while rows.len() < FILES
                    && let Some(row) = reader.next().await?
                {
                    rows.push(row);
                }
                if rows.is_empty() {
                    break;
                }
                let contents = fetch_all(&self.stores, &list, &rows, limit).await?;
                for (row, content) in rows.into_iter().zip(contents) {
                    let at = At::of(&row);
                    let made = self.maker.make(row, None, content);
                    self.put(&mut gathered, at, made, None, &batches).await?;
                }
            }
        } else {
            while reader.more().await? {
                // Nothing is waited for between rows that have been read.
                while let Some(row) = reader.ready() {
                    if header.is_none() {
                        header = reader.header().map(Into::into);
                    }
                    let at = At::of(&row);
                    let made = self.maker.make(row, header.as_deref(), None);
                    self.put(&mut gathered, at, made, header.as_ref(), &batches).await?;
                }
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

    #[inline]
    async fn put(
        &mut self,
        gathered: &mut Gathered,
        at: At,
        made: Made,
        header: Option<&Arc<[String]>>,
        batches: &Sender<Batch>,
    ) -> Result<(), BatchError> {
        let kept = match &mut self.kept {
            Some(kept) => Some(kept.line_of(gathered.rows).await?),
            None => None,
        };
        if let Some(full) = gathered.put(at, made, kept) {
            let full = Batch { header: header.cloned(), ..full };
            if batches.send(full).await.is_err() {
                // The shard was given up; the next row would be read for nobody.
                return Err(BatchError::Internal("its rows are not taken any more".into()));
            }
        }
        Ok(())
    }
}

/// Where a row was, and how long.
#[derive(Clone, Copy)]
struct At {
    offset: u64,
    line: u64,
    length: usize,
}

impl At {
    fn of(row: &Row) -> Self {
        Self { offset: row.offset, line: row.line, length: row.text.len() }
    }
}

struct Gathered {
    batch: Batch,
    /// Rows of the batch that are asked for.
    asked: usize,
    /// Rows so far.
    rows: u64,
    most_asked: usize,
    most_bytes: u64,
}

impl Gathered {
    /// Puts a row behind those before it, and returns these when it is the first of another batch.
    fn put(&mut self, at: At, made: Made, kept: Option<Line>) -> Option<Batch> {
        let outcome = match (kept, made.send) {
            (Some(Line::Result(line)), _) => Outcome::Kept(line),
            (_, Ok(send)) => Outcome::Ask(send),
            (_, Err(error)) => Outcome::Failed(error),
        };
        let bytes = at.length.max(weight(&made.echo, &outcome)) as u64;
        let is_full = self.asked >= self.most_asked
            || self.batch.items.len() >= MOST.max(self.most_asked)
            || !self.batch.items.is_empty() && self.batch.bytes + bytes > self.most_bytes;
        let full = is_full.then(|| {
            self.asked = 0;
            let items = Vec::with_capacity(self.most_asked.min(MOST));
            std::mem::replace(&mut self.batch, Batch { items, ..Batch::default() })
        });
        self.asked += usize::from(matches!(outcome, Outcome::Ask(_)));
        self.batch.bytes += bytes;
        let At { offset, line, .. } = at;
        self.batch.items.push(Item { row: self.rows, offset, line, echo: made.echo, outcome });
        self.rows += 1;
        full
    }
}

fn weight(echo: &Echo, outcome: &Outcome) -> usize {
    let sent = match outcome {
        Outcome::Ask(sent) => sent.text(echo).len(),
        Outcome::Kept(bytes) | Outcome::Predicted(bytes) => bytes.len(),
        Outcome::Failed(error) => error.message.len(),
    };
    sent.max(echo.text().len())
}

/// The unit of a format's rows, as errors name it.
pub(super) fn unit_of(format: InputFormat) -> &'static str {
    match format {
        InputFormat::TfRecord | InputFormat::TfRecordGzip => "record",
        InputFormat::Jsonl | InputFormat::Csv | InputFormat::FileList => "line",
    }
}

impl Batch {
    /// Whether nothing of it is to be sent.
    pub(super) fn is_settled(&self) -> bool {
        !self.items.iter().any(|item| matches!(item.outcome, Outcome::Ask(_)))
    }

    /// What is to be sent, in order.
    pub(super) fn asks(&self) -> Vec<&[u8]> {
        let mut asks = Vec::with_capacity(self.items.len());
        asks.extend(self.items.iter().filter_map(|item| match &item.outcome {
            Outcome::Ask(sent) => Some(&sent.text(&item.echo)[..]),
            _ => None,
        }));
        asks
    }
}
