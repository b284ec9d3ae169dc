//! What a folder of this machine can do beyond a bucket: give a folder another name in one step.

use std::io;
use std::path::Path;

use super::error::RegistryError;
use crate::storage::{Place, StorageError};

/// Does something that may block on another thread.
pub(super) async fn blocking<T: Send + 'static>(
    operation: &'static str,
    place: &Place,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, RegistryError> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.unwrap_or_else(|error| Err(io::Error::other(error)));
    done.map_err(|error| StorageError::local(operation, place, &error).into())
}

/// Gives a folder another name in one step; `false` where there is no such folder. A folder with something
/// in it that has the name already is an error, and stays.
pub(super) async fn rename(place: &Place, from: &Path, to: &Path) -> Result<bool, RegistryError> {
    let (from, to) = (from.to_owned(), to.to_owned());
    let done = blocking("moving", place, move || {
        if let Some(folder) = to.parent() {
            fs_err::create_dir_all(folder)?;
        }
        match fs_err::rename(&from, &to) {
            Ok(()) => Ok(Some(true)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(false)),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::DirectoryNotEmpty
                        | io::ErrorKind::AlreadyExists
                        | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    });
    done.await?.ok_or_else(|| RegistryError::Taken { place: place.clone() })
}

/// Waits until everything in a folder is on the disk, so that a loss of power takes nothing of what is
/// told afterwards.
pub(super) async fn flush(place: &Place, folder: &Path) -> Result<(), RegistryError> {
    let folder = folder.to_owned();
    blocking("writing", place, move || flush_all(&folder)).await
}

fn flush_all(folder: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            flush_all(&entry.path())?;
        } else {
            fs_err::File::open(entry.path())?.sync_all()?;
        }
    }
    fs_err::File::open(folder)?.sync_all()
}
