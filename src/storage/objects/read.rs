//! Reading objects, in bounded ranges of one version.

use std::ops::Range;

use bytes::Bytes;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};

use super::{Object, StorageError, StorageErrorKind, Stores};
use crate::storage::Place;

impl Stores {
    /// What a store says of one object.
    pub async fn head(&self, place: &Place) -> Result<Object, StorageError> {
        let (store, path) = self.open("reading", place)?;
        let meta = store.head(&path).await;
        let meta = meta.map_err(|error| StorageError::of("reading", place, &error))?;
        Ok(super::list::object(place.clone(), &meta))
    }

    /// A range of an object, of the version that the entry describes; another one is
    /// [`StorageErrorKind::Changed`].
    pub async fn read_range(
        &self,
        entry: &Object,
        range: Range<u64>,
    ) -> Result<Bytes, StorageError> {
        let place = &entry.place;
        let (store, path) = self.open("reading", place)?;
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            if_match: entry.etag.clone(),
            ..GetOptions::default()
        };
        let told = |error| StorageError::of("reading", place, &error);
        let result = store.get_opts(&path, options).await.map_err(told)?;
        result.bytes().await.map_err(told)
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
        if entry.size == 0 {
            return Ok((entry, Bytes::new()));
        }
        let bytes = self.read_range(&entry, 0..entry.size).await?;
        Ok((entry, bytes))
    }
}
