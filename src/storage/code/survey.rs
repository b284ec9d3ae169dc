//! How much of a folder travels, and by which rule the rest of it stays behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::left::{Left, Why};
use super::walk::Code;

/// How many paths each rule is told with.
const NAMED: usize = 5;

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
    /// The largest of what is directly in the folder.
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
    /// Counts what travels. Sizes are those of the files as they are read, also of sparse ones.
    pub fn survey(&self, left: &[Left]) -> CodeSurvey {
        let mut survey = CodeSurvey::default();
        let mut sizes = Vec::new();
        for entry in self.entries.iter().filter(|entry| !entry.is_dir) {
            let meta = fs_err::symlink_metadata(self.root().join(&entry.source));
            let size = meta.map_or(0, |meta| if entry.link.is_some() { 0 } else { meta.len() });
            survey.files += 1;
            survey.bytes += size;
            sizes.push((entry.path.as_path(), size));
        }
        survey.largest = largest(&sizes);
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
        survey.left_out = left_out.collect();
        survey
    }

    /// Why a file below the code's folder stays behind; `None` where no rule is against it.
    pub fn why_not(&self, path: &Path) -> Option<String> {
        let skipped = self.skipped.iter().find(|one| path.starts_with(&one.path));
        let left = || self.left.iter().find(|one| path.starts_with(&one.path));
        skipped.map(|one| one.rule.to_string()).or_else(|| Some(word(&left()?.why).into()))
    }
}

/// The largest files and folders, by bytes. A folder that holds nearly all is looked into.
fn largest(sizes: &[(&Path, u64)]) -> Vec<Part> {
    let total: u64 = sizes.iter().map(|(_, size)| size).sum();
    let mut depth = 1;
    loop {
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
        parts.sort_by_key(|part| std::cmp::Reverse((part.bytes, part.files)));
        let alone = parts.first().is_some_and(|first| {
            first.is_dir
                && first.bytes > total / 10 * 9
                && first.files > sizes.len() as u64 / 10 * 9
        });
        if !alone || depth >= 4 {
            parts.truncate(NAMED);
            return parts;
        }
        depth += 1;
    }
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
