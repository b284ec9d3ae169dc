//! The ignore files around a file: `.mlctlignore` over `.ignore` over `.gitignore`, the nearest first.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, Glob};

use super::folder::Folder;
use crate::storage::ReadError;

/// The files with patterns, the one that counts most first.
const NAMES: [&str; 3] = [OWN, ".ignore", ".gitignore"];

/// From this place on the rules are git's.
const GIT: usize = 2;

/// mlctl's own.
const OWN: &str = ".mlctlignore";

/// What git keeps for one checkout alone.
const EXCLUDE: &str = ".git/info/exclude";

/// So many characters of a pattern are told.
const SHOWN: usize = 200;

/// The most bytes of such a file.
const LIMIT: u64 = 1 << 20;

/// The patterns of one folder and of those around it.
#[derive(Clone, Default)]
pub(super) struct Ignored {
    layer: Option<Rc<Layer>>,
}

struct Layer {
    /// By the place in [`NAMES`], then what git excludes.
    patterns: [Option<Patterns>; NAMES.len() + 1],
    around: Option<Rc<Layer>>,
}

/// The patterns of one file. Those that have named something are kept to be told: there may be as many
/// files as a folder holds, and a line of a megabyte.
struct Patterns {
    globs: Gitignore,
    file: PathBuf,
    of_git: bool,
    told: RefCell<HashMap<PathBuf, Rc<Rule>>>,
}

impl Patterns {
    fn rule(&self, glob: &Glob) -> Rc<Rule> {
        let number = glob.from().unwrap_or(Path::new("")).to_owned();
        let rule = || {
            let mut pattern: String = glob.original().chars().take(SHOWN).collect();
            if pattern.len() < glob.original().len() {
                pattern.push('…');
            }
            let line = format!("{}:{}", self.file.display(), number.display());
            Rc::new(Rule { pattern, line, of_git: self.of_git })
        };
        Rc::clone(self.told.borrow_mut().entry(number.clone()).or_insert_with(rule))
    }
}

/// What the patterns say of a file or folder.
pub(super) enum Said {
    /// It travels if nothing else is against it.
    Nothing,
    /// It does not travel.
    Ignored(Rc<Rule>),
    /// `.mlctlignore` takes it along by its name: `!.env`, and not just `!*`.
    Named,
}

/// A line of an ignore file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// The line as it is written, a long one cut.
    pub pattern: String,
    /// The file and the number of the line: `/p/.gitignore:3`.
    pub line: String,
    /// git's own rule, which says nothing of files that it tracks.
    pub(super) of_git: bool,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.pattern, self.line)
    }
}

impl Ignored {
    /// What stands in the folders around the code, up to the root of its checkout. Only folders of the
    /// same owner count: anybody may write into the ones above.
    pub(super) fn around(code: &Path) -> Result<Self, ReadError> {
        let owner = |dir: &Path| fs_err::symlink_metadata(dir).ok().map(|meta| meta.uid());
        let is_root = |dir: &Path| dir.join(".git").exists();
        let me = owner(code);
        let mut above: Vec<PathBuf> = Vec::new();
        let mut found = is_root(code);
        for dir in code.ancestors().skip(1).take_while(|dir| !found && owner(dir) == me) {
            above.push(dir.to_owned());
            if is_root(dir) {
                found = true;
                break;
            }
        }
        let mut ignored = Self::default();
        for dir in above.iter().rev().filter(|_| found) {
            let Ok(folder) = Folder::open(dir.clone()) else { continue };
            ignored = ignored.below(&folder, Path::new(""))?;
        }
        Ok(ignored)
    }

    /// The patterns that count within a folder: those of its own files, then those around it.
    pub(super) fn below(&self, folder: &Folder, dir: &Path) -> Result<Self, ReadError> {
        let root = folder.path.join(dir);
        let mut patterns = [const { None }; NAMES.len() + 1];
        let slots = patterns.iter_mut().zip(NAMES.into_iter().chain([EXCLUDE])).enumerate();
        for (index, (slot, name)) in slots {
            let file = dir.join(name);
            let bytes = match folder.read(&file, LIMIT) {
                Ok(bytes) => bytes,
                // A checkout of a worktree has a file where others have a folder.
                Err(error) if error.is_missing() || name == EXCLUDE => continue,
                Err(error) => return Err(error),
            };
            *slot = Some(Patterns {
                globs: parse(&root, &bytes),
                file: root.join(name),
                of_git: index >= GIT,
                told: RefCell::default(),
            });
        }
        if patterns.iter().all(Option::is_none) {
            return Ok(self.clone());
        }
        Ok(Self { layer: Some(Rc::new(Layer { patterns, around: self.layer.clone() })) })
    }

