//! Writing a large object in parts.

use bytes::{Bytes, BytesMut};
use object_store::MultipartUpload;
use tokio::task::JoinSet;

use super::put::read_only;
use super::stores::Backend;
use super::{Object, StorageError, StorageErrorKind, Stores, files};
use crate::storage::Place;

/// How long parts that are on their way are waited for when the object is given up.
const LAST_PARTS: std::time::Duration = std::time::Duration::from_secs(20);
/// How many parts are on their way at once.
const PARTS: usize = 4;
/// The smallest part that is sent.
const PART: u64 = 8 << 20;
/// Stores take 10,000 parts of one object.
const MOST_PARTS: u64 = 10_000;
/// After so many parts of an object of unknown size each is twice as large: ten such steps fit, and
/// 8 TB are reached before.
const GROW_AFTER: u64 = 900;

/// An object that is being written. It appears whole when [`finish`](Self::finish) returns; dropped
/// before, it never does, and what was stored of it is removed where the store can.
pub struct Upload {
    stores: Stores,
    place: Place,
    expected: Option<u64>,
    size: u64,
    way: Option<Way>,
}

/// Where the bytes go.
enum Way {
    /// Into a file beside the one that is written.
    File(files::Writing),
    /// To a bucket. A small object is one request, made at the end.
    Bucket(Parts),
}

struct Parts {
    bucket: std::sync::Arc<super::cloud::Bucket>,
    key: String,
    buffer: BytesMut,
    begun: Option<Box<dyn MultipartUpload>>,
    sent: u64,
    under_way: JoinSet<object_store::Result<()>>,
}

impl Stores {
    /// Begins to write an object of any size, over whatever is there.
    pub async fn upload(&self, place: &Place) -> Result<Upload, StorageError> {
        self.upload_sized(place, None).await
    }

    /// The same for an object whose size is known, from which the size of the parts follows.
    /// [`finish`](Upload::finish) is an error when it had another size.
    pub async fn upload_sized(
        &self,
        place: &Place,
        size: Option<u64>,
    ) -> Result<Upload, StorageError> {
        let (backend, address) = self.open("writing", place).await?;
        let way = match backend {
            Backend::Files => Way::File(files::Writing::begin(place, &address.key).await?),
            Backend::Bucket(bucket) => Way::Bucket(Parts {
                bucket,
                key: address.key,
                buffer: BytesMut::new(),
                begun: None,
                sent: 0,
                under_way: JoinSet::new(),
            }),
            Backend::Web(_) | Backend::Hub(_) => return Err(read_only("writing", place)),
        };
        if let Some(size) = size {
            self.watch().expect(size, 1);
        }
        let (stores, place) = (self.clone(), place.clone());
        Ok(Upload { stores, place, expected: size, size: 0, way: Some(way) })
    }
}

impl Upload {
    /// Writes on; waits while too many bytes are on their way. After an error the object is given up.
    pub async fn write(&mut self, bytes: impl Into<Bytes>) -> Result<(), StorageError> {
        let bytes = bytes.into();
        let moved = bytes.len() as u64;
        self.size += moved;
        let done = match &mut self.way {
            None => Err(self.given_up()),
            Some(Way::File(file)) => file.write(&self.place, bytes).await,
            Some(Way::Bucket(parts)) => parts.write(&self.place, self.expected, &bytes).await,
        };
        match &done {
            Ok(()) => self.stores.watch().moved(moved),
            Err(_) => self.give_up().await,
        }
        done
    }

    /// Bytes written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Ends the object: it is there, whole, when this returns.
    pub async fn finish(mut self) -> Result<Object, StorageError> {
        if let Some(expected) = self.expected.filter(|expected| *expected != self.size) {
            self.give_up().await;
            let reason = format!("{} bytes came of {expected}", self.size);
            let kind = StorageErrorKind::Changed;
            return Err(StorageError::told("writing", &self.place, kind, reason));
        }
        let done = match self.way.take() {
            None => Err(self.given_up()),
            Some(Way::File(file)) => file.finish(&self.place).await,
            Some(Way::Bucket(mut parts)) => match parts.finish(&self.place).await {
                Ok(Some(done)) => Ok(done),
                Ok(None) => compared(&self.stores, &self.place, self.size).await,
                Err(error) => {
                    parts.abort().await;
                    Err(error)
                }
            },
        };
        if done.is_ok() {
            self.stores.watch().arrived();
        }
        done
    }

