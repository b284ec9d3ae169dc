//! Listing files as a store lists objects: by the text that their paths begin with.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::blocking;
use super::read::object;
use super::write::is_half_written;
use crate::storage::Place;
use crate::storage::objects::StorageError;
use crate::storage::objects::address::Address;
use crate::storage::objects::list::Found;

/// Files whose path begins with `prefix`, and folders where those aren't entered. Links are followed; a
/// folder that leads back to one that it lies in is not entered again. A folder that isn't there is
/// empty.
pub(in crate::storage::objects) async fn page(
    place: &Place,
    address: &Address,
    prefix: &str,
    deep: bool,
) -> Result<Found, StorageError> {
    let (folder, begin) = match prefix.rfind('/') {
        Some(at) => prefix.split_at(at + 1),
        None => ("", prefix),
    };
    let (folder, begin, address) = (folder.to_owned(), begin.to_owned(), address.clone());
    blocking("listing", place, move || {
        let mut found = Found::default();
        let mut above = BTreeSet::new();
        walk(&folder, &begin, deep, &address, &mut above, &mut found)?;
        Ok(found)
    })
    .await
}

fn walk(
    folder: &str,
    begin: &str,
    deep: bool,
    address: &Address,
    above: &mut BTreeSet<PathBuf>,
    found: &mut Found,
) -> io::Result<()> {
    let path = if folder.is_empty() { Path::new(".") } else { Path::new(folder) };
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(());
        }
        Err(error) => return Err(named(error, path)),
    };
    let real = match std::fs::canonicalize(path) {
        Ok(real) => real,
        // Another process has removed the folder since it was opened.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(named(error, path)),
    };
    if !above.insert(real.clone()) {
        return Ok(());
    }
    for entry in entries {
        let entry = entry.map_err(|error| named(error, path))?;
        let Ok(name) = entry.file_name().into_string() else {
            found.skipped.push(format!("{folder}{}", entry.file_name().to_string_lossy()));
            continue;
        };
        if !name.starts_with(begin) || is_half_written(&name) {
            continue;
        }
        let key = format!("{folder}{name}");
        let metadata = match std::fs::metadata(entry.path()) {
            Ok(metadata) => metadata,
            // Removed since, or a link that leads nowhere.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(named(error, &entry.path())),
        };
        if metadata.is_file() {
            found.objects.push((object(address.place(&key), &metadata), key));
        } else if metadata.is_dir() && deep {
            walk(&format!("{key}/"), "", deep, address, above, found)?;
        } else if metadata.is_dir() {
            found.folders.push(format!("{key}/"));
        }
    }
    above.remove(&real);
    Ok(())
}

fn named(error: io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
