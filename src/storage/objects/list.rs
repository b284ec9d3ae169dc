//! What is at a place: one object, a folder, or what a pattern matches.

use futures::TryStreamExt;
use globset::GlobBuilder;
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use super::{Object, StorageError, StorageErrorKind, Stores};
use crate::storage::Place;

impl Stores {
    /// All objects at a place, sorted by name: the object itself; everything below it, if it is a
    /// folder; or what it matches, if it has `*`, `?`, `[...]` or `{a,b}` (`**` goes into folders).
    /// Markers of folders are left out. Nothing there is an empty list, no error.
    pub async fn list(&self, place: &Place) -> Result<Vec<Object>, StorageError> {
        let text = place.as_str();
        let wild = text.find(['*', '?', '[', '{']);
        if wild.is_none() && !text.ends_with('/') {
            match self.head(place).await {
                Ok(entry) => return Ok(vec![entry]),
                Err(error) if error.kind == StorageErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let folder = match wild {
            Some(at) => &text[..text[..at].rfind('/').map_or(0, |slash| slash + 1)],
            None => text,
        };
        let folder = folder.trim_end_matches('/');
        let (store, prefix) = self.open("listing", &folder.into())?;
        let told = |error| StorageError::of("listing", place, &error);
        let metas: Vec<ObjectMeta> = store.list(Some(&prefix)).try_collect().await.map_err(told)?;
        let glob = wild
            .map(|_| GlobBuilder::new(text).literal_separator(true).build())
            .transpose()
            .map_err(|error| {
                StorageError::told(
                    "listing",
                    place,
                    StorageErrorKind::Unsupported,
                    error.to_string(),
                )
            })?
            .map(|glob| glob.compile_matcher());
        let mut found: Vec<Object> = metas
            .iter()
            .filter_map(|meta| {
                let below = below(&meta.location, &prefix)?;
                Some(object(format!("{folder}/{below}").into(), meta))
            })
            .filter(|entry| glob.as_ref().is_none_or(|glob| glob.is_match(entry.place.as_str())))
            .collect();
        found.sort_by(|a, b| a.place.as_str().cmp(b.place.as_str()));
        Ok(found)
    }
}

fn below<'a>(path: &'a Path, prefix: &Path) -> Option<&'a str> {
    let rest = path.as_ref().strip_prefix(prefix.as_ref())?;
    Some(rest.trim_start_matches('/')).filter(|rest| !rest.is_empty())
}

pub(super) fn object(place: Place, meta: &ObjectMeta) -> Object {
    let modified = Timestamp::from_millisecond(meta.last_modified.timestamp_millis()).ok();
    Object { place, size: meta.size, etag: meta.e_tag.clone(), modified }
}
