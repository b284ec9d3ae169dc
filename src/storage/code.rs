//! One walk over a folder with code, the same for a copy on this machine and for a cluster.

use std::io;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

/// A file or folder that travels with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path below the working folder.
    pub path: PathBuf,
    /// Where it lies; for a link what it points at.
    pub source: PathBuf,
    /// A folder; it comes before what is in it.
    pub is_dir: bool,
}

/// What of `code` travels: not what `.gitignore` and `.mlctlignore` name, never `.git`. Symbolic
/// links are followed only to files within the folder. A lone file travels as itself.
pub fn walk(code: &Path) -> io::Result<Vec<Entry>> {
    if code.is_file() {
        let name = code.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        return Ok(vec![Entry { path: name.into(), source: code.into(), is_dir: false }]);
    }
    let root = fs_err::canonicalize(code)?;
    let walk = WalkBuilder::new(&root)
        .hidden(false)
        .parents(true)
        .require_git(false)
        .git_global(false)
        .add_custom_ignore_filename(".mlctlignore")
        .filter_entry(|entry| entry.file_name() != ".git")
        .sort_by_file_name(std::cmp::Ord::cmp)
        .build();
    let mut entries = Vec::new();
    for entry in walk {
        let entry = entry.map_err(io::Error::other)?;
        let Ok(relative) = entry.path().strip_prefix(&root) else { continue };
        let Some(kind) = entry.file_type() else { continue };
        if relative.as_os_str().is_empty() {
            continue;
        }
        let path = relative.to_path_buf();
        if kind.is_dir() {
            entries.push(Entry { path, source: entry.into_path(), is_dir: true });
        } else if kind.is_file() {
            entries.push(Entry { path, source: entry.into_path(), is_dir: false });
        } else if kind.is_symlink()
            && let Some(source) = file_within(&root, entry.path())
        {
            entries.push(Entry { path, source, is_dir: false });
        }
    }
    Ok(entries)
}

fn file_within(root: &Path, link: &Path) -> Option<PathBuf> {
    let real = fs_err::canonicalize(link).ok()?;
    (real.starts_with(root) && real.is_file()).then_some(real)
}
