//! The files of a folder that is kept.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::config::KeptOutput;
use super::error::PlaceError;
use super::settle::{Print, Scan, is_unfinished};
use crate::storage::OWNER_FILE;

/// All files of the parts that are kept; those with names of unfinished things only where `all` are
/// wanted. A link counts as the file that it leads to, if that lies in the folder too: what lies
/// elsewhere is nobody's output.
pub(super) fn scan(output: &KeptOutput, all: bool) -> Result<Scan, PlaceError> {
    let mut scan = Scan::new();
    let root = match fs_err::canonicalize(&output.folder) {
        Ok(root) => root,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(scan),
        Err(error) => return Err(PlaceError::local(&output.folder, error)),
    };
    for part in &output.parts {
        walk(&root, &root.join(part), part, all, &mut scan)
            .map_err(|error| PlaceError::local(&root.join(part), error))?;
    }
    Ok(scan)
}

fn walk(root: &Path, folder: &Path, name: &str, all: bool, scan: &mut Scan) -> io::Result<()> {
    let Some(entries) = there(fs_err::read_dir(folder))? else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let file_name = entry.file_name();
        // A name that is no text is no name of an object.
        let Some(own) = file_name.to_str() else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the name of {} is not valid UTF-8", entry.path().display()),
            ));
        };
        if own == OWNER_FILE || own.ends_with(".mlctl-part") || (!all && is_unfinished(own)) {
            continue;
        }
        let path = format!("{name}/{own}");
        let Some(kind) = there(entry.file_type())? else { continue };
        if kind.is_dir() {
            walk(root, &entry.path(), &path, all, scan)?;
            continue;
        }
        let inside =
            || fs_err::canonicalize(entry.path()).is_ok_and(|target| target.starts_with(root));
        if kind.is_symlink() && !inside() {
            continue;
        }
        let Some(meta) = there(fs_err::metadata(entry.path()))? else { continue };
        if meta.is_file() {
            scan.insert(path, print(&meta)?);
        }
    }
    Ok(())
}

/// By what changes of a file are seen.
pub(super) fn print(meta: &std::fs::Metadata) -> io::Result<Print> {
    Ok(Print { size: meta.len(), modified: meta.modified()?, inode: meta.ino() })
}

/// A command may remove what was just listed.
fn there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
