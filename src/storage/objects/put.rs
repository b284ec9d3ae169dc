//! Writing a whole small object at once.

use bytes::Bytes;
use object_store::{ObjectStoreExt, PutMode, PutOptions};

use super::{Object, StorageError, StorageErrorKind, Stores};
use crate::storage::Place;

/// How a put-if-absent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The object is there with this content, written by this call.
    Created,
    /// Somebody else had written it before; it was not touched.
    Exists,
}

impl Stores {
    /// Writes an object, over whatever is there.
    pub async fn put(
        &self,
        place: &Place,
        bytes: impl Into<Bytes>,
    ) -> Result<Object, StorageError> {
        let (store, path) = self.open("writing", place)?;
        let bytes = bytes.into();
        let size = bytes.len() as u64;
        let done = store.put(&path, bytes.into()).await;
        let done = done.map_err(|error| StorageError::of("writing", place, &error))?;
        Ok(Object { place: place.clone(), size, etag: done.e_tag, modified: None })
    }

    /// Writes an object unless there is one. The content must have a word in it that no other writer
    /// has: by it a lost answer is told from another's object.
    pub async fn put_if_absent(
        &self,
        place: &Place,
        bytes: impl Into<Bytes>,
    ) -> Result<Put, StorageError> {
        let (store, path) = self.open("writing", place)?;
        let bytes: Bytes = bytes.into();
        let mode = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match store.put_opts(&path, bytes.clone().into(), mode).await {
            Ok(_) => Ok(Put::Created),
            Err(object_store::Error::AlreadyExists { .. }) => {
                match self.read(place, bytes.len() as u64).await {
                    Ok((_, there)) if there == bytes => Ok(Put::Created),
                    Ok(_) => Ok(Put::Exists),
                    // A longer one is another's.
                    Err(error) if error.kind == StorageErrorKind::TooLarge => Ok(Put::Exists),
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(StorageError::of("writing", place, &error)),
        }
    }

    /// Removes an object. One that is not there is no error.
    pub async fn delete(&self, place: &Place) -> Result<(), StorageError> {
        let (store, path) = self.open("removing", place)?;
        match store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StorageError::of("removing", place, &error)),
        }
    }

    /// Copies an object within the reach of these stores, over whatever is there.
    pub async fn copy(&self, from: &Object, to: &Place) -> Result<Object, StorageError> {
        let mut upload = self.upload(to).await?;
        let mut at = 0;
        while at < from.size {
            let end = (at + (8 << 20)).min(from.size);
            upload.write(self.read_range(from, at..end).await?).await?;
            at = end;
        }
        upload.finish().await
    }
}
