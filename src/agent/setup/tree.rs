//! A folder or file as a hash of its content.

use std::ffi::OsString;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// So many files and folders are looked at; what installs packages has fewer.
const MOST_ENTRIES: u64 = 100_000;
/// So many bytes are read.
const MOST_BYTES: u64 = 4 << 30;
/// Larger archives are not read whole.
const LARGE: u64 = 32 << 20;
/// So much is read of each end of a large archive. The sums of all that is in a wheel stand at its end.
const END: u64 = 4 << 20;
/// Archives that have sums of their content at their end. The one of a wheel or zip is for each file in it, that
/// of gzip is for all.
const SUMMED: [&[u8]; 4] = [b"whl", b"zip", b"gz", b"tgz"];

/// What may be read yet.
pub(super) struct Budget {
    entries: u64,
    bytes: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { entries: MOST_ENTRIES, bytes: MOST_BYTES }
    }
}

/// The hash of a file, or of a folder with all that is in it: names in order, contents, and which files
/// can be run. Links are followed. An error of the kind `QuotaExceeded` says that it is too much.
pub(super) fn hash(path: &Path, budget: &mut Budget) -> io::Result<[u8; 32]> {
    let mut digest = Sha256::new();
    entry(path, &mut digest, budget, &mut Vec::new())?;
    Ok(digest.finalize().into())
}

fn entry(
    path: &Path,
    digest: &mut Sha256,
    budget: &mut Budget,
    above: &mut Vec<(u64, u64)>,
) -> io::Result<()> {
    budget.entries = budget.entries.checked_sub(1).ok_or_else(|| too_much(path))?;
    let about = match fs_err::metadata(path) {
        // A link to nowhere; what is gone meanwhile would not be listed.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let target = fs_err::read_link(path)?;
            put(digest, b'l', target.as_os_str().as_bytes());
            return Ok(());
        }
        other => other?,
    };
    if about.is_dir() {
        let me = (about.dev(), about.ino());
        if above.contains(&me) {
            put(digest, b'c', b"");
            return Ok(());
        }
        above.push(me);
        let names = names(path)?;
        put(digest, b'd', &(names.len() as u64).to_be_bytes());
        for name in names {
            put(digest, b'n', name.as_bytes());
            entry(&path.join(&name), digest, budget, above)?;
        }
        above.pop();
    } else if about.is_file() {
        let runs = about.permissions().mode() & 0o111 != 0;
        put(digest, if runs { b'x' } else { b'f' }, &content(path, budget)?);
    } else {
        // A pipe or a device says nothing beforehand.
        put(digest, b'o', b"");
    }
    Ok(())
}

fn content(path: &Path, budget: &mut Budget) -> io::Result<[u8; 32]> {
    let mut digest = Sha256::new();
    let mut file = fs_err::File::open(path)?;
    let ending = path.extension().map(OsStrExt::as_bytes);
    let size = file.metadata()?.len();
    if size > LARGE && ending.is_some_and(|ending| SUMMED.contains(&ending)) {
        digest.update(size.to_be_bytes());
        read(path, &mut (&mut file).take(END), &mut digest, budget)?;
        file.seek(SeekFrom::End(-END.cast_signed()))?;
    }
    read(path, &mut file, &mut digest, budget)?;
    Ok(digest.finalize().into())
}

fn read(
    path: &Path,
    from: &mut impl Read,
    digest: &mut Sha256,
    budget: &mut Budget,
) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        budget.bytes = budget.bytes.checked_sub(count as u64).ok_or_else(|| too_much(path))?;
        digest.update(&buffer[..count]);
    }
}

/// The names in a folder in order, less what building and running leave behind.
fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let in_git = folder.file_name().is_some_and(|name| name == ".git");
    let mut names = Vec::new();
    for one in fs_err::read_dir(folder)? {
        let name = one?.file_name();
        let path = PathBuf::from(&name);
        let ending = path.extension().map(OsStrExt::as_bytes);
        let is_left = name == "__pycache__" || matches!(ending, Some(b"pyc" | b"egg-info"));
        // Versions are taken from commits and tags; what else a checkout keeps changes by looking at it.
        let is_kept = !in_git || name == "HEAD" || name == "refs" || name == "packed-refs";
        if !is_left && is_kept {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn put(digest: &mut Sha256, sort: u8, bytes: &[u8]) {
    digest.update([sort]);
    digest.update((bytes.len() as u64).to_be_bytes());
    digest.update(bytes);
}

fn too_much(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::QuotaExceeded, format!("{} is too much to hash", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn whatever_is_installed_counts() {
        let root = tempfile::tempdir().unwrap();
        let pkg = root.path().join("pkg");
        let shared = root.path().join("shared");
        fs_err::create_dir_all(pkg.join("a/b")).unwrap();
        fs_err::create_dir_all(&shared).unwrap();
        fs_err::write(pkg.join("a/b/x.py"), "x = 1").unwrap();
        fs_err::write(shared.join("y.py"), "y = 1").unwrap();
        symlink("../shared", pkg.join("linked")).unwrap();
        symlink("..", pkg.join("a/up")).unwrap();
        symlink("nowhere", pkg.join("dangling")).unwrap();
        let hash = || hash(&pkg, &mut Budget::default()).unwrap();
        let mut before = hash();
        assert_eq!(before, hash());
        for leavings in ["a/__pycache__", "pkg.egg-info"] {
            fs_err::create_dir_all(pkg.join(leavings)).unwrap();
            fs_err::write(pkg.join(leavings).join("z"), "z").unwrap();
        }
        assert_eq!(before, hash());
        let changes: [&dyn Fn(); 6] = [
            &|| fs_err::write(pkg.join("a/b/x.py"), "x = 2").unwrap(),
            &|| fs_err::write(shared.join("y.py"), "y = 2").unwrap(),
            &|| fs_err::rename(pkg.join("a/b/x.py"), pkg.join("a/b/z.py")).unwrap(),
            &|| {
                let runs = std::fs::Permissions::from_mode(0o755);
                fs_err::set_permissions(pkg.join("a/b/z.py"), runs).unwrap();
            },
            &|| fs_err::write(pkg.join("a/empty"), "").unwrap(),
            &|| fs_err::create_dir(pkg.join("none")).unwrap(),
        ];
        for change in changes {
            change();
            assert_ne!(before, hash());
            before = hash();
        }
        let mut few = Budget { entries: 3, bytes: 1 << 20 };
        let error = super::hash(&pkg, &mut few).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
    }

    #[test]
    fn of_a_large_archive_only_the_ends_are_read() {
        let root = tempfile::tempdir().unwrap();
        let hash = |name: &str, size: u64, budget: u64| {
            let path = root.path().join(name);
            fs_err::File::create(&path).unwrap().file().set_len(size).unwrap();
            super::hash(&path, &mut Budget { entries: 9, bytes: budget })
        };
        let whole = hash("a.whl", LARGE + 1, 2 * END).unwrap();
        assert_ne!(whole, hash("a.whl", LARGE + 2, 2 * END).unwrap());
        assert!(hash("a.bin", LARGE + 1, 2 * END).is_err());
        assert!(hash("small.whl", LARGE, LARGE).is_ok());
        for at in [0, LARGE] {
            let path = root.path().join("a.whl");
            hash("a.whl", LARGE + 1, 2 * END).unwrap();
            let file = fs_err::OpenOptions::new().write(true).open(&path).unwrap();
            std::os::unix::fs::FileExt::write_all_at(file.file(), b"x", at).unwrap();
            let after = super::hash(&path, &mut Budget::default()).unwrap();
            assert_ne!(whole, after, "{at}");
        }
    }
}
