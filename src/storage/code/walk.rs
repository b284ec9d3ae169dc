//! One walk over a folder with code, the same for a copy on this machine and for a cluster.

use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::credentials::{is_credential, is_in_credentials};
use super::error::CodeError;
use super::folder::Folder;
use super::found::{Code, Entry, Skipped};
use super::ignored::{Ignored, Rule, Said};
use super::left::{Left, Why};
use super::links::{Leads, Travels, between};
use super::made::{Made, is_environment};
use super::rules::CodeRules;
use crate::storage::checkout::Tracked;

/// The most files and folders of one walk.
pub(super) const MOST: usize = 1_000_000;

/// What of `code` travels: not what `.gitignore` and `.mlctlignore` name, but what git tracks whatever
/// `.gitignore` says; never `.git`; of code not what runs have written and what mlctl keeps; no credentials
/// or Python environments unless `.mlctlignore` takes them along by their names. Symbolic links are
/// followed only to what is within the folder and travels itself. A lone file travels as itself. Of a copy
/// that was made at a submission all travels.
pub fn walk(code: &Path, rules: &CodeRules) -> Result<Code, CodeError> {
    let real = fs_err::canonicalize(code)?;
    if !rules.fixed {
        is_code(&real)?;
    }
    if !real.is_dir() {
        return lone(&real, rules.fixed);
    }
    let mut walk = Walk {
        code: Code::new(Folder::open(real.clone())?, rules.fixed),
        links: Vec::new(),
        made: Made::by(rules),
    };
    let (ignored, tracked) = if rules.fixed {
        (Ignored::default(), Tracked::default())
    } else {
        (Ignored::around(&real)?, Tracked::around(&real))
    };
    let around = Around { ignored, tracked: Rc::new(tracked), only_tracked: None };
    walk.folder(Path::new(""), &around)?;
    walk.follow_links();
    Ok(walk.code)
}

/// Refuses what is no folder of code at all.
fn is_code(real: &Path) -> Result<(), CodeError> {
    let refused = |what| Err(CodeError::NoCode { code: real.to_owned(), what });
    if is_in_credentials(real) {
        return refused("a folder of credentials");
    }
    if ["/proc", "/sys", "/dev"].iter().any(|dir| real.starts_with(dir))
        && !real.starts_with("/dev/shm")
    {
        return refused("a folder of the system");
    }
    if real.components().any(|part| part.as_os_str() == ".git") {
        return refused("what git keeps");
    }
    if real.parent().is_none() {
        return refused("all there is on this machine");
    }
    Ok(())
}

fn lone(file: &Path, fixed: bool) -> Result<Code, CodeError> {
    let (Some(parent), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput).into());
    };
    let name = PathBuf::from(name);
    let mut code = Code::new(Folder::open(parent.to_owned())?, fixed);
    code.folder.file(&name)?;
    if is_credential(&name, false) && !fixed {
        code.left.push(Left { path: name, why: Why::Credentials });
    } else {
        let entry = Entry {
            path: name.clone(),
            is_dir: false,
            named: false,
            credentials: false,
            source: name,
            link: None,
        };
        code.entries.push(entry);
    }
    Ok(code)
}

struct Walk {
    code: Code,
    links: Vec<(PathBuf, bool)>,
    made: Made,
}

/// What counts in a folder.
#[derive(Clone)]
struct Around {
    ignored: Ignored,
    tracked: Rc<Tracked>,
    /// The folder is ignored by this rule, and is walked for the files that git tracks.
    only_tracked: Option<Rc<Rule>>,
}

impl Around {
    /// What counts within a folder of the code.
    fn below(&self, code: &Folder, dir: &Path) -> Result<Self, CodeError> {
        let root = code.path.join(dir);
        let mut within = self.clone();
        if !dir.as_os_str().is_empty() {
            // Tools that make an environment have git ignore all that is in it. Who takes one along by
            // its name means what is in it.
            if is_environment(&root) {
                return Ok(within);
            }
            if root.join(".git").exists() {
                within.tracked = Rc::new(Tracked::around(&root));
            }
        }
        within.ignored = self.ignored.below(code, dir)?;
        Ok(within)
    }

