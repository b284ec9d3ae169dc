//! What can be wrong with a study.

use std::io;
use std::path::PathBuf;

use crate::gang::RunId;
use crate::runtime::{NotesError, RuntimeError};
use crate::spec::space::{ApplyError, SpaceError};
use crate::store::StoreError;
use crate::work::train::{TrainError, WithheldError};

/// A study can't be begun, read or gone on with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// Nothing is known of the study but its run.
    #[error("nothing is left of the study {0} but its run")]
    Missing(RunId),
    /// A file of it can't be understood.
    #[error("{path}: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Its journal is gone.
    #[error("the journal of the study {0} is empty, and it has had trials")]
    Empty(RunId),
    /// Another loop decides over it.
    #[error("another process decides over the study {0} already")]
    Busy(RunId),
    /// Its secret values are not in the state.
    #[error("the study has secret values, which mlctl writes down nowhere: {}", .0.join(", "))]
    Secrets(Vec<String>),
    /// The parameters make no space that can be searched.
    #[error("the parameters can't be searched: {0}")]
    Space(String),
    /// A trial with its parameters is no job.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The state folder could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What a study's runs have in common with training runs.
    #[error(transparent)]
    Run(#[from] TrainError),
}

impl From<NotesError> for StudyError {
    fn from(error: NotesError) -> Self {
        match error {
            NotesError::Runtime(error) => error.into(),
            NotesError::Damaged { path, reason } => Self::Damaged { path, reason },
        }
    }
}

impl From<WithheldError> for StudyError {
    fn from(error: WithheldError) -> Self {
        match error {
            WithheldError::Missing(places) => Self::Secrets(places),
            WithheldError::Unwritable(reason) => {
                Self::Space(format!("the trial can't be written: {reason}"))
            }
        }
    }
}

impl From<io::Error> for StudyError {
    fn from(error: io::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<RuntimeError> for StudyError {
    fn from(error: RuntimeError) -> Self {
        Self::Run(error.into())
    }
}

impl From<SpaceError> for StudyError {
    fn from(error: SpaceError) -> Self {
        Self::Space(error.to_string())
    }
}
