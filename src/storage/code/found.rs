//! What a walk over a folder with code has found.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::folder::Folder;
use super::ignored::Rule;
use super::left::Left;
use crate::storage::ReadError;

/// A file or folder that travels with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path below the working folder.
    pub path: PathBuf,
    /// A folder; it comes before what is in it.
    pub is_dir: bool,
    /// `.mlctlignore` takes it along by its name, whatever is in it.
    pub named: bool,
    /// The name is that of credentials, which travel since they are named.
    pub credentials: bool,
    /// Where it lies below the code's folder; for a link what it points at.
    pub(super) source: PathBuf,
    /// For a link to a folder, which travels as a link: where it leads from its own folder.
    pub link: Option<PathBuf>,
}

/// Something that an ignore file names.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// Its path below the code's folder; of a folder all stays behind.
    pub path: PathBuf,
    /// The line that names it.
    pub rule: Rc<Rule>,
}

/// The files of a folder that travel. They are opened below the folder that was walked.
#[derive(Debug)]
pub struct Code {
    pub(super) folder: Folder,
    /// What travels, a folder before what is in it.
    pub entries: Vec<Entry>,
    /// What stays behind by mlctl's own rules.
    pub left: Vec<Left>,
    /// What stays behind by ignore files.
    pub skipped: Vec<Skipped>,
    /// Lists of what git tracks that were asked for and can't be read.
    pub unread: Vec<PathBuf>,
    pub(super) fixed: bool,
}

impl Code {
    pub(super) fn new(folder: Folder, fixed: bool) -> Self {
        let (entries, left, skipped, unread) = Default::default();
        Self { folder, entries, left, skipped, unread, fixed }
    }

    /// It is a copy of which all travels as it is.
    pub(super) fn is_fixed(&self) -> bool {
        self.fixed
    }

    /// Opens a file that travels. It fails when the file has become a link, or its folder has.
    pub fn open(&self, entry: &Entry) -> Result<File, ReadError> {
        self.folder.file(&entry.source)
    }

    /// The folder's path without links.
    pub fn root(&self) -> &Path {
        &self.folder.path
    }
}
