//! What lies in a folder with code and was made by a program: outputs of runs, mlctl's state, Python
//! environments.

use std::path::{Path, PathBuf};

use super::left::Why;
use super::rules::CodeRules;
use crate::storage::{OWNER_FILE, was_claimed};

/// What mlctl has made itself is no code: what runs have written, where they will, and its state.
pub(super) struct Made {
    /// Where runs write to, by its names.
    outputs: Vec<PathBuf>,
    /// It is data, not code: anything in it is meant.
    data: bool,
}

impl Made {
    pub(super) fn by(rules: &CodeRules) -> Self {
        let outputs = rules.output.as_deref().map_or_else(Vec::new, names_of);
        Self { outputs, data: rules.data }
    }

    /// Why a file or folder is no code; `None` where it may be.
    pub(super) fn why(&self, at: &Path, is_dir: bool) -> Option<Why> {
        if self.data {
            None
        } else if self.outputs.iter().any(|output| output == at) {
            Some(Why::Output)
        } else if !is_dir {
            None
        } else if is_filled_by_run(at) || is_part_of_output(at) {
            Some(Why::Output)
        } else {
            is_state(at).then_some(Why::State)
        }
    }
}

/// Where a folder lies, and where the link to it does if it is one: the same folder may have other names
/// by links.
fn names_of(folder: &Path) -> Vec<PathBuf> {
    let real = |path: &Path| fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let own = folder.parent().zip(folder.file_name()).map(|(dir, name)| real(dir).join(name));
    own.into_iter().chain([real(folder)]).collect()
}

/// A folder that is the base of some run's outputs: a run has claimed it, or its model says whose it is.
fn is_filled_by_run(dir: &Path) -> bool {
    was_claimed(dir) || is_there(&dir.join("model").join(OWNER_FILE))
}

/// One of the folders that a run writes where its outputs go into the code's folder itself.
fn is_part_of_output(dir: &Path) -> bool {
    let is_part = dir.file_name().is_some_and(|name| {
        ["model", "checkpoints", "logs", "_mlctl"].iter().any(|part| name == *part)
    });
    is_part && dir.parent().is_some_and(is_filled_by_run)
}

/// A state folder of mlctl's.
fn is_state(dir: &Path) -> bool {
    dir.file_name().is_some_and(|name| name == "mlctl")
        && ["version", "runs"].iter().all(|name| is_there(&dir.join(name)))
}

fn is_there(path: &Path) -> bool {
    fs_err::symlink_metadata(path).is_ok()
}

/// A folder made by `python3 -m venv` and its like.
pub(super) fn is_environment(dir: &Path) -> bool {
    fs_err::symlink_metadata(dir.join("pyvenv.cfg")).is_ok_and(|found| found.is_file())
}
