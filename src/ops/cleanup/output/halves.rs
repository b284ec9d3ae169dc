//! Parts that a killed worker was writing to a folder of this machine. A store keeps a broken upload to
//! itself; in a folder it is a file beside the part, and nothing lists it.

use std::io;
use std::path::Path;

use jiff::Timestamp;

use crate::plan::batch::{OutputFile, OutputLayout};
use crate::storage::{Object, Place};

/// The half-written parts in the folder of an output; none where the output is no folder.
pub(super) fn halves(output: &Place, layout: &OutputLayout) -> Vec<(OutputFile, Object)> {
    let Some(folder) = folder_of(output) else { return Vec::new() };
    let entries = fs_err::read_dir(folder.join("_mlctl/parts")).into_iter().flatten().flatten();
    let found = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let file = layout.file_at(&layout.part(whole(&name)?))?;
        let meta = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let modified = meta.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
        let place = layout.part(&name);
        Some((file, Object { place, size: meta.len(), etag: None, modified }))
    });
    found.collect()
}

/// Removes a half-written part; `None` for any other place.
pub(super) fn remove_half(place: &Place) -> Option<io::Result<()>> {
    let path = folder_of(place)?;
    whole(path.file_name()?.to_str()?)?;
    Some(match fs_err::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    })
}

/// Removes the folders of an output's documents where they are empty: a store has none.
pub(super) fn remove_empty_folders(output: &Place) {
    let Some(folder) = folder_of(output) else { return };
    for name in ["_mlctl/parts", "_mlctl/shards", "_mlctl"] {
        // One that holds something, or is a link, stays: that is what the call refuses.
        let _ = std::fs::remove_dir(folder.join(name));
    }
}

fn folder_of(place: &Place) -> Option<&Path> {
    match place {
        Place::Path(path) => Some(path.as_path()),
        Place::Claim(_) | Place::Object(_) => None,
    }
}

/// The name of the part that a half-written one would have become: what is being written has `#` and a
/// number behind it.
fn whole(name: &str) -> Option<&str> {
    let (part, number) = name.split_once('#')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(part)
}
