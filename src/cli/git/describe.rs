//! Commit and dirtiness of a checkout.

use std::path::Path;

use super::budget::Budget;
use super::ignored::Rules;
use super::{commit, tree, worktree};
use crate::storage;
use crate::storage::checkout::{INDEX, Id, Repository, parse};
use crate::store::GitCommit;
use crate::text::hex;

/// Submodules within submodules are looked at to this depth.
const DEPTH: usize = 8;

/// The checkout around `dir` and whether it has changes, untracked files included; `None` outside one,
/// and before its first commit. Where that can't be found out it counts as changed: in a damaged
/// checkout, one too large, or one with a split index. `excludes` are the user's own rules for what is
/// ignored everywhere.
pub(in crate::cli) fn describe(dir: &Path, excludes: &[u8]) -> Option<GitCommit> {
    let budget = Budget::new();
    describe_within(&Repository::around(dir)?, excludes, &budget, DEPTH)
}

fn describe_within(
    repository: &Repository,
    excludes: &[u8],
    budget: &Budget,
    depth: usize,
) -> Option<GitCommit> {
    let head = repository.head()?;
    let dirty = is_clean(repository, &head, excludes, budget, depth) != Some(true);
    Some(GitCommit { commit: head.to_string(), dirty })
}

/// `None` when it can't be known.
fn is_clean(
    repository: &Repository,
    head: &Id,
    excludes: &[u8],
    budget: &Budget,
    depth: usize,
) -> Option<bool> {
    let committed = commit::tree_of(repository, head)?;
    let path = repository.index();
    let bytes = storage::read(&path, INDEX).ok()?;
    let written = fs_err::metadata(&path).ok()?.modified().ok()?;
    let index = parse(&bytes, head.kind())?;
    if tree::of(&index, head.kind(), budget)? != committed {
        return Some(false);
    }
    let submodule = |path: &Path, wanted: &[u8]| {
        let Some(inner) = Repository::at(path) else {
            // A submodule that was not fetched is an empty folder.
            return Some(fs_err::read_dir(path).map_or(true, |mut dir| dir.next().is_none()));
        };
        let depth = depth.checked_sub(1)?;
        let found = describe_within(&inner, excludes, budget, depth)?;
        Some(!found.dirty && found.commit == hex::encode(wanted))
    };
    let rules = Rules::of(repository, excludes);
    Some(
        worktree::has_what_is_tracked(repository, &index, written, budget, &submodule)?
            && worktree::has_nothing_else(repository, &index, &rules, budget)?,
    )
}
