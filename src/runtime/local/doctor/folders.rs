//! Folders that are really written to, and ports that are really bound.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use crate::doctor::FolderFacts;
use crate::sys::{self, Untrusted};

/// More than a file system keeps in a file's own entry.
const SAMPLE: usize = 64 * 1024;

/// As many as a gang of 32 asks for.
const PORTS: usize = 34;

/// Writes a small file where `path` is, or will be, flushes it to the disk and removes it. Makes no
/// folder: whoever only looks leaves nothing behind.
pub(crate) fn folder(path: &Path) -> FolderFacts {
    let there = path.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("/"));
    let own = sys::check_own(path);
    FolderFacts {
        path: path.to_owned(),
        mend: own.as_ref().err().and_then(Untrusted::of).map(Untrusted::mend),
        written: own
            .map_err(|error| error.to_string())
            .and_then(|_| write(there).map_err(|error| format!("{}: {error}", there.display()))),
        free: sys::free_space(there),
    }
}

fn write(dir: &Path) -> io::Result<()> {
    // Removed when it is dropped.
    let mut file = tempfile::Builder::new().prefix(".mlctl-doctor-").tempfile_in(dir)?;
    file.write_all(&vec![b'x'; SAMPLE])?;
    file.as_file().sync_all()
}

/// Binds many ports of the loopback interface at once and speaks over one.
pub(crate) fn ports() -> Result<usize, String> {
    let bound: io::Result<Vec<TcpListener>> =
        (0..PORTS).map(|_| TcpListener::bind("127.0.0.1:0")).collect();
    let bound = bound.map_err(|error| error.to_string())?;
    speak(&bound[0]).map_err(|error| error.to_string())?;
    Ok(bound.len())
}

fn speak(listener: &TcpListener) -> io::Result<()> {
    let mut one = TcpStream::connect(listener.local_addr()?)?;
    let (mut other, _) = listener.accept()?;
    one.write_all(b"x")?;
    other.read_exact(&mut [0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_leaves_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        let facts = folder(&root.path().join("a/b"));
        assert_eq!(facts.written, Ok(()));
        assert!(facts.free.is_some());
        assert_eq!(fs_err::read_dir(root.path()).unwrap().count(), 0);
        assert_eq!(ports(), Ok(PORTS));
    }

    #[test]
    fn a_folder_that_takes_no_files_says_why() {
        let facts = folder(Path::new("/proc/mlctl"));
        assert!(facts.written.is_err_and(|said| said.starts_with("/proc: ")));
    }
}
