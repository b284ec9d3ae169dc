//! The one kind of object that is read: a commit, for the tree that it names.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::pack;
use crate::storage;
use crate::storage::checkout::{Id, Repository};

/// A commit is its message and a few lines.
pub(super) const OBJECT: usize = 1 << 20;
/// The file that names other folders with objects.
const ALTERNATES: u64 = 64 << 10;
/// So many folders with objects are looked into.
const FOLDERS: usize = 16;

/// The tree of a commit. The object must have the very id: what is damaged or forged is none.
pub(super) fn tree_of(repository: &Repository, commit: &Id) -> Option<Id> {
    let folders = folders(repository.common.join("objects"));
    let read = |folder: &PathBuf| loose(folder, commit).or_else(|| pack::find(folder, commit));
    let content = folders.iter().find_map(read)?;
    if commit.kind().id("commit", content.len() as u64, &content) != *commit {
        return None;
    }
    let first = content.split(|byte| *byte == b'\n').next()?;
    Id::parse(first.strip_prefix(b"tree ")?)
}

/// The folders that may have an object: the repository's own, and those that it borrows from.
fn folders(own: PathBuf) -> Vec<PathBuf> {
    let mut found = vec![own];
    let mut at = 0;
    while at < found.len() {
        let list = storage::read(&found[at].join("info/alternates"), ALTERNATES);
        for line in list.unwrap_or_default().split(|byte| *byte == b'\n') {
            let path = found[at].join(Path::new(std::ffi::OsStr::from_bytes(line)));
            let named = !line.is_empty() && !line.starts_with(b"#") && !line.contains(&0);
            if named && found.len() < FOLDERS && !found.contains(&path) {
                found.push(path);
            }
        }
        at += 1;
    }
    found
}

/// An object with a file of its own.
fn loose(folder: &Path, id: &Id) -> Option<Vec<u8>> {
    let digits = id.to_string();
    let (first, rest) = digits.split_at_checked(2)?;
    let bytes = storage::read(&folder.join(first).join(rest), OBJECT as u64).ok()?;
    let whole = decompress_to_vec_zlib_with_limit(&bytes, OBJECT).ok()?;
    let end = whole.iter().position(|byte| *byte == 0)?;
    whole.starts_with(b"commit ").then(|| whole[end + 1..].to_vec())
}
