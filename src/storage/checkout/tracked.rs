//! Which files of a folder git tracks: an ignore file says nothing of these.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{INDEX, Repository, parse};
use crate::storage::read;

/// The tracked files of the checkout around a folder. The index is read when it is first asked for,
/// which is when something is ignored.
#[derive(Debug, Default)]
pub(in crate::storage) struct Tracked {
    repository: Option<Repository>,
    /// `None` where there is an index that can't be read.
    paths: OnceCell<Option<BTreeSet<Vec<u8>>>>,
}

impl Tracked {
    /// Of the checkout that a folder lies in; nothing is tracked outside of one.
    pub(in crate::storage) fn around(dir: &Path) -> Self {
        Self { repository: Repository::around(dir), paths: OnceCell::new() }
    }

    /// Git tracks this file, by an absolute path without links.
    pub(in crate::storage) fn has(&self, path: &Path) -> bool {
        let below = self.below(path).zip(self.paths());
        below.is_some_and(|(below, paths)| paths.contains(&below))
    }

    /// Git tracks something in this folder, or the folder is a checkout of its own that it tracks.
    pub(in crate::storage) fn has_in(&self, dir: &Path) -> bool {
        let Some((mut begin, paths)) = self.below(dir).zip(self.paths()) else { return false };
        if paths.contains(&begin) {
            return true;
        }
        begin.push(b'/');
        let from = (Bound::Included(begin.as_slice()), Bound::Unbounded);
        let first = paths.range::<[u8], _>(from).next();
        first.is_some_and(|path| path.starts_with(&begin))
    }

    /// The index, where it was asked for and can't be read: it is damaged, of a merge that is not done,
    /// or larger than any that mlctl reads.
    pub(in crate::storage) fn unread(&self) -> Option<PathBuf> {
        let is_unread = self.paths.get().is_some_and(Option::is_none);
        self.repository.as_ref().filter(|_| is_unread).map(Repository::index)
    }

    fn below(&self, path: &Path) -> Option<Vec<u8>> {
        let root = &self.repository.as_ref()?.root;
        Some(path.strip_prefix(root).ok()?.as_os_str().as_bytes().to_vec())
    }

    fn paths(&self) -> Option<&BTreeSet<Vec<u8>>> {
        self.paths.get_or_init(|| self.read()).as_ref()
    }

    fn read(&self) -> Option<BTreeSet<Vec<u8>>> {
        let Some(repository) = &self.repository else { return Some(BTreeSet::new()) };
        let bytes = match read(&repository.index(), INDEX) {
            Ok(bytes) => bytes,
            // Nothing was ever added.
            Err(error) if error.is_missing() => return Some(BTreeSet::new()),
            Err(_) => return None,
        };
        let entries = parse(&bytes, repository.kind())?;
        Some(entries.into_iter().map(|entry| entry.path).collect())
    }
}
