//! The one way in which files are read that a person or a folder names.
//!
//! Such a name may lead to anything: a device without an end, a pipe that nobody writes to. So a
//! file is opened without waiting, must be a regular one, and is read up to a limit.

use std::fs::{File, FileType};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};

/// The most bytes of a document that a person writes: settings, prices, requirements.
pub const DOCUMENT_LIMIT: u64 = 1 << 20;

/// How any such file is opened: a pipe doesn't wait for its writer, a terminal doesn't become this
/// process's, and no child inherits the file.
pub(super) const FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// A file can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The system refuses; the reason names the file.
    #[error("can't read {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is a device, a pipe, a socket or a folder.
    #[error(
        "{} is {what}, and only regular files are read: write what it holds into a file, and name \
         that", path.display()
    )]
    NotAFile {
        /// The file.
        path: PathBuf,
        /// What it is, with its article.
        what: &'static str,
    },
    /// It is larger than any such file needs to be.
    #[error(
        "{} is larger than {}, the most that is read of it: shorten it, or name another file",
        path.display(), amount(*limit)
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// It is read as text, and it is none.
    #[error("{} is not a text file: it has bytes that are no UTF-8", .0.display())]
    NotText(PathBuf),
}

impl ReadError {
    /// There is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() == io::ErrorKind::NotFound)
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        let kind = match &error {
            ReadError::Io { error, .. } => error.kind(),
            ReadError::NotAFile { .. } => io::ErrorKind::InvalidInput,
            ReadError::TooLarge { .. } => io::ErrorKind::FileTooLarge,
            ReadError::NotText(_) => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error.to_string())
    }
}

/// Opens a regular file for reading. Links are followed.
pub fn open(path: &Path) -> Result<File, ReadError> {
    let failed = |error: io::Error| ReadError::Io { path: path.to_owned(), error };
    // Opening alone makes some devices do something, so it is looked at before.
    let metadata = std::fs::metadata(path).map_err(failed)?;
    is_regular(metadata.file_type(), path)?;
    let file = openat(CWD, path, FLAGS, Mode::empty()).map_err(|error| failed(error.into()))?;
    // It may have been exchanged since.
    regular(File::from(file), path)
}

/// Reads a regular file of at most `limit` bytes. Links are followed.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    read_open(&mut open(path)?, path, limit)
}

/// The same for a text.
pub fn read_text(path: &Path, limit: u64) -> Result<String, ReadError> {
    String::from_utf8(read(path, limit)?).map_err(|_| ReadError::NotText(path.to_owned()))
}

/// Reads what is open already up to the limit; `path` is its name in messages.
pub fn read_open(from: &mut impl Read, path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let read = from.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| ReadError::Io { path: path.to_owned(), error })?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// Lets nothing through but a regular file. What was opened is looked at, not what the path leads
/// to by now.
pub(super) fn regular(file: File, path: &Path) -> Result<File, ReadError> {
    match file.metadata() {
        Ok(metadata) => is_regular(metadata.file_type(), path).map(|()| file),
        Err(error) => Err(ReadError::Io { path: path.to_owned(), error }),
    }
}

fn is_regular(kind: FileType, path: &Path) -> Result<(), ReadError> {
    let what = match kind {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(ReadError::NotAFile { path: path.to_owned(), what })
}

/// A limit in words.
fn amount(limit: u64) -> String {
    match limit {
        limit if limit >= 1 << 20 => format!("{} MiB", limit >> 20),
        limit if limit >= 1 << 10 => format!("{} KiB", limit >> 10),
        limit => format!("{limit} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_within_the_limit_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs_err::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        assert!(matches!(read(&path, 4), Err(ReadError::TooLarge { limit: 4, .. })));
        fs_err::write(&path, [0xff]).unwrap();
        assert!(matches!(read_text(&path, 5), Err(ReadError::NotText(_))));
        assert!(read(&dir.path().join("none"), 1).unwrap_err().is_missing());
    }

    #[test]
    fn what_has_no_end_or_no_writer_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap();
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for (path, what) in [
            (pipe.as_path(), "a pipe"),
            (dir.path(), "a folder"),
            (&link, "a device"),
            (Path::new("/dev/tty"), ""),
            (&socket, ""),
        ] {
            let error = read(path, 5).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
            assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        }
        // Its size says nothing: it is 0.
        assert!(read(Path::new("/proc/self/status"), 8).is_err());
    }

    #[test]
    fn what_comes_from_a_pipe_is_limited_too() {
        let name = Path::new("<stdin>");
        let error = read_open(&mut io::repeat(b'a'), name, 1 << 20).unwrap_err();
        assert!(error.to_string().contains("<stdin> is larger than 1 MiB"), "{error}");
        assert_eq!(read_open(&mut &b"ab"[..], name, 2).unwrap(), b"ab");
    }
}
