//! Trees of processes: who descends from whom, who carries a run's marker, and their end.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{ProcStat, environ, processes, signal};

/// The variable that marks every process of a run.
pub const RUN_MARKER: &str = "MLCTL_RUN";

/// The variable that tells which replica a marked process belongs to.
pub const REPLICA_MARKER: &str = "MLCTL_REPLICA";

/// The variable that marks what was started beside a replica's command, by the run's id: it is no part of
/// the run while that lasts, and ends with it.
pub const BESIDE_MARKER: &str = "MLCTL_BESIDE";

/// What is told to end, as by a terminal that is closed, has done so within this time, or is killed.
const HANG_UP_LIMIT: Duration = Duration::from_secs(1);

/// Which descendants of a process are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kin {
    /// All that ever came from it.
    #[default]
    All,
    /// Those that have stayed in its session: agents of other runs leave it, and live on by themselves.
    Session,
}

/// The living descendants of a process, itself not included.
///
/// With a subreaper at the root [`Kin::All`] are all that ever came from it: `setsid` and double forks
/// change the session and the parent, never this tree.
pub fn descendants(root: i32, kin: Kin) -> Vec<ProcStat> {
    let all = processes();
    let mut known = BTreeSet::from([root]);
    loop {
        let before = known.len();
        known.extend(
            all.iter().filter(|p| known.contains(&p.ppid)).map(|p| p.pid).collect::<Vec<_>>(),
        );
        if known.len() == before {
            break;
        }
    }
    let session = all.iter().find(|p| p.pid == root).map(|p| p.session);
    let meant = |p: &ProcStat| kin == Kin::All || Some(p.session) == session;
    all.into_iter()
        .filter(|p| p.pid != root && known.contains(&p.pid) && !p.zombie && meant(p))
        .collect()
}

/// Sends SIGKILL to descendants of this process until there are none; zombies don't count.
/// `false` when some are left after `limit` (a process in uninterruptible sleep).
pub fn kill_descendants(limit: Duration, kin: Kin) -> bool {
    let me = i32::try_from(std::process::id()).unwrap_or(i32::MAX);
    kill_until_none(limit, || descendants(me, kin))
}

/// The living processes that carry a run's marker in their environment, this one not included.
///
/// The environment is the one that a process was started with, of this user's processes only.
pub fn find_marked(run: &str) -> Vec<ProcStat> {
    carriers(&[(RUN_MARKER, run)])
}

/// The living processes that have all of these variables, this one not included.
fn carriers(variables: &[(&str, &str)]) -> Vec<ProcStat> {
    let me = i32::try_from(std::process::id()).unwrap_or(i32::MAX);
    let has_all = |pid| {
        environ(pid).is_some_and(|env| {
            variables.iter().all(|(name, value)| env.iter().any(|(k, v)| k == *name && v == *value))
        })
    };
    processes().into_iter().filter(|p| p.pid != me && !p.zombie && has_all(p.pid)).collect()
}

/// Ends what was started beside a run's commands, or beside that of one replica: as by a terminal that
/// is closed, then by SIGKILL; `false` when something is left after `limit`.
pub fn end_beside(run: &str, replica: Option<&str>, limit: Duration) -> bool {
    let mut variables = vec![(BESIDE_MARKER, run)];
    variables.extend(replica.map(|replica| (REPLICA_MARKER, replica)));
    let list = || carriers(&variables);
    let found = list();
    if found.is_empty() {
        return true;
    }
    for process in found {
        signal(process.pid, Signal::HUP);
    }
    let begin = Instant::now();
    while begin.elapsed() < HANG_UP_LIMIT && !list().is_empty() {
        thread::sleep(Duration::from_millis(20));
    }
    kill_until_none(limit, list)
}

/// The living processes that carry any run's marker, and which, this one not included.
pub fn marked() -> Vec<(ProcStat, String)> {
    let me = i32::try_from(std::process::id()).unwrap_or(i32::MAX);
    let run = |pid| {
        let (_, value) = environ(pid)?.into_iter().find(|(name, _)| name == RUN_MARKER)?;
        value.into_string().ok()
    };
    let living = processes().into_iter().filter(|p| p.pid != me && !p.zombie);
    living.filter_map(|process| Some((process, run(process.pid)?))).collect()
}

/// Sends SIGKILL to everything that carries a run's marker until nothing is left; `false` when
/// something is after `limit`.
pub fn kill_marked(run: &str, limit: Duration) -> bool {
    kill_until_none(limit, || find_marked(run))
}

fn kill_until_none(limit: Duration, mut list: impl FnMut() -> Vec<ProcStat>) -> bool {
    let begin = Instant::now();
    // A listing of /proc is no snapshot: a process whose parent changes meanwhile may be missed once.
    let mut empty = 0;
    loop {
        let left = list();
        if left.is_empty() {
            empty += 1;
            if empty == 2 {
                return true;
            }
            continue;
        }
        empty = 0;
        for process in &left {
            signal(process.pid, Signal::KILL);
        }
        if begin.elapsed() > limit {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_marked_process_is_found_and_killed() {
        let run = format!("tree-{}", std::process::id());
        let mut child = Command::new("sleep").arg("60").env(RUN_MARKER, &run).spawn().unwrap();
        let me = i32::try_from(std::process::id()).unwrap();
        assert!(
            descendants(me, Kin::All).iter().any(|p| p.pid == i32::try_from(child.id()).unwrap())
        );
        // The environment is the child's only after its exec.
        while find_marked(&run).is_empty() {
            thread::yield_now();
        }
        assert!(kill_marked(&run, Duration::from_secs(5)));
        assert!(!child.wait().unwrap().success());
        assert!(find_marked(&run).is_empty());
    }
}
