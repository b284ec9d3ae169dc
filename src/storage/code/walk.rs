//! One walk over a folder with code, the same for a copy on this machine and for a cluster.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::credentials::{is_credential, is_in_credentials};
use super::error::CodeError;
use super::folder::Folder;
use super::ignored::{Ignored, Said};
use super::left::{Left, Why};
use super::links::{Leads, Travels};
use crate::storage::ReadError;

/// A file or folder that travels with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path below the working folder.
    pub path: PathBuf,
    /// A folder; it comes before what is in it.
    pub is_dir: bool,
    /// `.mlctlignore` takes it along by its name, whatever is in it.
    pub named: bool,
    /// The name is that of credentials, which travel since they are named.
    pub credentials: bool,
    /// Where it lies below the code's folder; for a link what it points at.
    pub(super) source: PathBuf,
}

/// The most files and folders of one walk.
pub(super) const MOST: usize = 1_000_000;

/// The files of a folder that travel. They are opened below the folder that was walked.
#[derive(Debug)]
pub struct Code {
    folder: Folder,
    /// What travels, a folder before what is in it.
    pub entries: Vec<Entry>,
    /// What stays behind by mlctl's own rules.
    pub left: Vec<Left>,
}

/// What of `code` travels: not what `.gitignore` and `.mlctlignore` name, never `.git`, and no
/// credentials or Python environments unless `.mlctlignore` takes them along by their names. Symbolic
/// links are followed only to files within the folder that travel themselves. A lone file travels as
/// itself.
pub fn walk(code: &Path) -> Result<Code, CodeError> {
    let real = fs_err::canonicalize(code)?;
    let refused = |what| CodeError::NoCode { code: real.clone(), what };
    if is_in_credentials(&real) {
        return Err(refused("a folder of credentials"));
    }
    if ["/proc", "/sys", "/dev"].iter().any(|dir| real.starts_with(dir))
        && !real.starts_with("/dev/shm")
    {
        return Err(refused("a folder of the system"));
    }
    if real.components().any(|part| part.as_os_str() == ".git") {
        return Err(refused("what git keeps"));
    }
    if real.parent().is_none() {
        return Err(refused("all there is on this machine"));
    }
    if !real.is_dir() {
        return lone(&real);
    }
    let mut walk = Walk {
        code: Code { folder: Folder::open(real.clone())?, entries: Vec::new(), left: Vec::new() },
        links: Vec::new(),
    };
    let ignored = Ignored::around(&real)?;
    walk.folder(Path::new(""), &ignored)?;
    walk.follow_links();
    Ok(walk.code)
}

fn lone(file: &Path) -> Result<Code, CodeError> {
    let (Some(parent), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput).into());
    };
    let name = PathBuf::from(name);
    let mut code =
        Code { folder: Folder::open(parent.to_owned())?, entries: Vec::new(), left: Vec::new() };
    code.folder.file(&name)?;
    if is_credential(&name, false) {
        code.left.push(Left { path: name, why: Why::Credentials });
    } else {
        let entry = Entry {
            path: name.clone(),
            is_dir: false,
            named: false,
            credentials: false,
            source: name,
        };
        code.entries.push(entry);
    }
    Ok(code)
}

struct Walk {
    code: Code,
    links: Vec<(PathBuf, bool)>,
}

