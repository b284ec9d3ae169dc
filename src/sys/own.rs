//! Whose a file is: what this user, or root, has written, and nobody else can write.
//!
//! The rules are those of ssh. Where others can't get at a file, since a folder above it lets nobody but
//! its owner through, its own mode says nothing.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, OFlags, access};

use super::users::{effective_user_id, is_private_group, stands_for_unmapped};
use super::way::look;

/// Why a file or folder is not used: somebody else could have written what is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// It is another user's, and could be anything.
    #[error("{} belongs to user {owner}, and this is user {user}", .path.display())]
    Owner {
        /// The file or folder.
        path: PathBuf,
        /// The number of its owner.
        owner: u32,
        /// The number of the user who runs this program.
        user: u32,
    },
    /// Others may write to it.
    #[error("{} can be written by others (mode {mode:04o})", .path.display())]
    Writable {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is a link, a pipe, a socket or a device where a file is expected.
    #[error("{} is not a regular file", .path.display())]
    Kind {
        /// What lies there.
        path: PathBuf,
    },
}

impl Untrusted {
    /// The reason in an error of a file operation, if that is what it is.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl Untrusted {
    /// The command that mends it, or that shows what is there.
    pub fn mend(&self) -> String {
        match self {
            Self::Writable { path, .. } => format!("chmod go-w {}", path.display()),
            Self::Owner { path, .. } | Self::Kind { path } => {
                format!("ls -ld {}   # and move it away", path.display())
            }
        }
    }
}

impl From<Untrusted> for io::Error {
    fn from(reason: Untrusted) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, reason)
    }
}

/// Opens a file of this user's own as the options say. A link, a pipe or a device in its place is never
/// followed, waited for or touched. An error that is [`Untrusted`] when it is another user's, or others
/// can write to it.
///
/// The folder is not looked at: see [`check_own`]. Options that cut a file would do so before it is
/// looked at.
pub fn open_own(path: &Path, options: &OpenOptions) -> io::Result<File> {
    let mut options = options.clone();
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    let kind = || Untrusted::Kind { path: path.to_owned() };
    let opened = fs_err::OpenOptions::from_options(options).open(path);
    let file = match opened {
        Ok(file) => file.into_file(),
        // A link, or a pipe that nobody reads or a socket.
        Err(error) => {
            let odd = fs_err::symlink_metadata(path).is_ok_and(|meta| !meta.is_file());
            return Err(if odd { kind().into() } else { error });
        }
    };
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(kind().into());
    }
    let user = effective_user_id();
    if !is_ours(meta.uid(), user) {
        let path = path.to_owned();
        return Err(Untrusted::Owner { path, owner: meta.uid(), user }.into());
    }
    if is_loose(&meta, user) && !look(path)?.is_closed() {
        return Err(
            Untrusted::Writable { path: path.to_owned(), mode: meta.mode() & 0o7777 }.into()
        );
    }
    Ok(file)
}

/// A folder or file that belongs to a user who is neither this one nor root.
pub fn is_anothers(path: &Path) -> bool {
    fs_err::metadata(path).is_ok_and(|meta| {
        !is_ours(meta.uid(), effective_user_id()) && !stands_for_unmapped(meta.uid())
    })
}

/// This user may make something in a folder, or the folder itself where it is not there yet.
pub fn can_make_in(folder: &Path) -> bool {
    let there = folder.ancestors().find(|at| at.exists());
    there.is_some_and(|at| at.is_dir() && access(at, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

/// The whole of a file of this user's own.
pub fn read_own(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_own(path, OpenOptions::new().read(true))?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same as text.
pub fn read_own_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_own(path)?).map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{} is not text", path.display()))
    })
}

/// Looks at a file or folder and at all folders above it, up to the root: each must be this user's or
/// root's and not for others to write to, unless they can't replace what is in it. The path without
/// links; what does not exist yet is no error, and its folder is looked at all the same.
pub fn check_own(path: &Path) -> io::Result<PathBuf> {
    let seen = look(path)?;
    Ok(seen.unsound.map_or(Ok(seen.path), Err)?)
}

pub(super) fn is_ours(owner: u32, user: u32) -> bool {
    owner == user || owner == 0
}

/// A path without links, whosever what lies there is; what does not exist yet is no error.
pub fn without_links(path: &Path) -> io::Result<PathBuf> {
    Ok(look(path)?.path)
}

/// Others may write to it. A user's private group, which many systems give to everybody, is no other.
pub(super) fn is_loose(meta: &Metadata, user: u32) -> bool {
    meta.mode() & 0o002 != 0 || (meta.mode() & 0o020 != 0 && !is_private_group(meta.gid(), user))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs_err::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_path_is_followed_as_the_kernel_does() {
        let root = tempfile::tempdir().unwrap();
        let dir = fs_err::canonicalize(root.path()).unwrap();
        fs_err::create_dir_all(dir.join("a/b")).unwrap();
        fs_err::write(dir.join("a/b/file"), "x").unwrap();
        symlink("a/b", dir.join("link")).unwrap();
        symlink(dir.join("link/../b/file"), dir.join("far")).unwrap();
        symlink("loop", dir.join("loop")).unwrap();
        let file = dir.join("a/b/file");
        for path in ["a/b/file", "link/file", "link/../b/file", "far", "./a//b/../b/file"] {
            assert_eq!(check_own(&dir.join(path)).unwrap(), file, "{path}");
        }
        assert_eq!(check_own(&dir.join("link/new/x")).unwrap(), dir.join("a/b/new/x"));
        assert!(check_own(&dir.join("loop")).unwrap_err().to_string().contains("too many links"));
        assert!(check_own(&file.join("below")).is_err());
    }

    #[test]
    fn what_others_can_write_is_fine_where_they_cannot_get() {
        let root = tempfile::tempdir().unwrap();
        let (dir, file) = (root.path().join("dir"), root.path().join("dir/file"));
        fs_err::create_dir(&dir).unwrap();
        fs_err::write(&file, "x").unwrap();
        mode(&dir, 0o777);
        mode(&file, 0o666);
        mode(root.path(), 0o700);
        assert_eq!(read_own(&file).unwrap(), b"x");
        mode(root.path(), 0o711);
        let error = read_own(&file).unwrap_err();
        let reason = Untrusted::Writable { path: file.clone(), mode: 0o666 };
        assert_eq!(Untrusted::of(&error), Some(&reason));
        mode(&file, 0o644);
        assert_eq!(read_own_text(&file).unwrap(), "x");
        let reason = Untrusted::Writable { path: dir.clone(), mode: 0o777 };
        assert_eq!(Untrusted::of(&check_own(&file).unwrap_err()), Some(&reason));
        mode(&dir, 0o1777);
        check_own(&file).unwrap();
    }

    #[test]
    fn what_is_no_file_is_not_opened() {
        let root = tempfile::tempdir().unwrap();
        let (link, pipe) = (root.path().join("link"), root.path().join("pipe"));
        symlink("/etc/passwd", &link).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [&link, &pipe, &root.path().to_owned()] {
            for options in
                [OpenOptions::new().read(true), OpenOptions::new().append(true).create(true)]
            {
                let error = open_own(path, options).unwrap_err();
                let reason = Untrusted::Kind { path: path.clone() };
                assert_eq!(Untrusted::of(&error), Some(&reason), "{error}");
            }
        }
        let missing = read_own(&root.path().join("none")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
