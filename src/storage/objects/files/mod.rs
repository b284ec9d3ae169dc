//! Files of this machine as objects. They are read and written by the system's own calls, on threads
//! that may block.

mod list;
mod read;
mod write;

pub(super) use list::page;
pub(super) use read::{head, read_range};
pub(super) use write::{Writing, delete, put, put_if_absent, rename};

use super::{StorageError, StorageErrorKind};
use crate::storage::Place;

/// Does something that may block.
async fn blocking<T: Send + 'static>(
    operation: &'static str,
    place: &Place,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, StorageError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| StorageError::local(operation, place, &error)),
        Err(error) => {
            let kind = StorageErrorKind::Local;
            Err(StorageError::told(operation, place, kind, error.to_string()))
        }
    }
}