    /// What the patterns say of an absolute path.
    pub(super) fn said(&self, path: &Path, is_dir: bool) -> Said {
        for index in 0..=NAMES.len() {
            let mut layer = self.layer.as_deref();
            while let Some(Layer { patterns, around }) = layer {
                if let Some(patterns) = &patterns[index] {
                    match patterns.globs.matched(path, is_dir) {
                        Match::Ignore(glob) => return Said::Ignored(patterns.rule(glob)),
                        Match::Whitelist(glob) if index == 0 && names(glob.original()) => {
                            return Said::Named;
                        }
                        Match::Whitelist(_) => return Said::Nothing,
                        Match::None => {}
                    }
                }
                layer = around.as_deref();
            }
        }
        Said::Nothing
    }
}

/// A line that is no pattern is left out, as git does. Each pattern says the number of its line.
fn parse(root: &Path, bytes: &[u8]) -> Gitignore {
    let mut builder = GitignoreBuilder::new(root);
    let text = String::from_utf8_lossy(bytes);
    for (number, line) in text.strip_prefix('\u{feff}').unwrap_or(&text).lines().enumerate() {
        let _ = builder.add_line(Some((number + 1).to_string().into()), line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// The last part of a pattern is a name: whoever writes `*.json` or `[a-z]*` doesn't think of the
/// credentials that it means too.
fn names(pattern: &str) -> bool {
    let last = pattern.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    last.chars().any(char::is_alphanumeric) && !last.contains(['*', '?', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(root: &Path, path: &str) -> &'static str {
        let folder = Folder::open(root.to_owned()).unwrap();
        let mut ignored = Ignored::default().below(&folder, Path::new("")).unwrap();
        let dir = Path::new(path).parent().unwrap();
        if !dir.as_os_str().is_empty() {
            ignored = ignored.below(&folder, dir).unwrap();
        }
        match ignored.said(&root.join(path), false) {
            Said::Nothing => "nothing",
            Said::Ignored(_) => "ignored",
            Said::Named => "named",
        }
    }

    #[test]
    fn the_nearest_counts_and_own_patterns_count_most() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        fs_err::create_dir_all(root.join("a")).unwrap();
        fs_err::create_dir_all(root.join(".git/info")).unwrap();
        for (name, text) in [
            (".gitignore", "*.log\n.env\nx\n!kept.bin\n"),
            ("a/.gitignore", "!y.log\n"),
            (".mlctlignore", "\u{feff}*.bin\n!.env\n!*.pem\n!id.pem\n!a/*\n"),
            (".git/info/exclude", "mine\n"),
        ] {
            fs_err::write(root.join(name), text).unwrap();
        }
        for (path, expected) in [
            ("x.log", "ignored"),
            ("x", "ignored"),
            ("kept.bin", "ignored"),
            ("mine", "ignored"),
            (".env", "named"),
            ("k.pem", "nothing"),
            ("id.pem", "named"),
            ("train.py", "nothing"),
            ("a/key", "nothing"),
            ("a/y.log", "nothing"),
        ] {
            assert_eq!(said(&root, path), expected, "{path}");
        }
    }

    #[test]
    fn a_rule_is_told_with_its_file_and_line() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        fs_err::write(root.join(".gitignore"), "# all\n\n*.bin\n").unwrap();
        let folder = Folder::open(root.clone()).unwrap();
        let ignored = Ignored::default().below(&folder, Path::new("")).unwrap();
        let Said::Ignored(rule) = ignored.said(&root.join("x.bin"), false) else {
            panic!("travels")
        };
        assert_eq!(rule.to_string(), format!("`*.bin` ({}/.gitignore:3)", root.display()));
        assert!(rule.of_git);
    }

    #[test]
    fn a_line_is_kept_once_however_long_it_is_and_much_it_names() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        fs_err::write(root.join(".mlctlignore"), format!("[x{}]*\n", "é".repeat(9000))).unwrap();
        let folder = Folder::open(root.clone()).unwrap();
        let ignored = Ignored::default().below(&folder, Path::new("")).unwrap();
        let rule = |name: &str| match ignored.said(&root.join(name), false) {
            Said::Ignored(rule) => rule,
            _ => panic!("travels"),
        };
        let (one, other) = (rule("x1"), rule("x2"));
        assert!(Rc::ptr_eq(&one, &other));
        assert_eq!(one.pattern.chars().count(), SHOWN + 1);
        assert!(one.line.ends_with("/.mlctlignore:1"), "{}", one.line);
    }

    #[test]
    fn ignore_files_are_read_like_any_other() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        std::os::unix::fs::symlink("/dev/zero", root.join(".gitignore")).unwrap();
        let folder = Folder::open(root).unwrap();
        let below = Ignored::default().below(&folder, Path::new(""));
        assert!(below.err().unwrap().to_string().contains(".gitignore"));
    }
}
