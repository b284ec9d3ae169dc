//! Files that somebody else may have made: opened without waiting, read no further than was meant.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a regular file for reading; a link is followed. A pipe, a socket or a device is an error and is
/// never waited for or touched.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let odd = || {
        let text = format!("{} is not a regular file", path.display());
        io::Error::new(io::ErrorKind::InvalidInput, text)
    };
    // Opening alone makes some devices do something, so it is looked at before.
    if !fs_err::metadata(path)?.is_file() {
        return Err(odd());
    }
    // It may have been exchanged since: a pipe would hold up whoever opens it.
    let file = fs_err::OpenOptions::from_options({
        let mut options = std::fs::OpenOptions::new();
        options.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        options
    });
    let file = file.open(path)?.into_file();
    if file.metadata()?.is_file() { Ok(file) } else { Err(odd()) }
}

/// The whole of a regular file; an error when it is longer than `limit` bytes.
pub fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    let mut bytes = Vec::new();
    if file.metadata()?.len() <= limit {
        // It may grow, or, like some files of the kernel, have no length before it is read.
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 <= limit {
            return Ok(bytes);
        }
    }
    let text = format!("{} is longer than {limit} bytes", path.display());
    Err(io::Error::new(io::ErrorKind::FileTooLarge, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_read_and_no_further_than_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let (pipe, link, text) =
            (dir.path().join("pipe"), dir.path().join("link"), dir.path().join("text"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for path in [&pipe, &link] {
            let error = read_regular(path, 10).unwrap_err().to_string();
            assert!(error.contains("is not a regular file"), "{error}");
        }
        fs_err::write(&text, "0123456789").unwrap();
        assert_eq!(read_regular(&text, 10).unwrap(), b"0123456789");
        assert!(read_regular(&text, 9).is_err());
    }
}
