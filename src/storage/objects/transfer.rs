//! Whole files and folders between this machine and a store.

use std::path::{Component, Path};

use super::{Object, Progress, StorageError, StorageErrorKind, Stores};
use crate::storage::Place;

/// What a transfer moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transferred {
    /// Objects or files.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Bytes of one request.
const RANGE: u64 = 8 << 20;

impl Stores {
    /// Fetches an object, or everything below a folder, into `to`: a file's path for one object, a
    /// folder for several. Every file appears whole or not at all.
    pub async fn fetch(
        &self,
        from: &Place,
        to: &Path,
        progress: &dyn Progress,
    ) -> Result<Transferred, StorageError> {
        let entries = self.list(from).await?;
        if entries.is_empty() {
            let reason = "nothing is there";
            return Err(StorageError::told("reading", from, StorageErrorKind::NotFound, reason));
        }
        let bytes = entries.iter().map(|entry| entry.size).sum();
        progress.expect(bytes, entries.len() as u64);
        let base = format!("{}/", from.as_str().trim_end_matches('/'));
        for entry in &entries {
            let name = entry.place.as_str().strip_prefix(&base);
            let file = match name {
                Some(name) => {
                    let inside =
                        Path::new(name).components().all(|c| matches!(c, Component::Normal(_)));
                    if !inside {
                        let reason = "its name would leave the folder that it is fetched into";
                        let kind = StorageErrorKind::Unsupported;
                        return Err(StorageError::told("reading", &entry.place, kind, reason));
                    }
                    to.join(name)
                }
                None => to.to_owned(),
            };
            self.fetch_one(entry, &file, progress).await?;
        }
        Ok(Transferred { objects: entries.len() as u64, bytes })
    }

    async fn fetch_one(
        &self,
        entry: &Object,
        file: &Path,
        progress: &dyn Progress,
    ) -> Result<(), StorageError> {
        let local = |error: std::io::Error| StorageError::local("writing", &entry.place, &error);
        let folder = file.parent().unwrap_or(Path::new("."));
        fs_err::create_dir_all(folder).map_err(local)?;
        let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(local)?;
        let mut at = 0;
        while at < entry.size {
            let end = (at + RANGE).min(entry.size);
            let bytes = self.read_range(entry, at..end).await?;
            std::io::Write::write_all(&mut temporary, &bytes).map_err(local)?;
            progress.moved(bytes.len() as u64);
            at = end;
        }
        temporary.persist(file).map_err(|error| local(error.error))?;
        progress.arrived();
        Ok(())
    }

    /// Writes a file of this machine to an object.
    pub async fn send_file(
        &self,
        from: &Path,
        to: &Place,
        progress: &dyn Progress,
    ) -> Result<Object, StorageError> {
        use std::io::Read;
        let local = |error: std::io::Error| StorageError::local("reading", to, &error);
        let mut file = fs_err::File::open(from).map_err(local)?;
        let mut upload = self.upload(to).await?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = match file.read(&mut buffer) {
                Ok(read) => read,
                Err(error) => {
                    upload.abort().await;
                    return Err(local(error));
                }
            };
            if read == 0 {
                break;
            }
            upload.write(buffer[..read].to_vec()).await?;
            progress.moved(read as u64);
        }
        let entry = upload.finish().await?;
        progress.arrived();
        Ok(entry)
    }
}
