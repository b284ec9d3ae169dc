//! Which files git would not speak of: the rules of the user, of the repository and of each folder.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::storage;
use crate::storage::checkout::Repository;

/// A file with rules is no larger.
const SIZE: u64 = 1 << 20;

/// The user's own rules for every checkout: in the file that the user's own configuration names, or else
/// in the one that git takes. `config` is the folder of configurations.
pub(in crate::cli) fn personal(home: Option<&Path>, config: Option<&Path>) -> Vec<u8> {
    let read = |path: &Path| storage::read(path, SIZE).unwrap_or_default();
    let files = [config.map(|dir| dir.join("git/config")), home.map(|dir| dir.join(".gitconfig"))];
    let named = files.into_iter().flatten().filter_map(|file| {
        let text = String::from_utf8(read(&file)).ok()?;
        let values = text.lines().filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            let is_it = name.trim().eq_ignore_ascii_case("excludesfile");
            is_it.then(|| value.trim().trim_matches('"').to_owned())
        });
        values.reduce(|_, last| last)
    });
    let named = named.reduce(|_, last| last).and_then(|name| match name.strip_prefix("~/") {
        Some(below) => Some(home?.join(below)),
        None => Some(name.into()).filter(|path: &PathBuf| path.is_absolute()),
    });
    named.or_else(|| Some(config?.join("git/ignore"))).map(|path| read(&path)).unwrap_or_default()
}

/// The rules that hold in a folder: its own come before those of the folders above it.
#[derive(Clone)]
pub(super) struct Rules(Option<Rc<Level>>);

struct Level {
    own: Gitignore,
    above: Rules,
}

impl Rules {
    /// What holds in the whole checkout.
    pub(super) fn of(repository: &Repository, excludes: &[u8]) -> Self {
        let list = repository.common.join("info/exclude");
        let root = &repository.root;
        let of_repository = storage::read(&list, SIZE).unwrap_or_default();
        Self(None).with(root, excludes).with(root, &of_repository)
    }

    /// What holds in a folder within.
    pub(super) fn within(&self, dir: &Path) -> Self {
        // git doesn't follow a link here.
        let path = dir.join(".gitignore");
        let is_link = fs_err::symlink_metadata(&path).map_or(true, |meta| meta.is_symlink());
        if is_link {
            self.clone()
        } else {
            self.with(dir, &storage::read(&path, SIZE).unwrap_or_default())
        }
    }

    fn with(&self, dir: &Path, text: &[u8]) -> Self {
        if text.is_empty() {
            return self.clone();
        }
        let mut builder = GitignoreBuilder::new(dir);
        for line in String::from_utf8_lossy(text).lines() {
            // A rule that can't be understood is none.
            let _ = builder.add_line(None, line);
        }
        match builder.build() {
            Ok(own) => Self(Some(Rc::new(Level { own, above: self.clone() }))),
            Err(_) => self.clone(),
        }
    }

    pub(super) fn ignores(&self, path: &Path, is_dir: bool) -> bool {
        let mut level = self;
        while let Some(rules) = &level.0 {
            match rules.own.matched(path, is_dir) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => level = &rules.above,
            }
        }
        false
    }
}
