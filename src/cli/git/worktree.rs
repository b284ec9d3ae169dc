//! The files of a checkout, compared with what is tracked.

use std::collections::HashSet;
use std::fs::Metadata;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::budget::Budget;
use super::ignored::Rules;
use crate::storage;
use crate::storage::checkout::Repository;
use crate::storage::checkout::{Entry, FOLDER, LINK, SUBMODULE, id};

/// Folders within folders.
const DEPTH: usize = 256;

/// Every tracked file is there and as it was; `None` when that can't be known. `submodule` looks at a
/// checkout within this one. Content is compared as it lies there: what a filter of the checkout would
/// make of it counts as changed once its times do.
pub(super) fn has_what_is_tracked(
    repository: &Repository,
    index: &[Entry],
    written: SystemTime,
    budget: &Budget,
    submodule: &dyn Fn(&Path, &[u8]) -> Option<bool>,
) -> Option<bool> {
    let written = written.duration_since(UNIX_EPOCH).ok()?.as_secs();
    for entry in index.iter().filter(|entry| !entry.is_skipped && entry.mode != FOLDER) {
        budget.step()?;
        let path = repository.root.join(std::ffi::OsStr::from_bytes(&entry.path));
        let Ok(meta) = fs_err::symlink_metadata(&path) else { return Some(false) };
        let same = if entry.mode == SUBMODULE {
            meta.is_dir() && submodule(&path, &entry.id)?
        } else {
            is_of_its_type(entry, &meta)
                // A size of 0 says that the file must be looked into.
                && (entry.size == 0 || meta.size() as u32 == entry.size)
                && (is_of_its_time(entry, &meta, written)
                    || has_its_content(entry, &path, &meta, budget)?)
        };
        if !same {
            return Some(false);
        }
    }
    Some(true)
}

fn is_of_its_type(entry: &Entry, meta: &Metadata) -> bool {
    match entry.mode {
        LINK => meta.is_symlink(),
        mode => meta.is_file() && (mode & 0o100 != 0) == (meta.mode() & 0o100 != 0),
    }
}

/// The file has not been written since the index was.
fn is_of_its_time(entry: &Entry, meta: &Metadata, written: u64) -> bool {
    let (seconds, nanos) = entry.modified;
    meta.mtime() == i64::from(seconds)
        && (nanos == 0 || meta.mtime_nsec() == i64::from(nanos))
        // Written within the same second as the index, it may have been written again.
        && u64::from(seconds) < written
        && meta.size() as u32 == entry.size
}

fn has_its_content(entry: &Entry, path: &Path, meta: &Metadata, budget: &Budget) -> Option<bool> {
    let wanted = id(entry);
    budget.read(meta.size())?;
    if entry.mode == LINK {
        let target = fs_err::read_link(path).ok()?.into_os_string().into_vec();
        return Some(wanted.kind().id("blob", target.len() as u64, &target) == wanted);
    }
    let mut hasher = wanted.kind().hasher("blob", meta.size());
    let mut file = storage::open(path).ok()?.take(meta.size());
    let mut buffer = vec![0; 64 << 10];
    loop {
        budget.step()?;
        match file.read(&mut buffer).ok()? {
            0 => return Some(hasher.id() == wanted),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// Everything in the checkout is tracked or ignored; `None` when that can't be known.
pub(super) fn has_nothing_else(
    repository: &Repository,
    index: &[Entry],
    rules: &Rules,
    budget: &Budget,
) -> Option<bool> {
    let tracked = index.iter().map(|entry| (entry.path.as_slice(), entry.mode));
    let submodules: HashSet<&[u8]> =
        tracked.clone().filter(|(_, mode)| *mode == SUBMODULE).map(|(path, _)| path).collect();
    let files: HashSet<&[u8]> = tracked.map(|(path, _)| path).collect();
    let walk = Walk { files, submodules, budget };
    walk.folder(&repository.root, &[], rules, DEPTH)
}

struct Walk<'a> {
    files: HashSet<&'a [u8]>,
    submodules: HashSet<&'a [u8]>,
    budget: &'a Budget,
}

impl Walk<'_> {
    fn folder(&self, dir: &Path, below: &[u8], rules: &Rules, depth: usize) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        let rules = rules.within(dir);
        for entry in fs_err::read_dir(dir).ok()? {
            self.budget.step()?;
            let entry = entry.ok()?;
            let name = entry.file_name();
            let path = [below, name.as_bytes()].concat();
            let kind = entry.file_type().ok()?;
            if name == ".git" {
                // A checkout within this one that is not part of it.
                if !below.is_empty() {
                    return Some(false);
                }
            } else if kind.is_dir() {
                let is_left_out =
                    self.submodules.contains(path.as_slice()) || rules.ignores(&entry.path(), true);
                let inner = [&path[..], b"/"].concat();
                if !is_left_out && !self.folder(&entry.path(), &inner, &rules, depth)? {
                    return Some(false);
                }
            } else if (kind.is_file() || kind.is_symlink())
                && !self.files.contains(path.as_slice())
                && !rules.ignores(&entry.path(), false)
            {
                return Some(false);
            }
        }
        Some(true)
    }
}
