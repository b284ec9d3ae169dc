//! Single files between this machine and a store.

use std::io::{Read, Write};
use std::path::Path;

use fs_err::File;
use sha2::{Digest, Sha256};

use super::error::PlaceError;
use crate::storage::{Object, Place, Progress, Stores};
use crate::text::hex;

/// Bytes of one request; a smaller object is written by one.
const RANGE: u64 = 8 << 20;

/// Fetches one version of an object into a new file, and returns its SHA-256.
pub(super) async fn download(
    stores: &Stores,
    object: &Object,
    file: &Path,
    progress: &dyn Progress,
) -> Result<String, PlaceError> {
    let local = |error| PlaceError::local(file, error);
    if let Some(folder) = file.parent() {
        fs_err::create_dir_all(folder).map_err(local)?;
    }
    let mut target = File::create(file).map_err(local)?;
    let mut digest = Sha256::new();
    let mut at = 0;
    while at < object.size {
        let end = (at + RANGE).min(object.size);
        let bytes = stores.read_range(object, at..end).await?;
        target.write_all(&bytes).map_err(local)?;
        digest.update(&bytes);
        progress.moved(bytes.len() as u64);
        at = end;
    }
    Ok(hex::encode(digest.finalize()))
}

/// Writes a file to an object; returns how many bytes were read, and their SHA-256.
pub(super) async fn upload(
    stores: &Stores,
    file: &Path,
    to: &Place,
) -> Result<(u64, String), PlaceError> {
    let local = |error| PlaceError::local(file, error);
    let mut source = File::open(file).map_err(local)?;
    let mut digest = Sha256::new();
    let mut first = Vec::new();
    (&mut source).take(RANGE).read_to_end(&mut first).map_err(local)?;
    digest.update(&first);
    let mut size = first.len() as u64;
    if size < RANGE {
        stores.put(to, first).await?;
        return Ok((size, hex::encode(digest.finalize())));
    }
    let mut parts = stores.upload(to).await?;
    let mut piece = first;
    while !piece.is_empty() {
        if let Err(error) = parts.write(std::mem::take(&mut piece)).await {
            parts.abort().await;
            return Err(error.into());
        }
        if let Err(error) = (&mut source).take(RANGE).read_to_end(&mut piece) {
            parts.abort().await;
            return Err(local(error));
        }
        digest.update(&piece);
        size += piece.len() as u64;
    }
    parts.finish().await?;
    Ok((size, hex::encode(digest.finalize())))
}

/// The size and SHA-256 of a file.
pub(super) fn digest_of(file: &Path) -> Result<(u64, String), PlaceError> {
    let local = |error| PlaceError::local(file, error);
    let mut digest = Sha256::new();
    let mut source = File::open(file).map_err(local)?;
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        let read = source.read(&mut buffer).map_err(local)?;
        if read == 0 {
            return Ok((size, hex::encode(digest.finalize())));
        }
        digest.update(&buffer[..read]);
        size += read as u64;
    }
}
