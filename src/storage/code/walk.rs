//! One walk over a folder with code, the same for a copy on this machine and for a cluster.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::credentials::{is_credential, is_in_credentials};
use super::folder::Folder;
use super::ignored::{Ignored, Said};
use super::told::listed;
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
    source: PathBuf,
}

/// Something that no ignore file names and that stays behind all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its path below the code's folder; of a folder all stays behind.
    pub path: PathBuf,
    /// Why it doesn't travel.
    pub why: Why,
}

/// Why something doesn't travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// By its name it holds credentials.
    Credentials,
    /// A private key is in it.
    PrivateKey,
    /// It is the manifest of a Secret, with its values.
    Secret,
    /// A link to something that doesn't travel itself, or to a folder.
    Link,
    /// A pipe, a socket or a device.
    Special,
}

/// The most files and folders of one walk.
const MOST: usize = 1_000_000;

/// The files of a folder that travel. They are opened below the folder that was walked.
#[derive(Debug)]
pub struct Code {
    folder: Folder,
    /// What travels, a folder before what is in it.
    pub entries: Vec<Entry>,
    /// What stays behind by mlctl's own rules.
    pub left: Vec<Left>,
}

/// A link in the code, and what it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// Its path below the code's folder.
    pub link: PathBuf,
    /// Where it leads.
    pub to: PathBuf,
}

/// The code can't travel.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// Links lead out of the folder: they may be somebody else's.
    #[error(
        "{}: {}; what lies outside of a folder doesn't travel with it: name the links in \
         .mlctlignore, or put what they lead to in their place",
        code.display(), shown(links)
    )]
    Outside {
        /// The folder.
        code: PathBuf,
        /// The links.
        links: Vec<Outside>,
    },
    /// The folder itself is one in which a program keeps credentials, or of the system.
    #[error("{}: nothing in it travels, since it is {what}; name a folder with code", code.display())]
    NoCode {
        /// The folder or file without links.
        code: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// So much is no code, and would be looked at for minutes.
    #[error(
        "{}: there are more than {MOST} files and folders in it: name what isn't needed in \
         .mlctlignore, or take a smaller folder", .0.display()
    )]
    TooMany(PathBuf),
    /// An ignore file can't be read, so that it isn't known what travels.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// A folder can't be read.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<CodeError> for io::Error {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Io(error) => error,
            CodeError::Read(error) => error.into(),
            other => Self::new(io::ErrorKind::InvalidInput, other.to_string()),
        }
    }
}

fn shown(links: &[Outside]) -> String {
    let link = |one: &Outside| format!("{} leads to {}", one.link.display(), one.to.display());
    listed(&links.iter().map(link).collect::<Vec<_>>())
}

/// What of `code` travels: not what `.gitignore` and `.mlctlignore` name, never `.git`, and no
/// credentials unless `.mlctlignore` takes them along by their names. Symbolic links are followed only
/// to files within the folder that travel themselves. A lone file travels as itself.
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
    walk.follow_links()?;
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
        let ignored = around.below(&self.code.folder, dir)?;
        let mut found: Vec<_> =
            fs_err::read_dir(root.join(dir))?.collect::<io::Result<Vec<_>>>()?;
        found.sort_by_key(fs_err::DirEntry::file_name);
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

    /// A link travels as the file that it leads to, if that travels: a link is no way around a rule.
    fn follow_links(&mut self) -> Result<(), CodeError> {
        let root = self.code.folder.path.clone();
        let travels: HashSet<PathBuf> = self
            .code
            .entries
            .iter()
            .filter(|entry| !entry.is_dir)
            .map(|entry| entry.path.clone())
            .collect();
        let mut outside = Vec::new();
        for (path, named) in std::mem::take(&mut self.links) {
            let real = fs_err::canonicalize(root.join(&path));
            let below = real.as_ref().map(|real| real.strip_prefix(&root));
            match below {
                Ok(Ok(source)) if travels.contains(source) => {
                    let source = source.to_owned();
                    let entry = Entry { path, is_dir: false, named, credentials: false, source };
                    self.code.entries.push(entry);
                }
                Ok(Err(_)) => {
                    let to = real.unwrap_or_default();
                    outside.push(Outside { link: path, to });
                }
                // Also one that leads nowhere.
                Ok(Ok(_)) | Err(_) => self.code.left.push(Left { path, why: Why::Link }),
            }
        }
        if outside.is_empty() {
            return Ok(());
        }
        Err(CodeError::Outside { code: root, links: outside })
    }
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
