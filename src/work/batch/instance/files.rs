//! The files that a list names.

use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};

use crate::storage::{Place, StorageErrorKind, Stores};
use crate::work::batch::input::Row;
use crate::work::batch::{BatchError, RowError};

/// Files that are read at once.
const AT_ONCE: usize = 16;

/// The contents of the files that these rows name, in their order. A file that is not there, that may
/// not be read or has more than `limit` bytes is an error of its row; a store that can't be reached is
/// one of the job.
///
/// A list in a store names URLs only, so that nobody who writes one reads the files of the machine on
/// which it is used. In a list on a machine's disk, a relative path begins in the list's folder.
pub(crate) async fn fetch_all(
    stores: &Stores,
    list: &Place,
    rows: &[Row],
    limit: u64,
) -> Result<Vec<Option<Result<Bytes, RowError>>>, BatchError> {
    let files: Vec<_> = rows.iter().map(|row| fetch(stores, list, row, limit).boxed()).collect();
    let mut files = stream::iter(files).buffered(AT_ONCE);
    let mut all = Vec::with_capacity(rows.len());
    while let Some(file) = files.next().await {
        all.push(file?);
    }
    Ok(all)
}

async fn fetch(
    stores: &Stores,
    list: &Place,
    row: &Row,
    limit: u64,
) -> Result<Option<Result<Bytes, RowError>>, BatchError> {
    if row.fault.is_some() {
        return Ok(None);
    }
    let place = match place_of(list, &row.text) {
        Ok(place) => place,
        Err(message) => return Ok(Some(Err(RowError { code: 400, message }))),
    };
    let error = match stores.read(&place, limit).await {
        Ok((_, content)) => return Ok(Some(Ok(content))),
        Err(error) => error,
    };
    let code = match error.kind {
        StorageErrorKind::NotFound => 404,
        StorageErrorKind::Denied => 403,
        StorageErrorKind::TooLarge => 413,
        StorageErrorKind::Changed => 409,
        // A name that no file can have, a device, a part of a path that is no folder: the list says so.
        StorageErrorKind::Unsupported | StorageErrorKind::Local => 400,
        StorageErrorKind::Unreachable => return Err(BatchError::Storage(error)),
    };
    Ok(Some(Err(RowError { code, message: error.to_string() })))
}

fn place_of(list: &Place, named: &[u8]) -> Result<Place, String> {
    let named = str::from_utf8(named).map_err(|_| "the line is no UTF-8".to_owned())?.trim();
    let place = Place::from(named);
    match (list, &place) {
        (_, Place::Object(_)) => Ok(place),
        (Place::Path(list), Place::Path(_)) => {
            Ok(place.starting_at(list.as_path().parent().unwrap_or(list.as_path())))
        }
        _ => Err("a list in a store names URLs, such as s3://bucket/file".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_in_a_store_names_no_files_of_the_machine() {
        let of = |list: &str, named: &str| {
            place_of(&list.into(), named.as_bytes()).map(|place| place.as_str().to_owned())
        };
        assert_eq!(of("s3://b/list", "gs://b/x").unwrap(), "gs://b/x");
        assert_eq!(of("/data/list", "s3://b/x").unwrap(), "s3://b/x");
        assert_eq!(of("/data/list", "x/1.png").unwrap(), "/data/x/1.png");
        for path in ["/etc/passwd", "file:///etc/passwd", "passwd", "pvc://claim/x", "../x"] {
            assert!(of("s3://b/list", path).is_err(), "{path}");
        }
    }
}
