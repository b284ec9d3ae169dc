//! Files that are whole or not there at all, and private folders.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use rustix::fs::{AtFlags, fsync, renameat, unlinkat};

use crate::sys::{make_private, open_folder, random_word};

/// How much a write must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The loss of power: file and folder are flushed to the disk.
    PowerLoss,
    /// The end of this process. For what can be read again from where it came.
    Crash,
}

/// Replaces a file in one step: a temporary file in the same folder, flushed, renamed over it.
/// When it fails, the old file is as it was. The file is made in the folder that the path names: where
/// a part of the path is a link, nothing is written.
pub fn write_atomic(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    replace(path, bytes, durability).map_err(|error| with_path(path, error))
}

fn replace(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let mut new = NewFile::of(path)?;
    new.file.write_all(bytes)?;
    new.put(durability)
}

/// A file that takes the name of another one when it is whole; until then it has a name of its own in the
/// same folder, and goes when it is dropped.
#[derive(Debug)]
pub struct NewFile {
    dir: OwnedFd,
    temporary: String,
    name: OsString,
    file: fs::File,
    is_put: bool,
}

impl NewFile {
    /// An empty file that is to get this path.
    pub fn of(path: &Path) -> io::Result<Self> {
        let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it names no file"));
        };
        let dir = open_folder(dir)?;
        let temporary = format!(".new-{}", random_word(8)?);
        let file = make_private(&dir, &temporary)?;
        Ok(Self { dir, temporary, name: name.into(), file, is_put: false })
    }

    /// Takes away the last `count` bytes.
    pub fn cut_back(&mut self, count: u64) -> io::Result<()> {
        let end = self.file.stream_position()?.saturating_sub(count);
        self.file.set_len(end)?;
        self.file.seek(SeekFrom::Start(end)).map(drop)
    }

    /// Gives the file its name.
    pub fn put(mut self, durability: Durability) -> io::Result<()> {
        if durability == Durability::PowerLoss {
            self.file.sync_all()?;
        }
        renameat(&self.dir, &self.temporary, &self.dir, &self.name)?;
        self.is_put = true;
        match durability {
            Durability::PowerLoss => Ok(fsync(&self.dir)?),
            Durability::Crash => Ok(()),
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_put {
            // What can't be removed hinders nobody: no name begins so.
            let _ = unlinkat(&self.dir, &self.temporary, AtFlags::empty());
        }
    }
}

/// Flushes the names in a folder to the disk.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    fs_err::File::open(dir)?.sync_all()
}

/// Makes a folder and its parents, each with mode 0700. It may be there already.
pub fn private_dir(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| with_path(dir, e))
}

/// Makes a folder that must not be there yet; false when it is.
pub fn claim_dir(dir: &Path) -> io::Result<bool> {
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(with_path(dir, error)),
    }
}

/// The error with the path in its message.
pub(super) fn with_path(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn replaces_whole_files_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.json");
        write_atomic(&path, b"one", Durability::PowerLoss).unwrap();
        write_atomic(&path, b"two", Durability::Crash).unwrap();
        assert_eq!(fs_err::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn no_link_on_the_way_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let (there, logs) = (dir.join("there"), dir.join("logs"));
        fs_err::create_dir(&there).unwrap();
        std::os::unix::fs::symlink(&there, &logs).unwrap();
        fs_err::write(there.join("kept"), "k").unwrap();
        std::os::unix::fs::symlink(there.join("kept"), dir.join("run.json")).unwrap();
        assert!(write_atomic(&logs.join("worker-0.log"), b"x", Durability::Crash).is_err());
        // The last part is replaced, not what it leads to.
        write_atomic(&dir.join("run.json"), b"x", Durability::Crash).unwrap();
        assert_eq!(fs_err::read(there.join("kept")).unwrap(), b"k");
        assert_eq!(fs_err::read_dir(&there).unwrap().count(), 1);
    }

    #[test]
    fn folders_are_private_and_claimed_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        private_dir(&path).unwrap();
        private_dir(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(!claim_dir(&path).unwrap());
        assert!(claim_dir(&path.join("c")).unwrap());
    }

    #[test]
    fn a_failed_write_names_the_path() {
        let error = write_atomic(Path::new("/nowhere/x.json"), b"", Durability::Crash).unwrap_err();
        assert!(error.to_string().starts_with("/nowhere/x.json: "), "{error}");
    }
}
