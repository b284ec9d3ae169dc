//! Data by content: what has been fetched once is there for every later run.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fs_err::File;
use sha2::{Digest, Sha256};

use super::connected::Connected;
use super::error::PlaceError;
use super::fetch::{Lines, fetch};
use super::names::relative;
use crate::agent::config::AgentRuntime;
use crate::agent::setup::COMPLETE;
use crate::agent::work_link::WorkLink;
use crate::plan::DataPlan;
use crate::storage::{Object, Place, StorageError, StorageErrorKind};
use crate::sys;
use crate::text::hex;

/// Name of the folder with data within the cache.
const DATA: &str = "data";
/// Name of the folder with the files of one listing within its own.
const FILES: &str = "files";

/// Fetches what is not in the cache yet, and says where the working folder must link to. The second
/// value is `true` when everything was there.
pub(in crate::agent) fn fetch_all(
    connected: &Connected,
    data: &[DataPlan],
    cache: &Path,
    runtime: AgentRuntime,
    say: &(dyn Fn(&str) + Sync),
    is_ended: &dyn Fn() -> bool,
) -> Result<(Vec<WorkLink>, bool), PlaceError> {
    let folder = data_folder(cache);
    let local = |error| PlaceError::local(&folder, error);
    match runtime {
        // On a machine with other users nobody else may have made it.
        AgentRuntime::Processes => {
            sys::check_own(&folder.join(DATA)).map_err(local)?;
            make_private(&folder).map_err(local)?;
        }
        AgentRuntime::Pod => fs_err::create_dir_all(&folder).map_err(local)?,
    }
    let mut links = Vec::new();
    let mut all_cached = true;
    for DataPlan { uri, path } in data {
        let list = async { Ok(connected.stores.list(uri).await?) };
        let objects = connected.wait(is_ended, list)?;
        if objects.is_empty() {
            return Err(nothing(uri).into());
        }
        let named: Result<Vec<_>, _> = objects
            .into_iter()
            .map(|object| relative(uri, &object).map(|name| (name, object)))
            .collect();
        let named = named?;
        let whole = folder.join(key(&named));
        let cached = fill(connected, uri, &named, &whole, say, is_ended)?;
        all_cached &= cached;
        let is_one = matches!(&named[..], [(_, object)] if object.place == *uri);
        let files = whole.join(FILES);
        let target = if is_one { files.join(&named[0].0) } else { files };
        links.push(WorkLink { path: path.into(), target });
    }
    Ok((links, all_cached))
}

/// Makes the folder of one listing, unless it is there whole, which a marker beside it says. The files
/// have their names before: nobody links to them until then.
fn fill(
    connected: &Connected,
    uri: &Place,
    objects: &[(String, Object)],
    whole: &Path,
    say: &(dyn Fn(&str) + Sync),
    is_ended: &dyn Fn() -> bool,
) -> Result<bool, PlaceError> {
    let lock_file = whole.with_extension("lock");
    let lock = File::create(&lock_file).map_err(|error| PlaceError::local(&lock_file, error))?;
    wait_for(&lock, uri, say, is_ended)?;
    let complete = whole.join(COMPLETE);
    if complete.exists() {
        say(&format!("data: {uri} is in the cache"));
        return Ok(true);
    }
    let local = |error| PlaceError::local(whole, error);
    // Who was killed may have left a part of it.
    match fs_err::remove_dir_all(whole) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(local(error)),
        _ => {}
    }
    let files = whole.join(FILES);
    fs_err::create_dir_all(&files).map_err(local)?;
    let lines = Lines::new(format!("data: {uri}"), say);
    connected.wait(is_ended, fetch(&connected.stores, objects, &files, &lines))?;
    fs_err::write(&complete, b"").map_err(local)?;
    Ok(false)
}

/// Names, sizes and ETags: the same content has the same key, in whichever bucket it lies.
fn key(objects: &[(String, Object)]) -> String {
    let mut digest = Sha256::new();
    for (name, Object { place: _, size, etag, modified }) in objects {
        let version = etag.clone().or_else(|| modified.map(|time| time.to_string()));
        for part in [name.as_str(), &size.to_string(), &version.unwrap_or_default()] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    hex::encode(digest.finalize())[..32].to_owned()
}

fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Waits until no other replica or run fetches the same.
fn wait_for(
    lock: &File,
    uri: &Place,
    say: &(dyn Fn(&str) + Sync),
    is_ended: &dyn Fn() -> bool,
) -> Result<(), PlaceError> {
    let begin = Instant::now();
    let mut next = 0;
    while lock.file().try_lock().is_err() {
        if is_ended() {
            return Err(PlaceError::Ended);
        }
        let waited = begin.elapsed().as_secs();
        if waited >= next {
            next = waited + 5;
            say(&format!("data: waiting {waited} s for another replica or run to fetch {uri}"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn nothing(uri: &Place) -> StorageError {
    StorageError {
        place: uri.clone(),
        operation: "reading",
        kind: StorageErrorKind::NotFound,
        reason: "there is no such object, folder or match; check `data`".into(),
    }
}

/// Where data lie in a cache, each set in a folder of its own.
fn data_folder(cache: &Path) -> PathBuf {
    cache.join(DATA)
}