    /// The rule by which a file stays behind, or for a folder, `within` which only tracked files travel.
    fn said(&self, path: &Path, is_dir: bool) -> Verdict {
        let rule = match (self.ignored.said(path, is_dir), &self.only_tracked) {
            (Said::Named, _) => return Verdict::Travels { named: true, only_tracked: None },
            (Said::Nothing, None) => return Verdict::Travels { named: false, only_tracked: None },
            (Said::Ignored(rule), _) if !rule.of_git => return Verdict::Ignored(rule),
            (Said::Ignored(rule), _) => rule,
            (Said::Nothing, Some(rule)) => Rc::clone(rule),
        };
        if is_dir && self.tracked.has_in(path) {
            Verdict::Travels { named: false, only_tracked: Some(rule) }
        } else if !is_dir && self.tracked.has(path) {
            Verdict::Travels { named: false, only_tracked: None }
        } else {
            Verdict::Ignored(rule)
        }
    }
}

enum Verdict {
    Travels { named: bool, only_tracked: Option<Rc<Rule>> },
    Ignored(Rc<Rule>),
}

impl Walk {
    fn folder(&mut self, dir: &Path, around: &Around) -> Result<(), CodeError> {
        let root = self.code.folder.path.clone();
        let mut found = contents(&root.join(dir)).map_err(|error| {
            if error.kind() == io::ErrorKind::PermissionDenied && !dir.as_os_str().is_empty() {
                CodeError::Unreadable { code: root.clone(), below: dir.to_owned(), error }
            } else {
                error.into()
            }
        })?;
        found.sort_by_key(fs_err::DirEntry::file_name);
        let fixed = self.code.fixed;
        let around = if fixed { around.clone() } else { around.below(&self.code.folder, dir)? };
        for entry in found {
            let path = dir.join(entry.file_name());
            // A file may go while others are looked at.
            let Ok(kind) = entry.file_type() else { continue };
            if entry.file_name() == ".git" {
                continue;
            }
            if self.code.entries.len() + self.code.left.len() + self.code.skipped.len() >= MOST {
                return Err(CodeError::TooMany(root));
            }
            let (is_dir, at) = (kind.is_dir(), root.join(&path));
            let verdict = if fixed {
                Verdict::Travels { named: true, only_tracked: None }
            } else if let Some(why) = self.made.why(&at, is_dir) {
                self.code.left.push(Left { path, why });
                continue;
            } else {
                around.said(&at, is_dir)
            };
            let (named, only_tracked) = match verdict {
                Verdict::Travels { named, only_tracked } => (named, only_tracked),
                Verdict::Ignored(rule) => {
                    self.code.skipped.push(Skipped { path, rule });
                    continue;
                }
            };
            let credentials = !fixed && is_credential(&path, is_dir);
            if credentials && !named {
                self.code.left.push(Left { path, why: Why::Credentials });
            } else if is_dir && !named && is_environment(&at) {
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
                    link: None,
                });
                if is_dir {
                    self.folder(&path, &Around { only_tracked, ..around.clone() })?;
                }
            } else {
                self.code.left.push(Left { path, why: Why::Special });
            }
        }
        let unread = around.tracked.unread();
        self.code.unread.extend(unread.filter(|index| !self.code.unread.contains(index)));
        Ok(())
    }

    /// A link travels as the file that it leads to, if that travels, and as a link to a folder.
    fn follow_links(&mut self) {
        let travels = Travels::of(&self.code.entries);
        for (path, named) in std::mem::take(&mut self.links) {
            let (source, link) = match travels.leads(&self.code.folder.path, &path) {
                Leads::To(source) => (source, None),
                Leads::ToFolder(to) => (to.clone(), Some(between(&path, &to))),
                Leads::Stays(why) => {
                    self.code.left.push(Left { path, why });
                    continue;
                }
                Leads::Nowhere => continue,
            };
            let entry = Entry { path, is_dir: false, named, credentials: false, source, link };
            self.code.entries.push(entry);
        }
    }
}

/// What is in a folder. It must be one in which names can be looked up too, since files are opened there.
fn contents(dir: &Path) -> io::Result<Vec<fs_err::DirEntry>> {
    let found = fs_err::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    fs_err::symlink_metadata(dir.join("."))?;
    Ok(found)
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
            let said = walk(root.path(), &CodeRules::default()).unwrap_err().to_string();
            let expected = "a/pgdata: permission denied; if the run doesn't need it, name it in \
                            .mlctlignore by a line `a/pgdata/`";
            assert!(said.contains(expected), "{mode:o}: {said}");
        }
        fs_err::write(root.path().join(".mlctlignore"), "a/pgdata/\n").unwrap();
        assert!(walk(root.path(), &CodeRules::default()).is_ok());
        fs_err::set_permissions(&folder, PermissionsExt::from_mode(0o700)).unwrap();
    }
}
