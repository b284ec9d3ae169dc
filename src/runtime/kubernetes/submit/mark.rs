//! Which mlctl is submitting a run just now. When it dies, the next one cleans up after it.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::store::RunPaths;
use crate::sys;

/// The process that submits a run. The time at which it started tells it from a later process of
/// the same number.
#[derive(Serialize, Deserialize)]
pub(crate) struct Submitting {
    pid: i32,
    start: u64,
}

impl Submitting {
    /// Remembers that this process submits the run now.
    pub(crate) fn begin(run: &RunPaths) -> io::Result<()> {
        let pid = rustix::process::getpid().as_raw_pid();
        // With a wrong time any other mlctl would take this submission for a dead one, and delete
        // it.
        let start = sys::start_time(pid)
            .ok_or_else(|| io::Error::other("the start time of this process can't be read"))?;
        let mark = Self { pid, start };
        fs_err::write(file(run), serde_json::to_vec(&mark)?)
    }

    /// Forgets it: the submission is complete, or was given up and cleaned up.
    pub(crate) fn end(run: &RunPaths) {
        // A mark that can't be removed names a process that will not live for long.
        let _ = fs_err::remove_file(file(run));
    }

    /// Whether the process that submits the run still lives; `None` where no submission is marked
    /// on this machine.
    pub(crate) fn lives(run: &RunPaths) -> Option<bool> {
        let mark: Self = serde_json::from_slice(&sys::read_own(&file(run)).ok()?).ok()?;
        Some(sys::is_alive(mark.pid, mark.start))
    }
}

fn file(run: &RunPaths) -> PathBuf {
    run.submitting()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_lives_as_long_as_its_process() {
        let root = tempfile::tempdir().unwrap();
        let run = RunPaths { run: "a-123456".into(), dir: root.path().to_owned() };
        fs_err::create_dir_all(run.agents()).unwrap();
        assert_eq!(Submitting::lives(&run), None);
        Submitting::begin(&run).unwrap();
        assert_eq!(Submitting::lives(&run), Some(true));
        let other = Submitting { pid: rustix::process::getpid().as_raw_pid(), start: 1 };
        fs_err::write(file(&run), serde_json::to_vec(&other).unwrap()).unwrap();
        assert_eq!(Submitting::lives(&run), Some(false));
        Submitting::end(&run);
        assert_eq!(Submitting::lives(&run), None);
    }
}
