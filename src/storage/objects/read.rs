//! Reading: what an object is, ranges of it, and small ones as a whole.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use super::stores::Backend;
use super::{Object, StorageError, StorageErrorKind, Stores, files};
use crate::storage::Place;

/// How often a read is begun again whose answer broke off. What a request meets before its answer is
/// retried by the client.
const ATTEMPTS: u32 = 4;

impl Stores {
    /// What a store says of one object. A folder is [`StorageErrorKind::NotFound`].
    pub async fn head(&self, place: &Place) -> Result<Object, StorageError> {
        let (backend, address) = self.open("reading", place).await?;
        match &backend {
            Backend::Files => files::head(place, &address.key).await,
            Backend::Bucket(bucket) => bucket.head(place, &address.key).await,
            Backend::Hub(hub) => hub.head(place, &address.key).await,
            Backend::Web(web) => web
                .head(place, &address.key)
                .await
                .map_err(|error| error.into_storage("reading", place)),
        }
    }

    /// A range of an object, of the version that the entry describes; another one is
    /// [`StorageErrorKind::Changed`]. The answer has exactly the bytes of the range, which must lie
    /// within the object.
    pub async fn read_range(
        &self,
        entry: &Object,
        range: Range<u64>,
    ) -> Result<Bytes, StorageError> {
        let mut pieces = self.read_pieces(entry, range).await?;
        Ok(match (pieces.len(), pieces.pop()) {
            (1, Some(whole)) => whole,
            (_, last) => {
                pieces.extend(last);
                pieces.concat().into()
            }
        })
    }

    /// The same in the pieces in which it came, for whoever needs no copy of them in one.
    pub(super) async fn read_pieces(
        &self,
        entry: &Object,
        range: Range<u64>,
    ) -> Result<Vec<Bytes>, StorageError> {
        let place = &entry.place;
        let (backend, address) = self.open("reading", place).await?;
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let mut attempt = 0;
        loop {
            let read = match &backend {
                Backend::Files => {
                    files::read_range(entry, &address.key, range.clone()).await.map(one)
                }
                Backend::Bucket(bucket) => {
                    bucket.read_range(entry, &address.key, range.clone()).await
                }
                Backend::Hub(hub) => {
                    hub.read_range(entry, &address.key, range.clone()).await.map(one)
                }
                Backend::Web(web) => web
                    .read_range(&address.key, entry.etag.as_deref(), range.clone())
                    .await
                    .map(one)
                    .map_err(|error| error.into_storage("reading", place)),
            };
            let wanted = range.end - range.start;
            let error = match read {
                Ok(pieces) => {
                    let came: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
                    if came == wanted {
                        self.watch().moved(came);
                        return Ok(pieces);
                    }
                    let reason = format!("{came} bytes came of {wanted} that were asked for");
                    StorageError::told("reading", place, StorageErrorKind::Unreachable, reason)
                }
                Err(error) => error,
            };
            attempt += 1;
            if error.kind != StorageErrorKind::Unreachable || attempt == ATTEMPTS {
                return Err(error);
            }
            tokio::time::sleep(pause(attempt)).await;
        }
    }

    /// A whole object of at most `limit` bytes.
    pub async fn read(&self, place: &Place, limit: u64) -> Result<(Object, Bytes), StorageError> {
        let entry = self.head(place).await?;
        if entry.size > limit {
            return Err(StorageError::told(
                "reading",
                place,
                StorageErrorKind::TooLarge,
                format!("it has {} bytes, and at most {limit} are read", entry.size),
            ));
        }
        let bytes = self.read_range(&entry, 0..entry.size).await?;
        Ok((entry, bytes))
    }
}

fn one(whole: Bytes) -> Vec<Bytes> {
    vec![whole]
}

/// How long to wait before the next attempt: from 100 ms on twice as long each time, and less by
/// chance, so that many workers don't come back at once.
pub(super) fn pause(attempt: u32) -> Duration {
    let most = 100 << attempt.min(6);
    Duration::from_millis(fastrand::u64(most / 2..=most))
}
