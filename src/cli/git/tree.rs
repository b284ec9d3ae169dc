//! The tree that an index stands for: computed rather than compared, so that no tree is ever read.

use super::budget::Budget;
use crate::storage::checkout::{Entry, FOLDER};
use crate::storage::checkout::{Id, Kind};

/// Folders within folders.
const DEPTH: usize = 256;

/// The id of the tree that a commit of this index would have.
pub(super) fn of(index: &[Entry], kind: Kind, budget: &Budget) -> Option<Id> {
    of_folder(index, 0, kind, budget, DEPTH)
}

/// `entries` are all that lies in one folder, whose path has `prefix` bytes.
fn of_folder(
    entries: &[Entry],
    prefix: usize,
    kind: Kind,
    budget: &Budget,
    depth: usize,
) -> Option<Id> {
    budget.step()?;
    let depth = depth.checked_sub(1)?;
    let mut tree = Vec::new();
    let mut add = |mode: u32, name: &[u8], id: &[u8]| {
        tree.extend_from_slice(format!("{mode:o} ").as_bytes());
        tree.extend_from_slice(name);
        tree.push(0);
        tree.extend_from_slice(id);
    };
    let mut rest = entries;
    // The order of an index is that of trees: a folder's name counts as if it ended with a slash.
    while let Some(first) = rest.first() {
        let name = first.path.get(prefix..)?;
        let Some(slash) = name.iter().position(|byte| *byte == b'/') else {
            add(first.mode, name, &first.id);
            rest = &rest[1..];
            continue;
        };
        let (folder, end) = (&name[..slash], prefix + slash + 1);
        if first.mode == FOLDER && first.path.len() == end {
            add(FOLDER, folder, &first.id);
            rest = &rest[1..];
            continue;
        }
        let within = |entry: &Entry| entry.path.starts_with(&first.path[..end]);
        let count = rest.partition_point(within);
        let (inner, behind) = rest.split_at_checked(count.max(1))?;
        add(FOLDER, folder, of_folder(inner, end, kind, budget, depth)?.bytes());
        rest = behind;
    }
    Some(kind.id("tree", tree.len() as u64, &tree))
}
