//! The agents of a run as processes of this machine: recorded, so that the next mlctl knows them.

use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::gang::ReplicaId;
use crate::store::{Durability, ProcessName, RunPaths, write_atomic};
use crate::sys;

/// What is killed has died within this time.
const SWEEP_LIMIT: Duration = Duration::from_secs(5);

/// A process that can't be mistaken for a later one of the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessMark {
    pub(crate) pid: i32,
    pub(crate) start: u64,
}

impl ProcessMark {
    /// The process of this number, if it lives.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        sys::start_time(pid).map(|start| Self { pid, start })
    }

    pub(crate) fn is_alive(self) -> bool {
        sys::is_alive(self.pid, self.start)
    }
}

/// Records a process.
pub(crate) fn record(
    run: &RunPaths,
    name: ProcessName<'_>,
    mark: ProcessMark,
) -> std::io::Result<()> {
    // Whoever looks meanwhile must not take it for dead.
    write_atomic(&run.process(name), &serde_json::to_vec(&mark)?, Durability::Crash)
}

/// The process recorded under this name; `None` when there is none or its file can't be read.
pub(crate) fn recorded(run: &RunPaths, name: ProcessName<'_>) -> Option<ProcessMark> {
    serde_json::from_slice(&sys::read_own(&run.process(name)).ok()?).ok()
}

/// The mlctl that submits the run lives and is not done.
pub(crate) fn is_submitting(run: &RunPaths) -> bool {
    recorded(run, ProcessName::Submitter).is_some_and(ProcessMark::is_alive)
}

/// The mlctl that submits the run has been stopped, so that it takes nothing that becomes free.
pub(crate) fn is_stopped(run: &RunPaths) -> bool {
    let mark = recorded(run, ProcessName::Submitter).filter(|mark| mark.is_alive());
    mark.and_then(|mark| sys::stat(mark.pid)).is_some_and(|stat| stat.stopped)
}

/// A replica's agent lives.
pub(crate) fn agent_lives(run: &RunPaths, replica: &ReplicaId) -> bool {
    recorded(run, ProcessName::Replica(replica)).is_some_and(ProcessMark::is_alive)
}

/// Sends a signal to the agent of a replica, if it lives.
pub(crate) fn signal(run: &RunPaths, replica: &ReplicaId, signal: Signal) {
    let mark = recorded(run, ProcessName::Replica(replica));
    if let Some(mark) = mark.filter(|mark| mark.is_alive()) {
        sys::signal(mark.pid, signal);
    }
}

/// Any recorded process of the run lives; the submitting mlctl counts until all agents are up.
pub(crate) fn anything_lives(run: &RunPaths) -> bool {
    let Ok(entries) = fs_err::read_dir(run.agents()) else { return false };
    entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "pid"))
        .filter_map(|entry| serde_json::from_slice(&sys::read_own(&entry.path()).ok()?).ok())
        .any(ProcessMark::is_alive)
}

/// Sends a signal to every living agent.
pub(crate) fn signal_agents(run: &RunPaths, signal: Signal) {
    let Ok(entries) = fs_err::read_dir(run.agents()) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|end| end != "pid") || path.ends_with("mlctl.pid") {
            continue;
        }
        let mark: Option<ProcessMark> =
            sys::read_own(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(mark) = mark.filter(|mark| mark.is_alive()) {
            sys::signal(mark.pid, signal);
        }
    }
}

/// Kills whatever still carries the run's mark: what an agent and its guard, killed at once, left, and
/// what was started beside its commands.
pub(crate) fn sweep(run: &RunPaths) -> bool {
    let gone = sys::kill_marked(&run.run, SWEEP_LIMIT);
    sys::end_beside(&run.run, None, SWEEP_LIMIT) && gone
}
