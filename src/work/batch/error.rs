//! What can go wrong with a batch prediction as a whole; what goes wrong with one row is a line of its
//! errors.

use crate::storage::{Place, StorageError, StorageErrorKind};

use super::PredictError;

/// A batch prediction, or what reads one, can't go on.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// A store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// An input is not what it was when the job was planned. Nothing of it is mixed.
    #[error(
        "the input {place} has changed since the job began: its results would be of two versions. \
         Put the old version back, or start a job with another output"
    )]
    InputChanged {
        /// The input.
        place: Place,
    },
    /// There is no job at this output.
    #[error("{place} is no output of a batch prediction: it has no _mlctl/job.json")]
    NoJob {
        /// The output.
        place: Place,
    },
    /// The output has another job's results.
    #[error(
        "{place} has the results of another job ({found}, not {expected}): name another output"
    )]
    OtherJob {
        /// The output.
        place: Place,
        /// Whose results are there.
        found: String,
        /// Whose were expected.
        expected: String,
    },
    /// A document or file in the output is not what it must be.
    #[error("{place}: {reason}")]
    Damaged {
        /// The object.
        place: Place,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The job asks for something that can't be done with its inputs.
    #[error("{0}")]
    Unsupported(String),
    /// The model server can't be asked any more.
    #[error("the model server can't be asked: {0}")]
    Predict(#[from] PredictError),
    /// A task of the worker died.
    #[error("a part of the worker died: {0}")]
    Internal(String),
}

impl BatchError {
    /// The error of reading an input: that it is another version, or is gone, is about the job.
    pub(crate) fn of_input(error: StorageError) -> Self {
        match error.kind {
            StorageErrorKind::Changed => Self::InputChanged { place: error.place },
            _ => Self::Storage(error),
        }
    }

    /// Something in the output is not what it must be.
    pub(crate) fn damaged(place: &Place, reason: impl Into<String>) -> Self {
        Self::Damaged { place: place.clone(), reason: reason.into() }
    }
}
