//! Why a model can't be read.

use crate::model::registry::RegistryError;
use crate::storage::StorageError;

/// Why a model, or a file of one, can't be read.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// A store doesn't give it.
    #[error(transparent)]
    Storage(Box<StorageError>),
    /// There is no model.
    #[error(transparent)]
    NoModel(Box<RegistryError>),
    /// It says that it goes on behind its end.
    #[error("it ends too early: what begins at byte {at} is cut off")]
    Truncated {
        /// Where that begins.
        at: u64,
    },
    /// It is not what it should be.
    #[error("it is damaged at byte {at}: {what}")]
    Malformed {
        /// Where.
        at: u64,
        /// What is wrong.
        what: String,
    },
    /// A part is longer than any that a tool writes.
    #[error("it is damaged at byte {at}: a part is longer than {limit} bytes")]
    TooLong {
        /// Where the part begins.
        at: u64,
        /// How long it may be.
        limit: u64,
    },
    /// There are more parts than any tool writes.
    #[error("it has more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// Its parts are named so often that reading them has no end.
    #[error("it is damaged: its parts lead to each other without an end")]
    Endless,
    /// Something in its folder is somewhere else, or no file.
    #[error("{file}: it is {what}")]
    NoFile {
        /// Its path in the folder.
        file: String,
        /// What it is instead.
        what: String,
    },
    /// There are several models.
    #[error("there are {} models: {}", files.len(), files.join(", "))]
    Several {
        /// Their files.
        files: Vec<String>,
    },
    /// The error of one of the files.
    #[error("{file}: {error}")]
    In {
        /// The file's path in the model.
        file: String,
        /// What is wrong with it.
        error: Box<InspectError>,
    },
}

impl From<StorageError> for InspectError {
    fn from(error: StorageError) -> Self {
        Self::Storage(Box::new(error))
    }
}

impl From<RegistryError> for InspectError {
    fn from(error: RegistryError) -> Self {
        Self::NoModel(Box::new(error))
    }
}

impl InspectError {
    pub(super) fn malformed(at: u64, what: impl Into<String>) -> Self {
        Self::Malformed { at, what: what.into() }
    }

    /// The same, of a file.
    pub(super) fn of(self, file: &str) -> Self {
        match self {
            named @ (Self::In { .. }
            | Self::Storage(_)
            | Self::NoModel(_)
            | Self::NoFile { .. }
            | Self::Several { .. }) => named,
            error => Self::In { file: file.to_owned(), error: Box::new(error) },
        }
    }
}
