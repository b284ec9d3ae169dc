//! Writing files: whole under a name of their own, then named as they are meant.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tempfile::NamedTempFile;

use super::blocking;
use super::read::{etag, object};
use crate::storage::Place;
use crate::storage::objects::put::PutAnswer;
use crate::storage::objects::{Object, StorageError, StorageErrorKind};

/// How the names of half-written files begin; a listing passes them by.
const BEGIN: &str = ".mlctl-write-";

/// A file that is being written.
pub(in crate::storage::objects) struct Writing {
    temporary: NamedTempFile,
    path: PathBuf,
}

impl Writing {
    /// Begins a file in the folder of the one that is meant, which is made.
    pub(in crate::storage::objects) async fn begin(
        place: &Place,
        path: &str,
    ) -> Result<Self, StorageError> {
        let path = PathBuf::from(path);
        blocking("writing", place, move || Ok(Self { temporary: temporary(&path)?, path })).await
    }

    /// Writes on.
    pub(in crate::storage::objects) async fn write(
        &mut self,
        place: &Place,
        bytes: Bytes,
    ) -> Result<(), StorageError> {
        let mut file = self
            .temporary
            .as_file()
            .try_clone()
            .map_err(|error| StorageError::local("writing", place, &error))?;
        blocking("writing", place, move || file.write_all(&bytes)).await
    }

    /// Gives the file its name.
    pub(in crate::storage::objects) async fn finish(
        self,
        place: &Place,
    ) -> Result<Object, StorageError> {
        let Self { temporary, path } = self;
        let done = blocking("writing", place, move || {
            temporary.persist(path).map_err(|error| error.error)?.metadata()
        });
        Ok(object(place.clone(), &done.await?))
    }
}

/// Writes a whole file.
pub(in crate::storage::objects) async fn put(
    place: &Place,
    path: &str,
    bytes: Bytes,
) -> Result<Object, StorageError> {
    let mut file = Writing::begin(place, path).await?;
    file.write(place, bytes).await?;
    file.finish(place).await
}

/// Writes a whole file unless there is one: the kernel decides who is first.
pub(in crate::storage::objects) async fn put_if_absent(
    place: &Place,
    path: &str,
    bytes: Bytes,
) -> Result<PutAnswer, StorageError> {
    let path = PathBuf::from(path);
    let refused = blocking("writing", place, move || {
        let mut temporary = temporary(&path)?;
        temporary.write_all(&bytes)?;
        match temporary.persist_noclobber(&path) {
            Ok(_) => Ok(None),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                Ok(Some(error.error))
            }
            Err(error) => Err(error.error),
        }
    });
    Ok(match refused.await? {
        None => PutAnswer::Written,
        Some(error) => PutAnswer::Unclear(StorageError::local("writing", place, &error)),
    })
}

/// Removes a file, or the link of that name.
pub(in crate::storage::objects) async fn delete(
    place: &Place,
    path: &str,
) -> Result<(), StorageError> {
    let path = path.to_owned();
    let done = blocking("removing", place, move || fs_err::remove_file(path)).await;
    match done {
        Err(error) if error.kind == StorageErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Gives a file another name, over whatever has it; `false` where the two names are not of one file
/// system. A file that is not the one of the entry stays.
pub(in crate::storage::objects) async fn rename(
    entry: &Object,
    from: &str,
    to: &str,
) -> Result<bool, StorageError> {
    let (from, to, wanted) = (from.to_owned(), PathBuf::from(to), entry.etag.clone());
    let done = blocking("moving", &entry.place, move || {
        let there = etag(&fs_err::metadata(&from)?);
        if wanted.is_some_and(|wanted| wanted != there) {
            return Ok(None);
        }
        if let Some(folder) = to.parent() {
            fs_err::create_dir_all(folder)?;
        }
        match fs_err::rename(&from, &to) {
            Ok(()) => Ok(Some(true)),
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => Ok(Some(false)),
            Err(error) => Err(error),
        }
    });
    done.await?.ok_or_else(|| {
        let reason = "the file is not the one that was listed: it was written since";
        StorageError::told("moving", &entry.place, StorageErrorKind::Changed, reason)
    })
}

/// A name that only a half-written file has.
pub(super) fn is_half_written(name: &str) -> bool {
    name.starts_with(BEGIN)
}

fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs_err::create_dir_all(folder)?;
    // As any program's output: what the umask leaves of it.
    let permissions = std::fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(BEGIN).permissions(permissions).tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::super::head;
    use super::*;

    #[tokio::test]
    async fn of_many_writers_one_is_first_and_nothing_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b.json").display().to_string();
        let place = Place::from(path.as_str());
        let writers = (0..8).map(|n| put_if_absent(&place, &path, format!("writer {n}").into()));
        let ends = futures::future::join_all(writers).await;
        let created = ends.iter().filter(|end| matches!(end, Ok(PutAnswer::Written)));
        assert_eq!(created.count(), 1);
        assert_eq!(fs_err::read_dir(dir.path().join("a")).unwrap().count(), 1);
        put(&place, &path, Bytes::from_static(b"other")).await.unwrap();
        assert_eq!(fs_err::read(&path).unwrap(), b"other");
        delete(&place, &path).await.unwrap();
        delete(&place, &path).await.unwrap();
        assert_eq!(head(&place, &path).await.unwrap_err().kind, StorageErrorKind::NotFound);
    }
}
