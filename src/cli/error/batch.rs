//! Errors of batch predictions and of those who read them, classified and with what to do.

use super::types::{CliError, ErrorKind};
use crate::storage::{StorageError, StorageErrorKind};
use crate::work::batch::{BatchError, EvaluateError, OutputsError};

/// The exit code's class of an error of a store.
fn kind_of(error: &StorageError) -> ErrorKind {
    match error.kind {
        StorageErrorKind::NotFound => ErrorKind::NotFound,
        StorageErrorKind::Denied | StorageErrorKind::Changed | StorageErrorKind::TooLarge => {
            ErrorKind::Refused
        }
        StorageErrorKind::Unreachable => ErrorKind::Unreachable,
        StorageErrorKind::Unsupported => ErrorKind::Usage,
        StorageErrorKind::Local => ErrorKind::Internal,
    }
}

impl From<BatchError> for CliError {
    fn from(error: BatchError) -> Self {
        let message = error.to_string();
        match error {
            BatchError::Storage(error) => Self::new(kind_of(&error), message),
            BatchError::InputChanged { .. } | BatchError::OtherJob { .. } => {
                Self::new(ErrorKind::Refused, message)
            }
            BatchError::NoJob { .. } => Self::new(ErrorKind::NotFound, message)
                .hint("name a run, or the folder that its spec calls `output`"),
            BatchError::Damaged { .. } => Self::new(ErrorKind::Refused, message).hint(
                "start the batch prediction again with another output, or put back what is gone",
            ),
            BatchError::Unsupported(_) => Self::new(ErrorKind::Usage, message),
            BatchError::Predict(_) => Self::new(ErrorKind::Unreachable, message),
            BatchError::Internal(_) => Self::new(ErrorKind::Internal, message),
        }
    }
}

impl From<OutputsError> for CliError {
    fn from(error: OutputsError) -> Self {
        match error {
            OutputsError::Batch(error) => error.into(),
            OutputsError::Taker(error) => error.into(),
        }
    }
}

impl From<EvaluateError> for CliError {
    fn from(error: EvaluateError) -> Self {
        let message = error.to_string();
        match error {
            EvaluateError::Batch(error) => error.into(),
            EvaluateError::Unfinished(_) => Self::new(ErrorKind::Refused, message)
                .hint("submit the same job again: it goes on where it stopped"),
            EvaluateError::Prediction(_) => Self::new(ErrorKind::Refused, message)
                .hint("see what predictions look like: mlctl outputs RUN --limit 3"),
            EvaluateError::Truth(_) => Self::new(ErrorKind::Refused, message),
            EvaluateError::Question(_) => Self::new(ErrorKind::Usage, message),
        }
    }
}
