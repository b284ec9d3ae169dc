//! One listing of objects becomes a folder.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};

use super::error::PlaceError;
use super::transfer::download;
use crate::plan::CodeArchive;
use crate::storage::{Object, Progress, Stores};

/// How many objects are fetched at once.
const OBJECTS: usize = 4;
/// The least time between two lines of progress.
const PACE: Duration = Duration::from_secs(2);

/// Fetches objects of one listing, each in the version that was listed, and makes them read-only.
pub(super) async fn fetch(
    stores: &Stores,
    objects: &[(String, Object)],
    folder: &Path,
    progress: &dyn Progress,
) -> Result<(), PlaceError> {
    progress.expect(objects.iter().map(|(_, object)| object.size).sum(), objects.len() as u64);
    let one = |(name, object): (String, Object)| async move {
        let file = folder.join(&name);
        download(stores, &object, &file, progress).await?;
        fs_err::set_permissions(&file, Permissions::from_mode(0o444))
            .map_err(|error| PlaceError::local(&file, error))?;
        progress.arrived();
        Ok(())
    };
    stream::iter(objects.to_vec()).map(one).buffer_unordered(OBJECTS).try_collect::<()>().await
}

/// Fetches an archive of code, which has its name once it is whole and is what was submitted.
pub(super) async fn fetch_archive(
    stores: &Stores,
    archive: &CodeArchive,
    file: &Path,
    progress: &dyn Progress,
) -> Result<(), PlaceError> {
    let object = stores.head(&archive.uri).await?;
    progress.expect(object.size, 1);
    let part = file.with_extension("part");
    let sha256 = download(stores, &object, &part, progress).await?;
    if sha256 != archive.sha256 {
        let why = format!("its SHA-256 is {sha256}");
        return Err(PlaceError::Damaged { place: archive.uri.clone(), why });
    }
    fs_err::rename(&part, file).map_err(|error| PlaceError::local(file, error))?;
    progress.arrived();
    Ok(())
}

/// Progress as lines for a log.
pub(super) struct Lines<'a> {
    what: String,
    say: &'a (dyn Fn(&str) + Sync),
    state: Mutex<Moved>,
}

struct Moved {
    bytes: u64,
    of_bytes: u64,
    objects: u64,
    of_objects: u64,
    said: Instant,
}

impl<'a> Lines<'a> {
    pub(super) fn new(what: impl Into<String>, say: &'a (dyn Fn(&str) + Sync)) -> Self {
        let moved =
            Moved { bytes: 0, of_bytes: 0, objects: 0, of_objects: 0, said: Instant::now() };
        Self { what: what.into(), say, state: Mutex::new(moved) }
    }

    fn change(&self, change: impl FnOnce(&mut Moved)) {
        let mut moved = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut moved);
        let is_done = moved.of_objects > 0 && moved.objects == moved.of_objects;
        if is_done || moved.said.elapsed() >= PACE {
            moved.said = Instant::now();
            (self.say)(&format!(
                "{}: {} of {} objects, {:.1} of {:.1} MB",
                self.what,
                moved.objects,
                moved.of_objects,
                moved.bytes as f64 / 1e6,
                moved.of_bytes as f64 / 1e6
            ));
        }
    }
}

impl Progress for Lines<'_> {
    fn expect(&self, bytes: u64, objects: u64) {
        self.change(|moved| (moved.of_bytes, moved.of_objects) = (bytes, objects));
    }

    fn moved(&self, bytes: u64) {
        self.change(|moved| moved.bytes += bytes);
    }

    fn arrived(&self) {
        self.change(|moved| moved.objects += 1);
    }
}
