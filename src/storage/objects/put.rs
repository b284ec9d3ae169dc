//! Writing a whole small object at once, and removing one.

use bytes::Bytes;

use super::read::pause;
use super::stores::Backend;
use super::{Object, StorageError, StorageErrorKind, Stores, files};
use crate::storage::Place;

/// How a put-if-absent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The object is there with this content, written by this call.
    Created,
    /// Somebody else had written it before; it was not touched.
    Exists,
}

/// How a store answered a put-if-absent.
pub(super) enum PutAnswer {
    /// It was written.
    Written,
    /// There is one, or there may be one by now: it has to be read.
    Unclear(StorageError),
}

/// How often a put-if-absent is tried whose outcome stays unclear.
const ATTEMPTS: u32 = 6;

impl Stores {
    /// Writes an object, over whatever is there.
    pub async fn put(
        &self,
        place: &Place,
        bytes: impl Into<Bytes>,
    ) -> Result<Object, StorageError> {
        let (backend, address) = self.open("writing", place).await?;
        let bytes = bytes.into();
        match &backend {
            Backend::Files => files::put(place, &address.key, bytes).await,
            Backend::Bucket(bucket) => bucket.put(place, &address.key, bytes).await,
            Backend::Web(_) | Backend::Hub(_) => Err(read_only("writing", place)),
        }
    }

    /// Writes an object unless there is one. The content must have a word in it that no other writer
    /// has: whenever the store's answer leaves open who wrote, the object is read back and compared.
    /// On a store that does not honour the condition the last writer wins: [`examine`](Self::examine)
    /// tells such a store.
    pub async fn put_if_absent(
        &self,
        place: &Place,
        bytes: impl Into<Bytes>,
    ) -> Result<Put, StorageError> {
        let (backend, address) = self.open("writing", place).await?;
        let bytes: Bytes = bytes.into();
        let key = &address.key;
        let mut attempt = 0;
        loop {
            let answer = match &backend {
                Backend::Files => files::put_if_absent(place, key, bytes.clone()).await?,
                Backend::Bucket(bucket) => bucket.put_if_absent(place, key, bytes.clone()).await?,
                Backend::Web(_) | Backend::Hub(_) => return Err(read_only("writing", place)),
            };
            let error = match answer {
                PutAnswer::Written => return Ok(Put::Created),
                PutAnswer::Unclear(error) => error,
            };
            match self.read(place, bytes.len() as u64).await {
                Ok((_, there)) if there == bytes => return Ok(Put::Created),
                Ok(_) => return Ok(Put::Exists),
                Err(read) if read.kind == StorageErrorKind::TooLarge => return Ok(Put::Exists),
                // A write of somebody else was under way and came to nothing, or this one's request
                // never arrived.
                Err(read) if read.kind == StorageErrorKind::NotFound => {}
                // Exchanged between two reads: only another writer does that.
                Err(read) if read.kind == StorageErrorKind::Changed => return Ok(Put::Exists),
                Err(read) => return Err(read),
            }
            attempt += 1;
            if attempt == ATTEMPTS {
                return Err(error);
            }
            tokio::time::sleep(pause(attempt)).await;
        }
    }

    /// Removes an object. One that is not there is no error.
    pub async fn delete(&self, place: &Place) -> Result<(), StorageError> {
        let (backend, address) = self.open("removing", place).await?;
        match &backend {
            Backend::Files => files::delete(place, &address.key).await,
            Backend::Bucket(bucket) => bucket.delete(place, &address.key).await,
            Backend::Web(_) | Backend::Hub(_) => Err(read_only("removing", place)),
        }
    }
}

/// Nothing is written to such a place.
pub(super) fn read_only(operation: &'static str, place: &Place) -> StorageError {
    let reason = "such places are only read; name a bucket or a path";
    StorageError::told(operation, place, StorageErrorKind::Unsupported, reason)
}
