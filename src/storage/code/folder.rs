//! A folder that was opened once: what is read below it is read below that, whatever its path, or a
//! link put in somebody's way, leads to meanwhile.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::storage::read::{FLAGS, regular};
use crate::storage::{ReadError, read_open};

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder {
    fd: OwnedFd,
    /// Its path without links, for listings and messages.
    pub(super) path: PathBuf,
}

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Folder {
    /// Opens a folder whose path has no links.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let fd = openat(CWD, &path, FOLDER, Mode::empty())?;
        Ok(Self { fd, path })
    }

    /// Opens a regular file below; no part of its path is followed if it is a link.
    pub(super) fn file(&self, below: &Path) -> Result<File, ReadError> {
        let path = self.path.join(below);
        let file = self.descend(below).map_err(|error| ReadError::Io { path: path.clone(), error });
        regular(file?, &path)
    }

    /// Reads a file below of at most `limit` bytes.
    pub(super) fn read(&self, below: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
        read_open(&mut self.file(below)?, &self.path.join(below), limit)
    }

    fn descend(&self, below: &Path) -> io::Result<File> {
        let mut parts = below.components().peekable();
        let mut at: Option<OwnedFd> = None;
        while let Some(part) = parts.next() {
            let Component::Normal(name) = part else { return Err(escapes()) };
            let folder = at.as_ref().unwrap_or(&self.fd);
            if parts.peek().is_none() {
                let flags = FLAGS | OFlags::NOFOLLOW;
                return Ok(openat(folder, name, flags, Mode::empty())?.into());
            }
            at = Some(openat(folder, name, FOLDER, Mode::empty())?);
        }
        Err(escapes())
    }
}

fn escapes() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the path leaves its folder")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_is_followed_and_nothing_left() {
        let root = tempfile::tempdir().unwrap();
        let code = root.path().canonicalize().unwrap().join("code");
        fs_err::create_dir_all(code.join("lib/deep")).unwrap();
        fs_err::write(root.path().join("secret"), "s").unwrap();
        fs_err::write(code.join("lib/deep/x"), "x").unwrap();
        symlink("../secret", code.join("file")).unwrap();
        symlink("..", code.join("up")).unwrap();
        symlink("lib", code.join("within")).unwrap();
        let folder = Folder::open(code.clone()).unwrap();
        assert_eq!(folder.read(Path::new("lib/deep/x"), 9).unwrap(), b"x");
        for path in [
            "file",
            "up/secret",
            "within/deep/x",
            "../secret",
            "lib/../../secret",
            "/etc/passwd",
            "lib",
            "",
        ] {
            assert!(folder.read(Path::new(path), 9).is_err(), "{path}");
        }
        // The folder is the one that was opened, not what its path leads to by now.
        fs_err::rename(&code, root.path().join("moved")).unwrap();
        symlink("/etc", &code).unwrap();
        assert_eq!(folder.read(Path::new("lib/deep/x"), 9).unwrap(), b"x");
        assert!(folder.read(Path::new("passwd"), 1 << 20).is_err());
        assert!(Folder::open(code).is_err());
    }
}
