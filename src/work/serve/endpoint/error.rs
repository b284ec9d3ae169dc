//! What can be wrong with an endpoint.

use std::io;
use std::path::PathBuf;

use crate::gang::{ParseNameError, RunId};
use crate::runtime::{NotesError, RuntimeError};
use crate::store::StoreError;
use crate::work::train::{TrainError, WithheldError};

/// An endpoint can't be made, read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Nothing is known of the endpoint but its run.
    #[error("nothing is left of the endpoint {0} but its run")]
    Missing(RunId),
    /// A file of it can't be understood.
    #[error("{path}: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process decides over it.
    #[error("another process decides over the endpoint {0} already")]
    Busy(RunId),
    /// The values of the spec's secrets, or of its environment, can't be taken out of it or put back.
    #[error(transparent)]
    Secrets(#[from] WithheldError),
    /// A revision has a name that none can have.
    #[error(transparent)]
    Name(#[from] ParseNameError),
    /// The state folder could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The router does not take what it is told, which would be a fault of mlctl.
    #[error("{0}")]
    Routing(String),
    /// What an endpoint's runs have in common with training runs.
    #[error(transparent)]
    Run(#[from] TrainError),
}

impl From<io::Error> for ServeError {
    fn from(error: io::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<RuntimeError> for ServeError {
    fn from(error: RuntimeError) -> Self {
        Self::Run(error.into())
    }
}

impl From<NotesError> for ServeError {
    fn from(error: NotesError) -> Self {
        match error {
            NotesError::Runtime(error) => error.into(),
            NotesError::Damaged { path, reason } => Self::Damaged { path, reason },
        }
    }
}
