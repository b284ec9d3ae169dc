//! Locks between processes: files under an exclusive `flock`, which name their holder.
//!
//! The kernel releases such a lock when its holder ends, however it ends, so that no lock is ever
//! left behind and none has to be broken. Two kinds are in use: the folder's lock, held for moments
//! around every change of the index, and a lock for each run, held while its files are changed.
//! Whoever needs both takes the run's first.

use std::fs::{self, TryLockError};
use std::io::{Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use super::StoreError;
use super::atomic::with_path;
use crate::sys;

/// An exclusive lock on a file, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct FileLock {
    _file: fs::File,
}

impl FileLock {
    /// Takes the lock, waiting at most `patience` for its holder.
    pub fn acquire(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(lock) = Self::try_acquire(path)? {
                return Ok(lock);
            }
            let waited = start.elapsed();
            if waited >= patience {
                let holder = sys::read_own_text(path).ok().and_then(|t| t.trim().parse().ok());
                return Err(StoreError::Locked { path: path.into(), holder, waited: patience });
            }
            // Random pauses keep many waiters from trying again at the same moments.
            std::thread::sleep(
                pause.min(patience.saturating_sub(waited)).mul_f64(0.5 + fastrand::f64()),
            );
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// Takes the lock if nobody holds it.
    pub fn try_acquire(path: &Path) -> Result<Option<Self>, StoreError> {
        let mut file = loop {
            let mut options = fs::OpenOptions::new();
            options.create(true).truncate(false).read(true).write(true).mode(0o600);
            let file = match sys::open_own(path, &options) {
                // A lock on a file that can only be read holds all the same.
                Err(error) if error.kind() == std::io::ErrorKind::ReadOnlyFilesystem => {
                    sys::open_own(path, fs::OpenOptions::new().read(true)).map_err(|_| error)?
                }
                opened => opened?,
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(with_path(path, error).into()),
            }
            // The file may have been moved or removed between opening and locking it. A lock on it
            // would keep nobody out: others lock the file that now has the path.
            if is_at(&file, path) {
                break file;
            }
        };
        // The process id is for error messages only: where it can't be written, on a full disk for
        // example, the lock holds all the same.
        let _ = file.set_len(0).and_then(|()| file.rewind());
        let _ = writeln!(file, "{}", std::process::id());
        Ok(Some(Self { _file: file }))
    }
}

fn is_at(file: &fs::File, path: &Path) -> bool {
    let (Ok(mine), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    (mine.dev(), mine.ino()) == (there.dev(), there.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_waited_for_and_its_holder_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = FileLock::acquire(&path, Duration::ZERO).unwrap();
        let error = FileLock::acquire(&path, Duration::from_millis(30)).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        drop(held);
        FileLock::acquire(&path, Duration::ZERO).unwrap();
    }
}
