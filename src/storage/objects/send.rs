//! Sending files to a store.

use std::io::Read;
use std::path::Path;

use super::{Object, Progress, StorageError, StorageErrorKind, Stores};
use crate::storage::{Place, open};

/// Bytes that are read at once.
const CHUNK: usize = 4 << 20;

impl Stores {
    /// Writes a file of this machine to an object. A file that grows or shrinks meanwhile is an error,
    /// and nothing is there then. The caller says what is expected: it may send many.
    pub async fn send_file(
        &self,
        from: &Path,
        to: &Place,
        progress: &dyn Progress,
    ) -> Result<Object, StorageError> {
        let local = |error: std::io::Error| StorageError::local("sending a file to", to, &error);
        let file = open(from).map_err(|error| local(error.into()))?;
        let size = file.metadata().map_err(local)?.len();
        let mut upload = self.upload_sized(to, Some(size)).await?;
        let mut file = Some(file);
        loop {
            let Some(mut open) = file.take() else { break };
            let read = tokio::task::spawn_blocking(move || {
                let mut chunk = Vec::with_capacity(CHUNK);
                (&mut open).take(CHUNK as u64).read_to_end(&mut chunk)?;
                Ok::<_, std::io::Error>((open, chunk))
            });
            let read = match read.await {
                Ok(read) => read.map_err(local),
                Err(error) => {
                    let kind = StorageErrorKind::Local;
                    Err(StorageError::told("writing", to, kind, error.to_string()))
                }
            };
            let (open, chunk) = match read {
                Ok(read) => read,
                Err(error) => {
                    upload.abort().await;
                    return Err(error);
                }
            };
            if chunk.is_empty() {
                break;
            }
            let moved = chunk.len() as u64;
            upload.write(chunk).await?;
            progress.moved(moved);
            file = Some(open);
        }
        let entry = upload.finish().await?;
        progress.arrived();
        Ok(entry)
    }
}
