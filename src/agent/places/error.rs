//! What went wrong with a place, and whose failure it is.

use std::io;
use std::path::{Path, PathBuf};

use crate::agent::process::Ended;
use crate::gang::FailureClass;
use crate::storage::{ClaimError, Place, StorageError, StorageErrorKind};

/// A place could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(in crate::agent) enum PlaceError {
    /// The store said no, or nothing.
    #[error(transparent)]
    Store(#[from] StorageError),
    /// A file of this machine or pod.
    #[error("{}: {error}", path.display())]
    Local { path: PathBuf, error: io::Error },
    /// The connections to stores could not be made.
    #[error("connecting to stores: {0}")]
    Connect(io::Error),
    /// An object has a name that no file of a folder can have.
    #[error(
        "{0}: its name would leave the folder that it is fetched into; leave it out by a pattern"
    )]
    Name(Place),
    /// What the store has is not what was put there.
    #[error("{place} is not what was uploaded: {why}; remove it, or name another output")]
    Damaged { place: Place, why: String },
    /// The output is another run's.
    #[error(transparent)]
    Claim(Box<ClaimError>),
    /// Files change although nothing should write them any more.
    #[error("{0} keeps changing after the command's end: something of it still writes there")]
    Restless(String),
    /// Somebody wanted it to end.
    #[error("ended before it was done")]
    Ended,
}

impl PlaceError {
    pub(super) fn local(path: &Path, error: io::Error) -> Self {
        Self::Local { path: path.to_owned(), error }
    }

    /// The end of a command because of this. `what` says what was done, as the start of a sentence.
    pub(in crate::agent) fn ended(&self, what: &str) -> Ended {
        Ended::Failed { class: self.class(), reason: format!("{what}: {self}") }
    }

    /// Whose failure it is: what is named wrongly or forbidden stays so, and a store that can't be
    /// reached may come back.
    pub(in crate::agent) fn class(&self) -> FailureClass {
        match self {
            Self::Store(error) => of_store(error),
            Self::Claim(claim) => match &**claim {
                ClaimError::Store(error) => of_store(error),
                ClaimError::Unasked(_) => FailureClass::Infrastructure,
                _ => FailureClass::UserError,
            },
            Self::Local { .. } | Self::Connect(_) => FailureClass::Infrastructure,
            Self::Name(_) | Self::Damaged { .. } | Self::Restless(_) => FailureClass::UserError,
            Self::Ended => FailureClass::TransientSignal,
        }
    }
}

fn of_store(error: &StorageError) -> FailureClass {
    match error.kind {
        StorageErrorKind::Unreachable | StorageErrorKind::Local => FailureClass::Infrastructure,
        StorageErrorKind::NotFound
        | StorageErrorKind::Denied
        | StorageErrorKind::Changed
        | StorageErrorKind::Unsupported
        | StorageErrorKind::TooLarge => FailureClass::UserError,
    }
}

impl From<ClaimError> for PlaceError {
    fn from(error: ClaimError) -> Self {
        Self::Claim(Box::new(error))
    }
}
