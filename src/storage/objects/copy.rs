//! Copying and moving an object.

use std::sync::Arc;

use super::stores::Backend;
use super::{Object, StorageError, StorageErrorKind, Stores, files};
use crate::storage::Place;

/// The largest object that every store copies by itself in one request.
const BY_STORE: u64 = 5 << 30;
/// Bytes of one request of a copy through this machine.
const RANGE: u64 = 8 << 20;

impl Stores {
    /// Copies an object of the version that the entry describes, over whatever is at `to`. Within one
    /// bucket the store does it by itself, else the bytes pass through here.
    pub async fn copy(&self, from: &Object, to: &Place) -> Result<Object, StorageError> {
        let (source, source_address) = self.open("reading", &from.place).await?;
        let (target, target_address) = self.open("writing", to).await?;
        if let (Backend::Bucket(one), Backend::Bucket(other)) = (&source, &target)
            && Arc::ptr_eq(one, other)
            && from.size < BY_STORE
        {
            one.copy(to, &source_address.key, &target_address.key).await?;
            // The store copies what is there by now, which may be another version.
            let now = self.head(&from.place).await?;
            let copied = self.head(to).await?;
            if now.etag != from.etag || copied.size != from.size {
                let reason = "it changed while it was copied";
                let kind = StorageErrorKind::Changed;
                return Err(StorageError::told("reading", &from.place, kind, reason));
            }
            return Ok(copied);
        }
        let mut upload = self.upload_sized(to, Some(from.size)).await?;
        let mut at = 0;
        while at < from.size {
            let end = (at + RANGE).min(from.size);
            upload.write(self.read_range(from, at..end).await?).await?;
            at = end;
        }
        upload.finish().await
    }

    /// Moves an object of the version that the entry describes, over whatever is at `to`. On one disk of
    /// this machine it is one step in which no byte is copied; elsewhere it is copied, then removed.
    pub async fn relocate(&self, from: &Object, to: &Place) -> Result<(), StorageError> {
        let (source, source_address) = self.open("moving", &from.place).await?;
        let (target, target_address) = self.open("writing", to).await?;
        if let (Backend::Files, Backend::Files) = (source, target)
            && files::rename(from, &source_address.key, &target_address.key).await?
        {
            return Ok(());
        }
        self.copy(from, to).await?;
        self.delete(&from.place).await
    }
}
