//! What can go wrong with a store, in words for people.

use crate::storage::Place;

/// The class of an error, for whoever decides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageErrorKind {
    /// There is no such object or bucket.
    NotFound,
    /// The identity that was used may not do this, or there is none.
    Denied,
    /// The object is not the version that was asked for.
    Changed,
    /// The store could not be reached, or failed; it may work later.
    Unreachable,
    /// The store, or this version of mlctl, can't do this; or the place can't be read as one.
    Unsupported,
    /// It is larger than its reader allows.
    TooLarge,
    /// A file of this machine: the disk is full, or the like.
    Local,
}

/// An operation on a store failed.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {place}: {reason}")]
pub struct StorageError {
    /// What it was done with.
    pub place: Place,
    /// What was done: `reading`, `listing`, `writing`.
    pub operation: &'static str,
    /// Its class.
    pub kind: StorageErrorKind,
    /// Why, and what is missing: the identity that was used, the permission, the setting.
    pub reason: String,
}

impl StorageError {
    /// An error in the store's own words.
    pub(super) fn of(operation: &'static str, place: &Place, error: &object_store::Error) -> Self {
        use object_store::Error as E;
        let kind = match error {
            E::NotFound { .. } => StorageErrorKind::NotFound,
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => StorageErrorKind::Denied,
            E::Precondition { .. } | E::NotModified { .. } => StorageErrorKind::Changed,
            E::NotSupported { .. } | E::NotImplemented { .. } | E::InvalidPath { .. } => {
                StorageErrorKind::Unsupported
            }
            // What a listing meets is told by the status in the text alone.
            _ => match status(&error.to_string()) {
                Some(401 | 403) => StorageErrorKind::Denied,
                Some(404) => StorageErrorKind::NotFound,
                Some(400 | 405 | 501) => StorageErrorKind::Unsupported,
                _ => StorageErrorKind::Unreachable,
            },
        };
        Self { place: place.clone(), operation, kind, reason: error.to_string() }
    }

    /// An error that is told here.
    pub(super) fn told(
        operation: &'static str,
        place: &Place,
        kind: StorageErrorKind,
        reason: impl Into<String>,
    ) -> Self {
        Self { place: place.clone(), operation, kind, reason: reason.into() }
    }

    /// A fault of this machine's own disk.
    pub(crate) fn local(operation: &'static str, place: &Place, error: &std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => StorageErrorKind::NotFound,
            std::io::ErrorKind::PermissionDenied => StorageErrorKind::Denied,
            _ => StorageErrorKind::Local,
        };
        Self::told(operation, place, kind, error.to_string())
    }
}

/// The status of HTTP in a client's message.
fn status(text: &str) -> Option<u16> {
    text.split("status code: ").nth(1)?.get(..3)?.parse().ok()
}
