//! One listing of a store, all its pages.

use crate::storage::Place;
use crate::storage::objects::address::Address;
use crate::storage::objects::stores::Backend;
use crate::storage::objects::{Object, StorageError, files};

/// What begins with a text.
#[derive(Debug, Default)]
pub(in crate::storage::objects) struct Found {
    /// Objects with their keys.
    pub(in crate::storage::objects) objects: Vec<(Object, String)>,
    /// Folders that were not entered, each with a `/` at its end.
    pub(in crate::storage::objects) folders: Vec<String>,
    /// Keys that can't be named.
    pub(in crate::storage::objects) skipped: Vec<String>,
}

impl Backend {
    /// Everything whose key begins with `prefix`, which need not end with a `/`. Without `deep` what
    /// lies below a further `/` is told as a folder.
    pub(super) async fn page(
        &self,
        place: &Place,
        address: &Address,
        prefix: &str,
        deep: bool,
    ) -> Result<Found, StorageError> {
        match self {
            Self::Files => files::page(place, address, prefix, deep).await,
            Self::Bucket(bucket) => bucket.page(place, address, prefix, deep).await,
            Self::Hub(hub) => hub.page(place, &address.base, prefix, deep).await,
            Self::Web(_) => Ok(Found::default()),
        }
    }
}
