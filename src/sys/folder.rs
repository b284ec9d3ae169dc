//! Folders that are opened as they are named: no part of the path is a link that somebody has put there.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);

/// Opens a folder by a path without links; an error when any part of it is one.
pub fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    match openat2(CWD, path, FOLDER, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        // Older than Linux 5.6, or kept from it by a sandbox that knows no such call.
        Err(Errno::NOSYS | Errno::PERM) => walk(path),
        opened => Ok(opened?),
    }
}

/// The same, part by part.
fn walk(path: &Path) -> io::Result<OwnedFd> {
    let start = if path.is_absolute() { Path::new("/") } else { Path::new(".") };
    let mut at = openat(CWD, start, FOLDER, Mode::empty())?;
    for part in path.components() {
        let name = match part {
            Component::Normal(name) => Path::new(name),
            Component::ParentDir => Path::new(".."),
            _ => continue,
        };
        at = openat(&at, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
    }
    Ok(at)
}

/// Makes a file in an open folder, for this user alone; an error when there is anything of that name.
pub fn make_private(folder: &OwnedFd, name: &str) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_part_of_the_path_is_followed() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        fs_err::create_dir_all(root.join("a/b")).unwrap();
        symlink("a", root.join("link")).unwrap();
        for open in [open_folder, walk] {
            open(&root.join("a/b")).unwrap();
            open(&root.join("a/../a/b")).unwrap();
            for wrong in ["link", "link/b", "a/none"] {
                assert!(open(&root.join(wrong)).is_err(), "{wrong}");
            }
        }
        let folder = open_folder(&root.join("a")).unwrap();
        symlink("/nowhere", root.join("a/x")).unwrap();
        assert!(make_private(&folder, "x").is_err());
        make_private(&folder, "y").unwrap();
    }
}
