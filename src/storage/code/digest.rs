//! A hash of code: the same for the same files, wherever they lie and whichever runtime takes them.

use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::LazyLock;

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::carry::{Carried, Mask, carry};
use super::error::CodeError;
use super::rules::CodeRules;
use super::walk::walk;
use crate::text::hex;

/// Files are hashed in blocks of this size, so that what a sparse file leaves out costs nothing.
const BLOCK: usize = 1 << 20;

type Hash = [u8; 32];

static ZEROS: LazyLock<Hash> = LazyLock::new(|| Sha256::digest(vec![0; BLOCK]).into());

/// Code as it was when it was submitted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeDigest {
    /// A SHA-256 over names, contents and the right to run them of all files, in hexadecimal.
    pub sha256: String,
    /// How many files it has.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
}

/// The hash of what of a folder or file of code travels.
pub fn digest_code(code: &Path, rules: &CodeRules, mask: Mask) -> Result<CodeDigest, CodeError> {
    let code = walk(code, rules)?;
    let mut files: Vec<(Vec<u8>, Hash)> = Vec::new();
    let mut bytes = 0;
    for entry in code.entries.iter().filter(|entry| !entry.is_dir) {
        let (kind, size, content) = match carry(&code, entry, mask)? {
            Carried::Left(_) => continue,
            Carried::Link(to) => (b'l', 0, Sha256::digest(to.as_os_str().as_bytes()).into()),
            Carried::File { bytes, mode, .. } => (kind(mode), bytes.len() as u64, of_bytes(&bytes)),
            Carried::Large { file, mode, size } => (kind(mode), size, of_file(&file, size)?),
        };
        bytes += size;
        let mut line = entry.path.as_os_str().as_bytes().to_vec();
        line.extend([0, kind]);
        files.push((line, content));
    }
    files.sort();
    let mut all = Sha256::new();
    for (line, content) in &files {
        all.update((line.len() as u64).to_be_bytes());
        all.update(line);
        all.update(content);
    }
    Ok(CodeDigest { sha256: hex::encode(all.finalize()), files: files.len() as u64, bytes })
}

/// Of its permissions only the right to run it reaches every runtime.
fn kind(mode: u32) -> u8 {
    if mode & 0o111 == 0 { b'f' } else { b'x' }
}

fn of_bytes(bytes: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    bytes.chunks(BLOCK).for_each(|block| hash.update(Sha256::digest(block)));
    hash.finalize().into()
}

fn of_file(file: &File, size: u64) -> io::Result<Hash> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BLOCK];
    let (mut at, mut data) = (0, 0);
    while at < size {
        let count = usize::try_from(size - at).unwrap_or(BLOCK).min(BLOCK);
        if data < at {
            data = next_data(file, at);
        }
        if count == BLOCK && data >= at + BLOCK as u64 {
            hash.update(*ZEROS);
        } else {
            let block = &mut buffer[..count];
            file.read_exact_at(block, at)?;
            hash.update(Sha256::digest(block));
        }
        at += count as u64;
    }
    Ok(hash.finalize().into())
}

/// Where the next byte lies that is on the disk, from `at` on. A file system that can't say has all of
/// them there.
pub(super) fn next_data(file: &File, at: u64) -> u64 {
    match seek(file, SeekFrom::Data(at)) {
        Ok(data) => data,
        Err(Errno::NXIO) => u64::MAX,
        Err(_) => at,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn sha(dir: &Path) -> String {
        digest_code(dir, &CodeRules::default(), |_, _| None).unwrap().sha256
    }

    #[test]
    fn names_contents_and_the_right_to_run_count_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let dir = root.path().join(name);
            fs_err::create_dir_all(dir.join("lib")).unwrap();
            fs_err::write(dir.join("a.py"), "a").unwrap();
            fs_err::write(dir.join("lib/b.py"), "b").unwrap();
            dir
        };
        let (one, other) = (make("one"), make("other"));
        fs_err::create_dir(other.join("empty")).unwrap();
        let before = sha(&one);
        assert_eq!(before, sha(&other));
        let mode =
            |mode| fs_err::set_permissions(other.join("a.py"), PermissionsExt::from_mode(mode));
        mode(0o640).unwrap();
        assert_eq!(before, sha(&other));
        mode(0o755).unwrap();
        assert_ne!(before, sha(&other));
        mode(0o644).unwrap();
        fs_err::rename(other.join("lib/b.py"), other.join("lib/c.py")).unwrap();
        assert_ne!(before, sha(&other));
        fs_err::rename(other.join("lib/c.py"), other.join("lib/b.py")).unwrap();
        fs_err::write(other.join("a.py"), "A").unwrap();
        assert_ne!(before, sha(&other));
    }

    #[test]
    fn zeros_are_zeros_whether_they_are_on_the_disk_or_not() {
        let root = tempfile::tempdir().unwrap();
        for (name, size) in [("sparse", 9 << 20), ("full", 9 << 20), ("odd", (6 << 20) + 5)] {
            let dir = root.path().join(name);
            fs_err::create_dir(&dir).unwrap();
            let file = fs_err::File::create(dir.join("x")).unwrap();
            if name == "full" {
                fs_err::write(dir.join("x"), vec![0; size]).unwrap();
            } else {
                file.file().set_len(size as u64).unwrap();
            }
            file.file().write_all_at(b"end", size as u64 - 3).unwrap();
        }
        let of = |name: &str| sha(&root.path().join(name));
        assert_eq!(of("sparse"), of("full"));
        assert_ne!(of("sparse"), of("odd"));
    }
}
