//! Programs that travel in the binary and are run by an interpreter: their files are written out once.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::text::hex;

/// A file of the binary: its path below the folder that it is written to, and its bytes.
pub(crate) type EmbeddedFile = (&'static str, &'static [u8]);

/// Writes files below `cache/kind`, in a folder that is called by what is in them, and returns that folder. Files
/// that are there already are written again, each in one step: whoever reads one meanwhile reads a whole one.
pub(crate) fn unpacked(cache: &Path, kind: &str, files: &[EmbeddedFile]) -> io::Result<PathBuf> {
    let content = files
        .iter()
        .fold(Sha256::new(), |hash, (name, bytes)| hash.chain_update(name).chain_update(bytes));
    let folder = cache.join(kind).join(&hex::encode(content.finalize())[..16]);
    for (name, bytes) in files {
        let path = folder.join(name);
        let beside = path.parent().unwrap_or(&folder);
        fs_err::create_dir_all(beside)?;
        if fs_err::read(&path).is_ok_and(|found| found == *bytes) {
            continue;
        }
        let file = tempfile::NamedTempFile::new_in(beside)?;
        fs_err::write(file.path(), bytes)?;
        file.persist(path).map_err(|error| error.error)?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_once_and_mended_where_they_were_changed() {
        let cache = tempfile::tempdir().unwrap();
        let files: [EmbeddedFile; 2] = [("a.py", b"print(1)"), ("site/b.js", b"1")];
        let folder = unpacked(cache.path(), "kind", &files).unwrap();
        assert_eq!(fs_err::read(folder.join("site/b.js")).unwrap(), b"1");
        fs_err::write(folder.join("a.py"), "half").unwrap();
        assert_eq!(unpacked(cache.path(), "kind", &files).unwrap(), folder);
        assert_eq!(fs_err::read(folder.join("a.py")).unwrap(), b"print(1)");
        let other: [EmbeddedFile; 1] = [("a.py", b"print(2)")];
        assert_ne!(unpacked(cache.path(), "kind", &other).unwrap(), folder);
    }
}
