//! Fetching objects into files.

use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::Semaphore;

use super::{Object, Progress, StorageError, StorageErrorKind, Stores};
use crate::storage::Place;

/// What a transfer moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transferred {
    /// Objects or files.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Bytes of one request.
const RANGE: u64 = 8 << 20;
/// Requests in flight for one object.
const RANGES: usize = 4;
/// Objects that are fetched at once.
const OBJECTS: usize = 8;
/// Requests in flight in all, which bounds memory.
const IN_FLIGHT: usize = 8;

impl Stores {
    /// Fetches an object, or everything below a folder, into `to`: a file's path for one object, a
    /// folder for several. Every file appears whole or not at all; an object that changes meanwhile is
    /// an error.
    pub async fn fetch(
        &self,
        from: &Place,
        to: &Path,
        progress: &dyn Progress,
    ) -> Result<Transferred, StorageError> {
        let entries = self.list(from).await?;
        if entries.is_empty() {
            let reason = "nothing is there";
            return Err(StorageError::told("reading", from, StorageErrorKind::NotFound, reason));
        }
        let bytes = entries.iter().map(|entry| entry.size).sum();
        progress.expect(bytes, entries.len() as u64);
        let base = format!("{}/", from.as_str().trim_end_matches('/'));
        let files: Vec<(&Object, PathBuf)> = entries
            .iter()
            .map(|entry| Ok((entry, target(entry, &base, to)?)))
            .collect::<Result<_, StorageError>>()?;
        let in_flight = Semaphore::new(IN_FLIGHT);
        stream::iter(files)
            .map(|(entry, file)| self.fetch_one(entry, file, &in_flight, progress))
            .buffer_unordered(OBJECTS)
            .try_collect::<()>()
            .await?;
        Ok(Transferred { objects: entries.len() as u64, bytes })
    }

    async fn fetch_one(
        &self,
        entry: &Object,
        file: PathBuf,
        in_flight: &Semaphore,
        progress: &dyn Progress,
    ) -> Result<(), StorageError> {
        let local = |error: std::io::Error| StorageError::local("fetching", &entry.place, &error);
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        fs_err::create_dir_all(folder).map_err(local)?;
        let temporary = tempfile::NamedTempFile::new_in(folder).map_err(local)?;
        let open = Arc::new(temporary.as_file().try_clone().map_err(local)?);
        let ranges = (0..entry.size.div_ceil(RANGE)).map(|part| part * RANGE);
        stream::iter(ranges.map(|at| {
            let open = Arc::clone(&open);
            async move {
                let _turn = in_flight.acquire().await;
                let end = (at + RANGE).min(entry.size);
                let pieces = self.read_pieces(entry, at..end).await?;
                let moved = end - at;
                let written = tokio::task::spawn_blocking(move || {
                    pieces.iter().try_fold(at, |at, piece| {
                        open.write_all_at(piece, at).map(|()| at + piece.len() as u64)
                    })
                });
                written
                    .await
                    .unwrap_or_else(|error| Err(std::io::Error::other(error)))
                    .map_err(local)?;
                progress.moved(moved);
                Ok::<(), StorageError>(())
            }
        }))
        .buffer_unordered(RANGES)
        .try_collect::<()>()
        .await?;
        temporary.persist(file).map_err(|error| local(error.error))?;
        progress.arrived();
        Ok(())
    }
}

/// The file of an object, which stays within `to`.
fn target(entry: &Object, base: &str, to: &Path) -> Result<PathBuf, StorageError> {
    let Some(name) = entry.place.as_str().strip_prefix(base) else { return Ok(to.to_owned()) };
    let is_inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if is_inside {
        return Ok(to.join(name));
    }
    let reason = "its name would leave the folder that it is fetched into";
    Err(StorageError::told("reading", &entry.place, StorageErrorKind::Unsupported, reason))
}
