//! Taking a version out of a registry: its files, checked against what its document says.

use std::path::Path;

use futures::{StreamExt, TryStreamExt, stream};

use super::contents::Contents;
use super::disk::blocking;
use super::error::RegistryError;
use super::read::{Registry, Version};
use crate::storage::Place;

/// Files that are brought at once.
const AT_ONCE: usize = 4;

impl Registry {
    /// The files of a version, to be pushed elsewhere. An error where they are not as many, or not as
    /// large, as when they were pushed: somebody else has changed them.
    pub async fn files(&self, version: &Version) -> Result<Contents, RegistryError> {
        let begin = format!("{}/", version.place);
        let objects = self.stores.below(&version.place).await?;
        let files: Vec<_> = objects
            .into_iter()
            .filter_map(|object| {
                Some((object.place.as_str().strip_prefix(&begin)?.to_owned(), object))
            })
            .collect();
        let bytes = files.iter().map(|(_, object)| object.size).sum();
        let count = |files: u64, bytes: u64| format!("{files} files of {bytes} bytes");
        let (there, facts) = (files.len() as u64, &version.facts);
        if (there, bytes) != (facts.files, facts.bytes) {
            return Err(RegistryError::Incomplete {
                place: version.place.clone(),
                found: count(there, bytes),
                expected: count(facts.files, facts.bytes),
            });
        }
        Ok(Contents { kind: facts.kind, taken: None, files, bytes })
    }

    /// Brings the files of a version into a folder of this machine, which appears whole or not at all. An
    /// error where something is there already.
    pub async fn pull(&self, version: &Version, to: &Path) -> Result<(), RegistryError> {
        let contents = self.files(version).await?;
        let target = Place::from(to.display().to_string());
        let parent = to.parent().unwrap_or(Path::new("/")).to_owned();
        let beside = blocking("writing", &target, move || {
            fs_err::create_dir_all(&parent)?;
            tempfile::Builder::new().prefix(".mlctl-pull-").tempdir_in(parent)
        });
        let beside = beside.await?;
        // A folder within it, so that the model gets the rights of any new folder.
        let staged = beside.path().join("model");
        stream::iter(contents.files.iter().map(|(name, object)| {
            let file: Place = staged.join(name).display().to_string().into();
            async move { self.stores.copy(object, &file).await }
        }))
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<_>>()
        .await?;
        super::disk::rename(&target, &staged, to).await?;
        Ok(())
    }
}
