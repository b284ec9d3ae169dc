//! What a worker counts while it works.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Numbers of one shard while it runs, then of all shards that the worker has done.
#[derive(Debug, Default)]
pub(super) struct Counts {
    rows: AtomicU64,
    failed: AtomicU64,
    /// Bytes of the input in which the rows are that are done.
    bytes: AtomicU64,
}

impl Counts {
    /// More rows are done. `bytes` is how far the shard is.
    pub(super) fn done(&self, rows: u64, failed: u64, bytes: u64) {
        self.rows.fetch_add(rows, Relaxed);
        self.failed.fetch_add(failed, Relaxed);
        self.bytes.fetch_max(bytes, Relaxed);
    }

    /// Rows, failed rows and bytes.
    pub(super) fn now(&self) -> [u64; 3] {
        [self.rows.load(Relaxed), self.failed.load(Relaxed), self.bytes.load(Relaxed)]
    }
}
