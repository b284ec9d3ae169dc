//! The bytes of an object in order, fetched in bounded ranges ahead of whoever uses them.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::storage::{Object, StorageError, Stores};
use crate::work::batch::BatchError;
use crate::work::batch::task::Task;

/// Bytes of one request, and requests on their way at once: enough for a store that answers late, and
/// little enough that a large input takes no more memory than a small one.
const RANGE: u64 = 2 << 20;
const AHEAD: usize = 3;
/// Bytes of the first request behind the end: most often a row ends soon.
const BEYOND: u64 = 64 << 10;

/// Reads an object from a byte on. What lies before `end` is fetched ahead; what lies behind it only
/// when it is asked for.
pub(crate) struct Chunks {
    stores: Stores,
    object: Object,
    /// The first byte that has not been asked for.
    at: u64,
    end: u64,
    beyond: u64,
    ahead: VecDeque<(u64, Task<Result<Bytes, StorageError>>)>,
    /// Bytes that have been given out.
    given: u64,
}

impl Chunks {
    /// Nothing is read yet.
    pub(crate) fn new(stores: &Stores, object: &Object, begin: u64, end: u64) -> Self {
        Self {
            stores: stores.clone(),
            object: object.clone(),
            at: begin,
            end: end.min(object.size),
            beyond: BEYOND,
            ahead: VecDeque::new(),
            given: 0,
        }
    }

    /// The next bytes; `None` at the end of the object.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, BatchError> {
        while self.at < self.end && self.ahead.len() < AHEAD {
            let length = RANGE.min(self.end - self.at);
            self.ask(length);
        }
        if self.ahead.is_empty() && self.at < self.object.size {
            let length = self.beyond.min(self.object.size - self.at);
            self.beyond = (self.beyond * 2).min(RANGE);
            self.ask(length);
        }
        let Some((length, mut task)) = self.ahead.pop_front() else { return Ok(None) };
        let bytes = task.join().await.map_err(|error| BatchError::Internal(error.to_string()))?;
        let bytes = bytes.map_err(BatchError::of_input)?;
        if bytes.len() as u64 != length {
            return Err(BatchError::InputChanged { place: self.object.place.clone() });
        }
        self.given += length;
        Ok(Some(bytes))
    }

    /// Bytes of the object that have been given out.
    pub(crate) fn given(&self) -> u64 {
        self.given
    }

    fn ask(&mut self, length: u64) {
        let (stores, object) = (self.stores.clone(), self.object.clone());
        let range = self.at..self.at + length;
        self.at += length;
        let task = Task::spawn(async move { stores.read_range(&object, range).await });
        self.ahead.push_back((length, task));
    }
}
