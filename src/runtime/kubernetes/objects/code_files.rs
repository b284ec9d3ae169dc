//! The files of this machine that travel to a cluster, before they are read.

use std::path::{Path, PathBuf};

use super::bundle_error::{BundleError, MAX_CODE};
use crate::storage::{Entry, Place, walk};

/// How many of the largest files an error names.
const LARGEST_NAMED: usize = 5;

/// A file that travels.
pub(crate) struct Found {
    /// Its path in the working folder of the command.
    pub(crate) path: PathBuf,
    /// Its path on this machine.
    pub(crate) source: PathBuf,
    /// Its size in bytes.
    pub(crate) size: u64,
}

/// The files of a folder, or one file. `field` is the field of the spec that names it, for
/// messages.
pub(crate) fn files(field: &'static str, place: &Place) -> Result<Vec<Found>, BundleError> {
    let path = Path::new(place.as_str());
    if place.is_url() || !path.exists() {
        return Err(BundleError::NotHere { field, path: place.to_string() });
    }
    let mut found = Vec::new();
    for Entry { path, source, is_dir } in walk(path)? {
        if !is_dir {
            let size = fs_err::metadata(&source)?.len();
            found.push(Found { path, source, size });
        }
    }
    Ok(found)
}

/// Refuses files that are too large together, and names the largest.
pub(crate) fn fits(files: &[Found]) -> Result<(), BundleError> {
    let total: u64 = files.iter().map(|file| file.size).sum();
    if total <= MAX_CODE {
        return Ok(());
    }
    let mib = |size: u64| size as f64 / f64::from(1 << 20);
    let mut largest: Vec<_> = files.iter().collect();
    largest.sort_by_key(|file| std::cmp::Reverse(file.size));
    let largest: Vec<_> = largest
        .iter()
        .take(LARGEST_NAMED)
        .map(|file| format!("{} ({:.1} MiB)", file.path.display(), mib(file.size)))
        .collect();
    Err(BundleError::TooLarge { mib: mib(total), largest: largest.join(", ") })
}
