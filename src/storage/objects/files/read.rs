//! Reading files. Links are followed.

use std::fs::Metadata;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use bytes::Bytes;
use jiff::Timestamp;

use super::blocking;
use crate::storage::objects::{Object, StorageError, StorageErrorKind};
use crate::storage::{Place, open};

/// What the system says of a regular file.
pub(in crate::storage::objects) async fn head(
    place: &Place,
    path: &str,
) -> Result<Object, StorageError> {
    let path = path.to_owned();
    let metadata = blocking("reading", place, move || {
        let metadata = std::fs::metadata(&path)?;
        if metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "it is a folder"));
        }
        // Whatever else is no regular file says so when it is opened.
        open(Path::new(&path))?.metadata()
    })
    .await?;
    Ok(object(place.clone(), &metadata))
}

/// A range of a file that has not changed since the entry was made.
pub(in crate::storage::objects) async fn read_range(
    entry: &Object,
    path: &str,
    range: Range<u64>,
) -> Result<Bytes, StorageError> {
    let path = path.to_owned();
    let wanted = entry.etag.clone();
    let read = blocking("reading", &entry.place, move || {
        let file = open(Path::new(&path))?;
        let same = |metadata: &Metadata| wanted.as_ref().is_none_or(|tag| *tag == etag(metadata));
        if !same(&file.metadata()?) {
            return Ok(None);
        }
        let length = range.end - range.start;
        // Room that is not filled with zeros first, which would take as long as finding the lines in it.
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(usize::MAX));
        (&file).seek(SeekFrom::Start(range.start))?;
        (&file).take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(same(&file.metadata()?).then_some(bytes))
    })
    .await?;
    read.map(Bytes::from).ok_or_else(|| {
        let reason = "the file is not the one that was listed: it was written since";
        StorageError::told("reading", &entry.place, StorageErrorKind::Changed, reason)
    })
}

/// A file as an object.
pub(super) fn object(place: Place, metadata: &Metadata) -> Object {
    let modified = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    Object { place, size: metadata.len(), etag: Some(etag(metadata)), modified }
}

/// A word for this version of a file's content: every write changes the time, every replacement the
/// inode.
pub(super) fn etag(metadata: &Metadata) -> String {
    let (seconds, nanoseconds) = (metadata.mtime(), metadata.mtime_nsec());
    format!("{:x}-{:x}-{seconds:x}.{nanoseconds:x}", metadata.ino(), metadata.len())
}
