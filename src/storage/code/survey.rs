//! How much of a folder travels, and by which rule the rest of it stays behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::found::{Code, Entry};
use super::left::{Left, Why};

/// How many paths each rule is told with.
const NAMED: usize = 5;

/// Code of more bytes than this is much.
pub const MUCH_BYTES: u64 = 100 << 20;

/// What of a folder travels and what doesn't.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeSurvey {
    /// How many files travel.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
    /// What stays behind, by the rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What most of it is in, the largest first; empty where no part counts.
    #[serde(skip)]
    pub largest: Vec<Part>,
}

/// What stays behind by one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// The line of an ignore file, or what mlctl has against it.
    pub rule: String,
    /// How many files and folders it is.
    pub count: usize,
    /// The first of them.
    pub paths: Vec<PathBuf>,
}

/// A file or folder directly in the code's folder, or deeper where that alone holds nearly everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Its path below the code's folder.
    pub path: PathBuf,
    /// It is a folder.
    pub is_dir: bool,
    /// How many files are in it.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
}

impl Code {
    /// Counts what travels before anything is looked into. Sizes are those of the files as they are read,
    /// also of sparse ones.
    pub fn survey(&self) -> CodeSurvey {
        let mut survey = CodeSurvey::default();
        let mut sizes = Vec::new();
        for entry in self.entries.iter().filter(|entry| !entry.is_dir) {
            let size = self.size(entry);
            survey.files += 1;
            survey.bytes += size;
            sizes.push((entry.path.as_path(), size));
        }
        survey.largest = largest(&sizes);
        survey
    }

    /// The size of a file that travels, as it lies there.
    pub fn size(&self, entry: &Entry) -> u64 {
        let meta = fs_err::symlink_metadata(self.root().join(&entry.source));
        meta.map_or(0, |meta| if entry.link.is_some() { 0 } else { meta.len() })
    }

    /// What stays behind by ignore files and what else does, by the rule.
    pub fn left_out(&self, left: &[Left]) -> Vec<LeftOut> {
        let mut rules: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for skipped in &self.skipped {
            rules.entry(skipped.rule.to_string()).or_default().push(skipped.path.clone());
        }
        for one in left {
            rules.entry(word(&one.why).into()).or_default().push(one.path.clone());
        }
        let left_out = rules.into_iter().map(|(rule, mut paths)| {
            let count = paths.len();
            paths.truncate(NAMED);
            LeftOut { rule, count, paths }
        });
        left_out.collect()
    }

    /// Why a file below the code's folder stays behind; `None` where no rule is against it.
    pub fn why_not(&self, path: &Path) -> Option<String> {
        let skipped = self.skipped.iter().find(|one| path.starts_with(&one.path));
        let left = || self.left.iter().find(|one| path.starts_with(&one.path));
        skipped.map(|one| one.rule.to_string()).or_else(|| Some(word(&left()?.why).into()))
    }
}

impl Part {
    /// It is a notable part of code of so many bytes and files: of bytes where these are many, else of
    /// files.
    fn counts(&self, bytes: u64, files: u64) -> bool {
        if bytes > MUCH_BYTES {
            self.bytes >= bytes / 50
        } else {
            self.files > 1 && self.files >= files / 50
        }
    }
}

/// The files and folders that most is in. A folder that holds nearly all is looked into, unless nothing
/// in it is large by itself.
fn largest(sizes: &[(&Path, u64)]) -> Vec<Part> {
    let bytes: u64 = sizes.iter().map(|(_, size)| size).sum();
    let files = sizes.len() as u64;
    let mut largest = Vec::new();
    for depth in 1..=4 {
        let mut parts: BTreeMap<PathBuf, Part> = BTreeMap::new();
        for (path, size) in sizes {
            let top: PathBuf = path.components().take(depth).collect();
            let is_dir = top != *path;
            let part = parts.entry(top.clone()).or_default();
            part.path = top;
            part.is_dir = is_dir;
            part.files += 1;
            part.bytes += size;
        }
        let mut parts: Vec<Part> = parts.into_values().collect();
        parts.retain(|part| part.counts(bytes, files));
        if bytes > MUCH_BYTES {
            parts.sort_by_key(|part| std::cmp::Reverse((part.bytes, part.files)));
        } else {
            parts.sort_by_key(|part| std::cmp::Reverse((part.files, part.bytes)));
        }
        if parts.is_empty() {
            break;
        }
        parts.truncate(NAMED);
        let alone = parts.first().is_some_and(|first| {
            first.is_dir && first.bytes >= bytes / 10 * 9 && first.files > files / 10 * 9
        });
        largest = parts;
        if !alone {
            break;
        }
    }
    largest
}

fn word(why: &Why) -> &'static str {
    match why {
        Why::Credentials => "credentials, by its name",
        Why::PrivateKey => "a private key is in it",
        Why::Secret => "a Secret with its values",
        Why::Outside { .. } => "a link that leads out of the code",
        Why::ToLeft { .. } => "a link to what stays behind",
        Why::Environment { .. } => "a Python environment",
        Why::Special => "a pipe, a socket or a device",
        Why::Output => "an output of runs",
        Why::State => "mlctl's own state",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_many_small_files_is_named_itself() {
        let told = |files: &[(String, u64)]| {
            let sizes: Vec<(&Path, u64)> =
                files.iter().map(|(path, size)| (Path::new(path), *size)).collect();
            let parts = largest(&sizes);
            parts.iter().map(|part| part.path.display().to_string()).collect::<Vec<_>>()
        };
        for size in [0, 1, 100 << 10] {
            let images: Vec<_> = (0..30_000).map(|at| (format!("data/{at}.jpg"), size)).collect();
            assert_eq!(told(&images), ["data"], "{size}");
            let deep: Vec<_> =
                (0..30_000).map(|at| (format!("data/{}/{at}.jpg", at % 100), size)).collect();
            assert_eq!(told(&deep), ["data"], "{size}");
            let split: Vec<_> =
                (0..30_000).map(|at| (format!("data/{}/{at}.jpg", at % 2), size)).collect();
            assert_eq!(told(&split).len(), 2, "{size}: they lie in two folders");
            let loose: Vec<_> = (0..30_000).map(|at| (format!("{at}.jpg"), size)).collect();
            assert!(told(&loose).is_empty(), "{size}");
        }
        let one = [("data/big".to_owned(), 3 << 30), ("data/small".to_owned(), 1)];
        assert_eq!(told(&one), ["data/big"]);
    }
}
