//! Notes of a study or an endpoint as a file of the state folder.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use super::Local;
use crate::runtime::{Notes, RuntimeError};
use crate::store::{EndpointPaths, FileLock, NotesPaths, StoreError};
use crate::sys;

/// Another process that adds lines is done within this time.
const LOCK_LIMIT: Duration = Duration::from_secs(10);

impl Notes for Local {
    fn read_notes(&self, notes: &NotesPaths, from: u64) -> Result<Vec<u8>, RuntimeError> {
        let mut file = match sys::open_own(&notes.journal, OpenOptions::new().read(true)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn shown(&self, endpoint: &EndpointPaths) -> Result<Option<Vec<u8>>, RuntimeError> {
        match sys::read_own(&endpoint.live()) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn add_notes(&self, notes: &NotesPaths, lines: &[u8]) -> Result<(), RuntimeError> {
        let _lock = FileLock::acquire(&notes.lock, LOCK_LIMIT).map_err(|error| match error {
            StoreError::Io(error) => RuntimeError::Io(error),
            error => RuntimeError::Io(io::Error::other(error.to_string())),
        })?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true).mode(0o600);
        let mut file = sys::open_own(&notes.journal, &options)?;
        let end = whole_length(&mut file)?;
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        if let Err(error) = file.write_all(lines).and_then(|()| file.sync_all()) {
            // Half of it may be there, for example on a full disk.
            let _ = file.set_len(end);
            return Err(error.into());
        }
        Ok(())
    }
}

/// The length of a file up to the end of its last whole line.
fn whole_length(file: &mut File) -> io::Result<u64> {
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut byte = [0];
    while end > 0 {
        file.seek(SeekFrom::Start(end - 1))?;
        file.read_exact(&mut byte)?;
        if byte == *b"\n" {
            break;
        }
        end -= 1;
    }
    Ok(end)
}
