//! Why an output can't be had.

use crate::storage::{Place, StorageError};
use crate::text::FormatError;

/// An output is somebody else's, or nobody can say whose it is.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another run has it, and has left something there.
    #[error(
        "output: {place} was filled by run {run}; name another place ({{run}} stands for the run's id), \
         go on from its checkpoints with --resume, or start anew with --overwrite"
    )]
    Filled {
        /// The output.
        place: Place,
        /// The run.
        run: String,
    },
    /// Another run has it and is running.
    #[error(
        "output: {place} is being filled by run {run}, which is running; name another place ({{run}} \
         stands for the run's id), or end that run first"
    )]
    Running {
        /// The output.
        place: Place,
        /// The run.
        run: String,
    },
    /// Another run has it, and has not left anything there yet.
    #[error(
        "output: {place} is held by run {run}, which may be running; name another place ({{run}} stands \
         for the run's id), end that run, or pass --overwrite once it has ended"
    )]
    Held {
        /// The output.
        place: Place,
        /// The run.
        run: String,
    },
    /// Something is there that no run has claimed.
    #[error(
        "output: {place} has a model or checkpoints of unknown origin, such as {found}; name another \
         place ({{run}} stands for the run's id), go on from its checkpoints with --resume, or start \
         anew with --overwrite, which removes them"
    )]
    Unknown {
        /// The output.
        place: Place,
        /// One of the things that are there.
        found: String,
    },
    /// Somebody else was faster.
    #[error("output: {place} was taken by run {run} just now; name another place, or end that run")]
    Taken {
        /// The output.
        place: Place,
        /// The run.
        run: String,
    },
    /// A claim can't be read.
    #[error(
        "output: {place} says who fills the folder, and can't be read: {error}; remove it, or name \
             another output"
    )]
    Document {
        /// The document.
        place: Place,
        /// Why.
        error: FormatError,
    },
    /// This machine has no room for the question.
    #[error("output: whose it is could not be asked: {0}")]
    Unasked(std::io::Error),
    /// The store said no, or nothing.
    #[error(transparent)]
    Store(#[from] StorageError),
}
