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
    paths: OnceCell<BTreeSet<Vec<u8>>>,
}

impl Tracked {
    /// Of the checkout that a folder lies in; nothing is tracked outside of one.
    pub(in crate::storage) fn around(dir: &Path) -> Self {
        Self { repository: Repository::around(dir), paths: OnceCell::new() }
    }

    /// Git tracks this file, by an absolute path without links.
    pub(in crate::storage) fn has(&self, path: &Path) -> bool {
        self.below(path).is_some_and(|below| self.paths().contains(&below))
    }

    /// Git tracks something in this folder.
    pub(in crate::storage) fn has_in(&self, dir: &Path) -> bool {
        let Some(mut begin) = self.below(dir) else { return false };
        begin.push(b'/');
        let from = (Bound::Included(begin.as_slice()), Bound::Unbounded);
        let first = self.paths().range::<[u8], _>(from).next();
        first.is_some_and(|path| path.starts_with(&begin))
    }

    fn below(&self, path: &Path) -> Option<Vec<u8>> {
        let root = &self.repository.as_ref()?.root;
        Some(path.strip_prefix(root).ok()?.as_os_str().as_bytes().to_vec())
    }

    /// An index that can't be read says nothing.
    fn paths(&self) -> &BTreeSet<Vec<u8>> {
        self.paths.get_or_init(|| self.read().unwrap_or_default())
    }

    fn read(&self) -> Option<BTreeSet<Vec<u8>>> {
        let repository: &Repository = self.repository.as_ref()?;
        let path: PathBuf = repository.index();
        let bytes = read(&path, INDEX).ok()?;
        let entries = parse(&bytes, repository.kind())?;
        Some(entries.into_iter().map(|entry| entry.path).collect())
    }
}
