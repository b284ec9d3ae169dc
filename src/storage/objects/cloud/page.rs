//! Listing a bucket, page by page.

use object_store::list::PaginatedListOptions;

use super::Bucket;
use super::bucket::object;
use super::unnamed::Unnamed;
use crate::storage::Place;
use crate::storage::objects::address::{Address, Cloud};
use crate::storage::objects::list::Found;
use crate::storage::objects::{StorageError, StorageErrorKind};

impl Bucket {
    /// Everything whose key begins with `prefix`; without `deep` what lies below a further `/` is told
    /// as a folder.
    pub(in crate::storage::objects) async fn page(
        &self,
        place: &Place,
        address: &Address,
        prefix: &str,
        deep: bool,
    ) -> Result<Found, StorageError> {
        let mut found = Found::default();
        let mut token = None;
        loop {
            let options = PaginatedListOptions {
                delimiter: (!deep).then_some("/".into()),
                page_token: token,
                ..PaginatedListOptions::default()
            };
            let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
            let page = self.pages.list_paginated(prefix, options).await;
            let page = page.map_err(|error| self.error("listing", place, &error))?;
            if let Some(Unnamed(keys)) = page.result.extensions.get() {
                found.skipped.extend(keys.iter().cloned());
            }
            found.folders.extend(page.result.common_prefixes.iter().map(|path| format!("{path}/")));
            found.objects.extend(page.result.objects.iter().map(|meta| {
                let key = meta.location.to_string();
                (object(address.place(&key), meta), key)
            }));
            token = page.page_token;
            if token.is_none() {
                break;
            }
        }
        if self.cloud == Cloud::Azure
            && !prefix.is_empty()
            && !prefix.ends_with('/')
            && !found.objects.iter().any(|(_, key)| key == prefix)
        {
            // The client takes an object that is named as the prefix for a folder and leaves it out.
            match self.head(&address.place(prefix), prefix).await {
                Ok(object) => found.objects.push((object, prefix.to_owned())),
                Err(error) if error.kind == StorageErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}