impl Walk {
    fn folder(&mut self, dir: &Path, around: &Ignored) -> Result<(), CodeError> {
        let root = self.code.folder.path.clone();
        let mut found = contents(&root.join(dir)).map_err(|error| {
            if error.kind() == io::ErrorKind::PermissionDenied && !dir.as_os_str().is_empty() {
                CodeError::Unreadable { code: root.clone(), below: dir.to_owned(), error }
            } else {
                error.into()
            }
        })?;
        found.sort_by_key(fs_err::DirEntry::file_name);
        // Tools that make an environment have git ignore all that is in it. Who takes one along by
        // its name means what is in it.
        let ignored = if !dir.as_os_str().is_empty() && is_environment(&root.join(dir)) {
            around.clone()
        } else {
            around.below(&self.code.folder, dir)?
        };
        for entry in found {
            let path = dir.join(entry.file_name());
            // A file may go while others are looked at.
            let Ok(kind) = entry.file_type() else { continue };
            if entry.file_name() == ".git" {
                continue;
            }
            let is_dir = kind.is_dir();
            let named = match ignored.said(&root.join(&path), is_dir) {
                Said::Ignored => continue,
                Said::Named => true,
                Said::Nothing => false,
            };
            let credentials = is_credential(&path, is_dir);
            if self.code.entries.len() + self.code.left.len() >= MOST {
                return Err(CodeError::TooMany(root));
            }
            if credentials && !named {
                self.code.left.push(Left { path, why: Why::Credentials });
            } else if is_dir && !named && is_environment(&root.join(&path)) {
                let at = root.join(&path);
                self.code.left.push(Left { path, why: Why::Environment { at } });
            } else if kind.is_symlink() {
                self.links.push((path, named));
            } else if is_dir || kind.is_file() {
                let source = path.clone();
                self.code.entries.push(Entry {
                    path: path.clone(),
                    is_dir,
                    named,
                    credentials,
                    source,
                });
                if is_dir {
                    self.folder(&path, &ignored)?;
                }
            } else {
                self.code.left.push(Left { path, why: Why::Special });
            }
        }
        Ok(())
    }

    /// A link travels as the file that it leads to, if that travels.
    fn follow_links(&mut self) {
        let travels = Travels::of(&self.code.entries);
        for (path, named) in std::mem::take(&mut self.links) {
            match travels.leads(&self.code.folder.path, &path) {
                Leads::To(source) => {
                    let entry = Entry { path, is_dir: false, named, credentials: false, source };
                    self.code.entries.push(entry);
                }
                Leads::Stays(why) => self.code.left.push(Left { path, why }),
                Leads::Nowhere => {}
            }
        }
    }
}

/// What is in a folder. It must be one in which names can be looked up too, since files are opened there.
fn contents(dir: &Path) -> io::Result<Vec<fs_err::DirEntry>> {
    let found = fs_err::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    fs_err::symlink_metadata(dir.join("."))?;
    Ok(found)
}

/// A folder made by `python3 -m venv` and its like.
fn is_environment(dir: &Path) -> bool {
    fs_err::symlink_metadata(dir.join("pyvenv.cfg")).is_ok_and(|found| found.is_file())
}

impl Code {
    /// Opens a file that travels. It fails when the file has become a link, or its folder has.
    pub fn open(&self, entry: &Entry) -> Result<File, ReadError> {
        self.folder.file(&entry.source)
    }

    /// The folder's path without links.
    pub fn root(&self) -> &Path {
        &self.folder.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_read_is_named_with_the_line_that_leaves_it_out() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/pgdata");
        fs_err::create_dir_all(&folder).unwrap();
        // Without the right to read it, and without the right to look up names in it.
        for mode in [0o300, 0o600, 0o000] {
            fs_err::set_permissions(&folder, PermissionsExt::from_mode(mode)).unwrap();
            // Root may read everything.
            if fs_err::read_dir(&folder).is_ok() && rustix::process::geteuid().is_root() {
                continue;
            }
            let said = walk(root.path()).unwrap_err().to_string();
            let expected = "a/pgdata: permission denied; if the run doesn't need it, name it in \
                            .mlctlignore by a line `a/pgdata/`";
            assert!(said.contains(expected), "{mode:o}: {said}");
        }
        fs_err::write(root.path().join(".mlctlignore"), "a/pgdata/\n").unwrap();
        assert!(walk(root.path()).is_ok());
        fs_err::set_permissions(&folder, PermissionsExt::from_mode(0o700)).unwrap();
    }
}
