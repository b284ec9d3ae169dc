//! What is at a place: one object, a folder, or what a pattern matches.

mod page;
mod pattern;

pub(super) use page::Found;

use pattern::Pattern;

use super::stores::Backend;
use super::{Object, StorageError, StorageErrorKind, Stores};
use crate::storage::Place;

/// What is at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The objects, sorted by place.
    pub objects: Vec<Object>,
    /// Keys that were passed by because they can't be named in a URL or a path (`a//b`, `a/../b`, one
    /// with a line break), as the store has them.
    pub skipped: Vec<String>,
}

impl Stores {
    /// All objects at a place, sorted by place: the object itself; everything below it, if it is a
    /// folder; or what it matches, if it has `*`, `?`, `[...]` or `{a,b}` (`**` goes into folders). An
    /// object whose very name has such characters is found first. Markers of folders are left out.
    /// Nothing there is an empty list, no error. Keys that can't be named are an error, so that
    /// nobody takes a part for the whole; [`listing`](Self::listing) lists the rest.
    pub async fn list(&self, place: &Place) -> Result<Vec<Object>, StorageError> {
        let Listing { objects, skipped } = self.listing(place).await?;
        match skipped.first() {
            None => Ok(objects),
            Some(first) => Err(StorageError::told(
                "listing",
                place,
                StorageErrorKind::Unsupported,
                format!(
                    "{} of its keys can't be read, such as {first:?}: rename them, or name a place \
                     that leaves them out",
                    skipped.len()
                ),
            )),
        }
    }

    /// The same, with the keys that were passed by.
    pub async fn listing(&self, place: &Place) -> Result<Listing, StorageError> {
        let (backend, address) = self.open("listing", place).await?;
        if !address.key.is_empty() && !address.key.ends_with('/') {
            match self.head(place).await {
                Ok(entry) => return Ok(Listing { objects: vec![entry], skipped: Vec::new() }),
                Err(error) if error.kind == StorageErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        if let Backend::Web(_) = backend {
            return Ok(Listing::default());
        }
        let pattern = Pattern::of(&address.key).map_err(|reason| {
            StorageError::told("listing", place, StorageErrorKind::Unsupported, reason)
        })?;
        let mut found = match &pattern {
            None => backend.page(place, &address, &address.folder(), true).await?,
            Some(pattern) => matching(&backend, place, &address, pattern).await?,
        };
        if let Some(pattern) = &pattern {
            found.objects.retain(|(_, key)| pattern.is_match(key));
        }
        let mut objects: Vec<Object> = found.objects.into_iter().map(|(entry, _)| entry).collect();
        objects.sort_by(|a, b| a.place.as_str().cmp(b.place.as_str()));
        found.skipped.sort();
        Ok(Listing { objects, skipped: found.skipped })
    }

    /// The names of the folders directly in a folder, sorted, without going into them. A folder that
    /// isn't there has none. Its own name is taken as it is: nothing in it is a pattern.
    pub async fn folders(&self, place: &Place) -> Result<Vec<String>, StorageError> {
        let (backend, address) = self.open("listing", place).await?;
        let prefix = address.folder();
        let found = backend.page(place, &address, &prefix, false).await?;
        let names = found.folders.iter().filter_map(|key| {
            let name = key.strip_prefix(&prefix)?.strip_suffix('/')?;
            (!name.is_empty()).then(|| name.to_owned())
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(names)
    }

    /// All objects below a folder, sorted by place, its name taken as it is: nothing in it is a pattern,
    /// and an object of that very name is not meant. Keys that can't be named are passed by.
    pub async fn below(&self, folder: &Place) -> Result<Vec<Object>, StorageError> {
        let (backend, address) = self.open("listing", folder).await?;
        let found = backend.page(folder, &address, &address.folder(), true).await?;
        let mut objects: Vec<Object> = found.objects.into_iter().map(|(entry, _)| entry).collect();
        objects.sort_by(|a, b| a.place.as_str().cmp(b.place.as_str()));
        Ok(objects)
    }
}

/// Goes down along a pattern, folder by folder, so that nothing is listed that can't match. From a part
/// on that may go into folders (`**`, or a list of alternatives with `/`) everything is listed.
async fn matching(
    backend: &Backend,
    place: &Place,
    address: &super::address::Address,
    pattern: &Pattern,
) -> Result<Found, StorageError> {
    let mut found = Found::default();
    let mut folders = vec![String::new()];
    for step in pattern.steps() {
        let mut below = Vec::new();
        for folder in &folders {
            let prefix = format!("{folder}{}", step.begin);
            let page = backend.page(place, address, &prefix, step.deep).await?;
            if step.last {
                found.objects.extend(page.objects);
            }
            found.skipped.extend(page.skipped);
            below.extend(page.folders.into_iter().filter(|key| step.is_match(key)));
        }
        folders = below;
    }
    Ok(found)
}
