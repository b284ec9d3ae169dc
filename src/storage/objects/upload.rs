//! Writing a large object in parts.

use bytes::Bytes;
use object_store::{ObjectStoreExt, WriteMultipart};

use super::{Object, StorageError, Stores};
use crate::storage::Place;

/// How many parts are on their way at once.
const PARTS: usize = 4;

/// An object that is being written. It appears whole when [`finish`](Self::finish) returns; dropped
/// before, it never does.
pub struct Upload {
    place: Place,
    parts: WriteMultipart,
    size: u64,
}

impl Stores {
    /// Begins to write an object of any size, over whatever is there.
    pub async fn upload(&self, place: &Place) -> Result<Upload, StorageError> {
        let (store, path) = self.open("writing", place)?;
        let parts = store.put_multipart(&path).await;
        let parts = parts.map_err(|error| StorageError::of("writing", place, &error))?;
        Ok(Upload { place: place.clone(), parts: WriteMultipart::new(parts), size: 0 })
    }
}

impl Upload {
    /// Writes on; waits while too many bytes are on their way.
    pub async fn write(&mut self, bytes: impl Into<Bytes>) -> Result<(), StorageError> {
        let bytes = bytes.into();
        self.size += bytes.len() as u64;
        let ready = self.parts.wait_for_capacity(PARTS).await;
        ready.map_err(|error| StorageError::of("writing", &self.place, &error))?;
        self.parts.put(bytes);
        Ok(())
    }

    /// Bytes written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Ends the object: it is there, whole, when this returns.
    pub async fn finish(self) -> Result<Object, StorageError> {
        let Self { place, parts, size } = self;
        let done = parts.finish().await;
        let done = done.map_err(|error| StorageError::of("writing", &place, &error))?;
        Ok(Object { place, size, etag: done.e_tag, modified: None })
    }

    /// Gives the object up and removes what was stored of it.
    pub async fn abort(self) {
        // What a store keeps of a broken upload is its own to expire.
        let _ = self.parts.abort().await;
    }
}
