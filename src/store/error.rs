//! What can go wrong in the state folder.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::text::FormatError;

/// An error of the state folder. Classification and hints for people are `cli/`'s part.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file operation failed; the message names the path.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The folder's format is newer than this program: it may be read, never rewritten.
    #[error(
        "the state folder {} has format {found}, written by a newer mlctl; this one knows {known}",
        .root.display()
    )]
    Newer {
        /// Path of the state folder.
        root: PathBuf,
        /// The format found there.
        found: u32,
        /// The newest format that this program writes.
        known: u32,
    },
    /// A file of a run has a newer format than this program knows.
    #[error(
        "{} has format {found}, written by a newer mlctl; this one knows {known}",
        .path.display()
    )]
    NewerFile {
        /// Path of the file that has the newer format.
        path: PathBuf,
        /// The format found in it.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// A file can't be understood.
    #[error("{} is damaged: {reason}", .path.display())]
    Damaged {
        /// Path of the file that can't be understood.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process holds a lock for too long.
    #[error(
        "{} is locked by {}; gave up after {waited:?}",
        .path.display(),
        .holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
    )]
    Locked {
        /// Path of the lock file.
        path: PathBuf,
        /// Process id of the holder; absent where the lock file does not say it.
        holder: Option<u32>,
        /// How long this process waited.
        waited: Duration,
    },
    /// No run of the state folder fits what was asked for.
    #[error("{}", not_found(.selector.as_deref(), .cwd))]
    NotFound {
        /// What was asked for; `None`: the last run of this folder.
        selector: Option<String>,
        /// The folder in which it was asked.
        cwd: PathBuf,
        /// Runs with a similar name, newest first.
        near: Vec<String>,
    },
    /// More than one run begins like this.
    #[error("`{selector}` is the beginning of {} runs", .candidates.len())]
    Ambiguous {
        /// What was asked for.
        selector: String,
        /// The runs, newest first.
        candidates: Vec<String>,
    },
}

fn not_found(selector: Option<&str>, cwd: &std::path::Path) -> String {
    match selector {
        Some(selector) => format!("there is no run `{selector}`"),
        None => format!("no run has been started from {}", cwd.display()),
    }
}

impl StoreError {
    /// What is wrong with a document of the state folder.
    pub(crate) fn of_document(path: PathBuf, error: FormatError) -> Self {
        match error {
            FormatError::Newer { found, known } => Self::NewerFile { path, found, known },
            FormatError::Damaged(reason) => Self::Damaged { path, reason },
        }
    }
}
