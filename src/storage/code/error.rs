//! Why a folder with code can't travel.

use std::io;
use std::path::PathBuf;

use super::walk::MOST;
use crate::storage::ReadError;

/// The code can't travel.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// The folder itself is one in which a program keeps credentials, or of the system.
    #[error("{}: nothing in it travels, since it is {what}; name a folder with code", code.display())]
    NoCode {
        /// The folder or file without links.
        code: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// So much is no code, and would be looked at for minutes.
    #[error(
        "{}: there are more than {MOST} files and folders in it: name what isn't needed in \
         .mlctlignore, or take a smaller folder", .0.display()
    )]
    TooMany(PathBuf),
    /// A folder within the code can't be read, so that it isn't known what of it travels.
    #[error(
        "can't read the folder {}: {}; if the run doesn't need it, name it in .mlctlignore by a line \
         `{}/`, else make it readable", code.join(below).display(), error.kind(), below.display()
    )]
    Unreadable {
        /// The code's folder.
        code: PathBuf,
        /// The folder, below the code's.
        below: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// An ignore file can't be read, so that it isn't known what travels.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// The code's folder can't be read.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<CodeError> for io::Error {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Io(error) => error,
            CodeError::Read(error) => error.into(),
            other => Self::new(io::ErrorKind::InvalidInput, other.to_string()),
        }
    }
}
