//! Which mlctl is submitting a run just now: when it dies, the next one cleans up after it.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::store::RunPaths;
use crate::sys;

/// A process that can't be mistaken for a later one of the same number.
#[derive(Serialize, Deserialize)]
pub(crate) struct Submitting {
    pid: i32,
    start: u64,
}

impl Submitting {
    /// This process submits the run.
    pub(crate) fn begin(run: &RunPaths) -> io::Result<()> {
        let pid = i32::try_from(std::process::id()).unwrap_or_default();
        let mark = Self { pid, start: sys::start_time(pid).unwrap_or_default() };
        fs_err::write(file(run), serde_json::to_vec(&mark)?)
    }

    /// It has done so, or given up.
    pub(crate) fn end(run: &RunPaths) {
        // Left behind, it names a process that will not live for long.
        let _ = fs_err::remove_file(file(run));
    }

    /// The process that submits lives: `None` where no submission was left unfinished here.
    pub(crate) fn lives(run: &RunPaths) -> Option<bool> {
        let mark: Self = serde_json::from_slice(&fs_err::read(file(run)).ok()?).ok()?;
        Some(sys::is_alive(mark.pid, mark.start))
    }
}

fn file(run: &RunPaths) -> PathBuf {
    run.agents().join("submitting.json")
}
