//! What has been uploaded comes back, before each attempt.

use std::collections::BTreeMap;
use std::path::Path;

use futures::{StreamExt, TryStreamExt, stream};

use super::error::PlaceError;
use super::folder::{print, scan};
use super::keeper::{Keeper, Known, State};
use super::manifest::{Kept, Manifest};
use super::transfer::download;
use crate::gang::ReplicaId;
use crate::storage::NoProgress;

/// How many objects are fetched at once.
const OBJECTS: usize = 4;

impl Keeper {
    /// Fills the folder with what this replica and the others have uploaded. A file that the command
    /// has written here since stays as it is. Returns how many files were fetched, and their bytes.
    pub(in crate::agent) fn restore(
        &self,
        is_ended: &dyn Fn() -> bool,
    ) -> Result<(usize, u64), PlaceError> {
        let mut state = self.lock();
        self.connected.wait(is_ended, self.restore_into(&mut state))
    }

    async fn restore_into(&self, state: &mut State) -> Result<(usize, u64), PlaceError> {
        let stores = &self.connected.stores;
        let mut all = Manifest::all(stores, &self.output.uri).await?;
        if !self.output.resumes {
            all.retain(|_, manifest| manifest.run == self.run);
        }
        for manifest in all.values_mut().filter(|manifest| manifest.run != self.run) {
            // What another run has learned may be gone on with; its model and logs are its own.
            manifest.files.retain(|path, _| path.starts_with("checkpoints/"));
        }
        if let Some(own) = all.get(&self.replica).filter(|_| state.manifest.is_none()) {
            state.manifest =
                Some(Manifest { files: own.files.clone(), ..Manifest::new(&self.run) });
        }
        state.manifest.get_or_insert_with(|| Manifest::new(&self.run));
        let here = scan(&self.output, true)?;
        let missing: Vec<(String, Kept)> = self
            .merged(&all)
            .into_iter()
            .filter(|(path, kept)| match (here.get(path), state.known.get(path)) {
                // A file that the command has removed is not wanted back.
                (None, known) => known.is_none(),
                (Some(_), None) => false,
                (Some(now), Some(known)) => *now == known.print && known.sha256 != kept.sha256,
            })
            .collect();
        let bytes = missing.iter().map(|(_, kept)| kept.size).sum();
        let fetched: Vec<(String, Known)> = stream::iter(missing)
            .map(|(path, kept)| self.fetch(path, kept))
            .buffer_unordered(OBJECTS)
            .try_collect()
            .await?;
        let count = fetched.len();
        state.known.extend(fetched);
        Ok((count, bytes))
    }

    /// The files of all replicas in the parts that this one has. Where several have one, this
    /// replica's counts first, then the primary's.
    fn merged(&self, all: &BTreeMap<ReplicaId, Manifest>) -> BTreeMap<String, Kept> {
        let rank = |replica: &ReplicaId| (*replica == self.replica, *replica == self.primary);
        let mut order: Vec<_> = all.iter().collect();
        order.sort_by_key(|(replica, _)| rank(replica));
        let files = order.into_iter().flat_map(|(_, manifest)| &manifest.files);
        files
            .filter(|(path, _)| {
                let part = path.split('/').next().unwrap_or_default();
                self.output.parts.iter().any(|kept| kept == part)
            })
            .map(|(path, kept)| (path.clone(), kept.clone()))
            .collect()
    }

    async fn fetch(&self, path: String, kept: Kept) -> Result<(String, Known), PlaceError> {
        let stores = &self.connected.stores;
        let place = kept.place(&self.output.uri, &path);
        let object = stores.head(&place).await?;
        let file = self.output.folder.join(&path);
        let mut partial = file.clone().into_os_string();
        partial.push(".mlctl-part");
        let partial = Path::new(&partial);
        let sha256 = download(stores, &object, partial, &NoProgress).await?;
        if sha256 != kept.sha256 {
            // Nothing else removes it; that it stays is no harm.
            let _ = fs_err::remove_file(partial);
            let why = format!("it has {} bytes with another SHA-256", object.size);
            return Err(PlaceError::Damaged { place, why });
        }
        let local = |error| PlaceError::local(&file, error);
        fs_err::rename(partial, &file).map_err(local)?;
        let print = fs_err::metadata(&file).and_then(|meta| print(&meta)).map_err(local)?;
        Ok((path, Known { print, sha256 }))
    }
}
