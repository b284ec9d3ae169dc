//! Bringing a run's journal and record up to what its runtime knows.
//!
//! Under the run's lock: read the record, cut the journal back to the record's mark, observe from
//! the record's cursor, append, write the record with the new cursor and mark, index the end. A
//! crash between any two steps leaves a record whose cursor and mark belong together, so the next
//! sync does the same again. Many may try at once: one works, the others read what it wrote.

use std::io;
use std::time::Duration;

use crate::runtime::{Runtime, RuntimeError};
use crate::store::{FileLock, RunPaths, RunRecord, Store, StoreError};

/// How long a sync waits for another one of the same run before it reads what that one writes.
const OTHER_SYNC_LIMIT: Duration = Duration::from_millis(300);

/// A run could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The state folder could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The runtime could not be asked what has happened to the run.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

impl From<io::Error> for SyncError {
    fn from(error: io::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Brings a run up to date; returns its record. An ended run is only read.
pub fn sync(store: &Store, runtime: &dyn Runtime, run: &RunPaths) -> Result<RunRecord, SyncError> {
    let seen = store.record(&run.run);
    if let Ok(record) = &seen
        && (record.state.is_ended() || store.is_read_only())
    {
        return Ok(record.clone());
    }
    if !run.dir.exists() {
        return Ok(seen?);
    }
    let lock = match FileLock::acquire(&run.lock(), OTHER_SYNC_LIMIT) {
        Ok(lock) => lock,
        Err(StoreError::Locked { .. }) => return Ok(store.record(&run.run)?),
        Err(error) => return Err(error.into()),
    };
    let mut record = store.sound_record(run)?;
    let mut cursor = record.cursor.clone();
    let events = runtime.observe(run, &mut cursor)?;
    if events.is_empty() && cursor == record.cursor {
        return Ok(record);
    }
    record.cursor = cursor;
    store.append_events(&lock, run, &mut record, events)?;
    Ok(record)
}