    /// Gives the object up and removes what was stored of it.
    pub async fn abort(mut self) {
        self.give_up().await;
    }

    async fn give_up(&mut self) {
        if let Some(Way::Bucket(mut parts)) = self.way.take() {
            parts.abort().await;
        }
    }

    fn given_up(&self) -> StorageError {
        let reason = "it was given up after an error";
        StorageError::told("writing", &self.place, StorageErrorKind::Unreachable, reason)
    }
}

/// What the store has by now, which must be as long as what was sent.
async fn compared(stores: &Stores, place: &Place, sent: u64) -> Result<Object, StorageError> {
    let there = stores.head(place).await?;
    if there.size == sent {
        return Ok(there);
    }
    let reason = format!("{sent} bytes were sent, and the store has {}", there.size);
    Err(StorageError::told("writing", place, StorageErrorKind::Changed, reason))
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(Way::Bucket(mut parts)) = self.way.take()
            && parts.begun.is_some()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move { parts.abort().await });
        }
    }
}

impl Parts {
    async fn write(
        &mut self,
        place: &Place,
        expected: Option<u64>,
        mut bytes: &[u8],
    ) -> Result<(), StorageError> {
        while !bytes.is_empty() {
            let part = part_size(expected, self.sent) as usize;
            // A full buffer goes out only when more follows: what fits into one part needs no parts.
            if self.buffer.len() >= part {
                let full = self.buffer.split().freeze();
                self.send(place, full).await?;
                continue;
            }
            let (now, later) = bytes.split_at(bytes.len().min(part - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    async fn send(&mut self, place: &Place, part: Bytes) -> Result<(), StorageError> {
        while self.under_way.len() >= PARTS {
            self.next(place).await?;
        }
        let begun = match &mut self.begun {
            Some(begun) => begun,
            none => none.insert(self.bucket.begin(place, &self.key).await?),
        };
        self.sent += 1;
        self.under_way.spawn(begun.put_part(part.into()));
        Ok(())
    }

    /// Waits for one part.
    async fn next(&mut self, place: &Place) -> Result<(), StorageError> {
        match self.under_way.join_next().await {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(error))) => Err(self.bucket.error("writing", place, &error)),
            Some(Err(error)) => {
                let kind = StorageErrorKind::Unreachable;
                Err(StorageError::told("writing", place, kind, error.to_string()))
            }
        }
    }

    /// Ends the object; what the store says of it where that was a single request.
    async fn finish(&mut self, place: &Place) -> Result<Option<Object>, StorageError> {
        let last = self.buffer.split().freeze();
        if self.begun.is_none() {
            return self.bucket.put(place, &self.key, last).await.map(Some);
        }
        self.send(place, last).await?;
        while !self.under_way.is_empty() {
            self.next(place).await?;
        }
        if let Some(begun) = &mut self.begun {
            let done = begun.complete().await;
            done.map_err(|error| self.bucket.error("writing", place, &error))?;
        }
        self.begun = None;
        Ok(None)
    }

    async fn abort(&mut self) {
        // A store may keep a part that arrives while the upload is being given up, so that those on
        // their way are waited for; not for ever, as one may never end.
        let ends = async { while self.under_way.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_PARTS, ends).await;
        self.under_way.shutdown().await;
        if let Some(mut begun) = self.begun.take() {
            // What a store keeps of a broken upload is its own to expire.
            let _ = begun.abort().await;
        }
    }
}

/// How large the next part is when so many were sent.
fn part_size(expected: Option<u64>, sent: u64) -> u64 {
    match expected {
        Some(size) => PART.max(size.div_ceil(MOST_PARTS - 1)),
        None => PART << (sent / GROW_AFTER).min(11),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_fits_into_the_parts_that_stores_take() {
        for size in [0, 1, PART, 50 << 30, 5 << 40] {
            let part = part_size(Some(size), 0);
            assert!(size.div_ceil(part) <= MOST_PARTS && part >= 5 << 20, "{size}");
        }
        let all: u64 = (0..MOST_PARTS).map(|sent| part_size(None, sent)).sum();
        assert!(all > 5 << 40, "an object of unknown size may have 5 TiB");
        assert_eq!(part_size(None, 0), PART);
    }
}
