//! The files of this machine that travel to a cluster, before they are read.

use std::path::{Path, PathBuf};

use super::bundle_error::{BundleError, MAX_CODE};
use crate::plan::mask_spec;
use crate::storage::{Carried, CodeRules, JUDGED, Left, Place, carry, read_open, walk};

/// How many of the largest files an error names.
const LARGEST_NAMED: usize = 5;

/// A file that travels, as it does.
pub(crate) struct Found {
    /// Its path in the working folder of the command.
    pub(crate) path: PathBuf,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// What is in it; nothing of a file that is larger than all of them may be together.
    pub(crate) bytes: Vec<u8>,
    /// Anyone may run it.
    pub(crate) executable: bool,
    /// It is a link to a folder, which leads there.
    pub(crate) link: Option<String>,
}

const _: () = assert!(MAX_CODE <= JUDGED, "every file that travels to a cluster is looked into");

/// The files of a folder, or one file, and what of it stays behind. `field` is the field of the spec
/// that names it, for messages.
pub(crate) fn files(
    field: &'static str,
    place: &Place,
    rules: &CodeRules,
) -> Result<(Vec<Found>, Vec<Left>), BundleError> {
    let path = Path::new(place.as_str());
    if place.is_url() || !path.exists() {
        return Err(BundleError::NotHere { field, path: place.to_string() });
    }
    let code = walk(path, rules)?;
    let mut found = Vec::new();
    let mut left = code.left.clone();
    let mut total = 0;
    for entry in code.entries.iter().filter(|entry| !entry.is_dir) {
        let path = entry.path.clone();
        let (bytes, size, mode) = match carry(&code, entry, mask_spec)? {
            Carried::File { bytes, mode, .. } => {
                let size = bytes.len() as u64;
                (bytes, size, mode)
            }
            // Of a copy nothing is looked into, and much of it is small.
            Carried::Large { mut file, mode, size } if total + size <= MAX_CODE => {
                (read_open(&mut file, &code.root().join(&path), MAX_CODE)?, size, mode)
            }
            Carried::Large { file: _, mode, size } => (Vec::new(), size, mode),
            Carried::Link(to) => {
                let Some(to) = to.to_str() else { return Err(BundleError::BadName(to)) };
                let link = Some(to.to_owned());
                found.push(Found { path, size: 0, bytes: Vec::new(), executable: false, link });
                continue;
            }
            Carried::Left(why) => {
                left.push(Left { path, why });
                continue;
            }
        };
        total += size;
        // Too much is refused, and need not be held until then.
        let bytes = if total > MAX_CODE { Vec::new() } else { bytes };
        found.push(Found { path, size, bytes, executable: mode & 0o111 != 0, link: None });
    }
    Ok((found, left))
}

/// Refuses files that are larger than `max` bytes together, and names the largest.
pub(crate) fn fits(files: &[Found], max: u64) -> Result<(), BundleError> {
    let total: u64 = files.iter().map(|file| file.size).sum();
    if total <= max {
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
    Err(BundleError::TooLarge { mib: mib(total), max: max >> 20, largest: largest.join(", ") })
}
