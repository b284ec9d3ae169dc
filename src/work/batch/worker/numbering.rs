//! On which line of its file a row is. A shard that begins within a file doesn't know how many lines
//! are before it; they are counted when somebody asks, which is when the first row fails.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use crate::storage::Stores;
use crate::work::batch::input::Chunks;
use crate::work::batch::{BatchError, JobDocument};

/// A worker reads at most so many bytes only to count lines.
const MOST: u64 = 1 << 30;

/// Counts the lines before shards, each part of a file once.
#[derive(Clone)]
pub(super) struct Numbering {
    stores: Stores,
    job: Arc<JobDocument>,
    /// Lines that end in a shard.
    known: Arc<Mutex<HashMap<u32, u64>>>,
    left: Arc<AtomicU64>,
}

impl Numbering {
    pub(super) fn new(stores: &Stores, job: &Arc<JobDocument>) -> Self {
        Self {
            stores: stores.clone(),
            job: Arc::clone(job),
            known: Arc::default(),
            left: Arc::new(AtomicU64::new(MOST)),
        }
    }

    /// So many lines end in a shard.
    pub(super) fn note(&self, shard: u32, lines: u64) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(shard, lines);
    }

    fn lines_of(&self, shard: u32) -> Option<u64> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&shard).copied()
    }

    /// The lines of the file before a shard; `None` when too much would have to be read to know.
    pub(super) async fn before(&self, shard: u32) -> Result<Option<u64>, BatchError> {
        let Some(this) = self.job.shards.get(shard as usize) else { return Ok(None) };
        let mut lines = 0;
        for (number, other) in self.job.shards.iter().enumerate() {
            if other.input != this.input || other.begin >= this.begin {
                continue;
            }
            let number = number as u32;
            let there = self.lines_of(number);
            lines += match there {
                Some(lines) => lines,
                None => match self.count(number).await? {
                    Some(lines) => lines,
                    None => return Ok(None),
                },
            };
        }
        Ok(Some(lines))
    }

    async fn count(&self, shard: u32) -> Result<Option<u64>, BatchError> {
        let part = self.job.shards[shard as usize];
        let Some(input) = self.job.inputs.get(part.input as usize) else { return Ok(None) };
        let length = part.end.saturating_sub(part.begin);
        let allowed = self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(length));
        if allowed.is_err() {
            return Ok(None);
        }
        let mut chunks = Chunks::new(&self.stores, input, part.begin, part.end);
        let mut lines = 0;
        while chunks.given() < length {
            let Some(chunk) = chunks.next().await? else { break };
            lines += memchr::memchr_iter(b'\n', &chunk).count() as u64;
        }
        self.note(shard, lines);
        Ok(Some(lines))
    }
}
