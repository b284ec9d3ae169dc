//! What is done with the objects of one bucket.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use jiff::Timestamp;
use object_store::list::PaginatedListStore;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutOptions,
};

use crate::storage::Place;
use crate::storage::objects::address::Cloud;
use crate::storage::objects::put::PutAnswer;
use crate::storage::objects::{Object, StorageError, StorageErrorKind};

/// A bucket and the identity by which it is used.
pub(in crate::storage::objects) struct Bucket {
    pub(super) cloud: Cloud,
    pub(super) name: String,
    /// Who uses it, for messages; never a secret.
    pub(super) identity: String,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) pages: Arc<dyn PaginatedListStore>,
}

impl Bucket {
    /// What the store says of one object.
    pub(in crate::storage::objects) async fn head(
        &self,
        place: &Place,
        key: &str,
    ) -> Result<Object, StorageError> {
        let meta = self.store.head(&path("reading", place, key)?).await;
        let meta = meta.map_err(|error| self.error("reading", place, &error))?;
        Ok(object(place.clone(), &meta))
    }

    /// A range of one version of an object, in the pieces in which it came.
    pub(in crate::storage::objects) async fn read_range(
        &self,
        entry: &Object,
        key: &str,
        range: Range<u64>,
    ) -> Result<Vec<Bytes>, StorageError> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            if_match: entry.etag.clone(),
            ..GetOptions::default()
        };
        let told = |error| self.error("reading", &entry.place, &error);
        let path = path("reading", &entry.place, key)?;
        let result = self.store.get_opts(&path, options).await.map_err(told)?;
        result.into_stream().try_collect().await.map_err(told)
    }

    /// Writes a whole object in one request.
    pub(in crate::storage::objects) async fn put(
        &self,
        place: &Place,
        key: &str,
        bytes: Bytes,
    ) -> Result<Object, StorageError> {
        let size = bytes.len() as u64;
        let done = self.store.put(&path("writing", place, key)?, bytes.into()).await;
        let done = done.map_err(|error| self.error("writing", place, &error))?;
        Ok(Object {
            place: place.clone(),
            size,
            etag: done.e_tag.as_deref().map(quoted),
            modified: None,
        })
    }

    /// Asks the store to write an object unless there is one. An error is one that leaves no doubt:
    /// nothing was written.
    pub(in crate::storage::objects) async fn put_if_absent(
        &self,
        place: &Place,
        key: &str,
        bytes: Bytes,
    ) -> Result<PutAnswer, StorageError> {
        let mode = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let path = path("writing", place, key)?;
        let Err(error) = self.store.put_opts(&path, bytes.into(), mode).await else {
            return Ok(PutAnswer::Written);
        };
        let told = self.error("writing", place, &error);
        let is_unclear = matches!(
            error,
            Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. }
        ) || told.kind == StorageErrorKind::Unreachable;
        if is_unclear { Ok(PutAnswer::Unclear(told)) } else { Err(told) }
    }

    /// Begins an object of many parts.
    pub(in crate::storage::objects) async fn begin(
        &self,
        place: &Place,
        key: &str,
    ) -> Result<Box<dyn MultipartUpload>, StorageError> {
        let begun = self.store.put_multipart(&path("writing", place, key)?).await;
        begun.map_err(|error| self.error("writing", place, &error))
    }

    /// Copies an object within the bucket.
    pub(in crate::storage::objects) async fn copy(
        &self,
        place: &Place,
        from: &str,
        to: &str,
    ) -> Result<(), StorageError> {
        let (from, to) = (path("writing", place, from)?, path("writing", place, to)?);
        let done = self.store.copy(&from, &to).await;
        done.map_err(|error| self.error("writing", place, &error))
    }

    /// Removes an object; one that is not there is no error.
    pub(in crate::storage::objects) async fn delete(
        &self,
        place: &Place,
        key: &str,
    ) -> Result<(), StorageError> {
        match self.store.delete(&path("removing", place, key)?).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.error("removing", place, &error)),
        }
    }
}

/// A key exactly as it is written.
fn path(operation: &'static str, place: &Place, key: &str) -> Result<Path, StorageError> {
    let unsupported = |reason: String| {
        StorageError::told(operation, place, StorageErrorKind::Unsupported, reason)
    };
    let path = Path::parse(key).map_err(|error| unsupported(error.to_string()))?;
    if path.as_ref() != key || key.is_empty() {
        return Err(unsupported("it is the name of a folder, not of an object".into()));
    }
    Ok(path)
}

/// An object as the store describes it.
pub(super) fn object(place: Place, meta: &ObjectMeta) -> Object {
    let modified = Timestamp::from_millisecond(meta.last_modified.timestamp_millis()).ok();
    Object { place, size: meta.size, etag: meta.e_tag.as_deref().map(quoted), modified }
}

/// A tag as headers have it. In its listings Azure leaves the quotes out, and one version of an object
/// would have two tags.
pub(super) fn quoted(tag: &str) -> String {
    if tag.ends_with('"') { tag.to_owned() } else { format!("\"{tag}\"") }
}
