//! What only a living run needs: its working folders, and the copy of the code that they are made from.

use std::time::Duration;

use jiff::Timestamp;

use super::filter::is_past;
use crate::store::{RunPaths, RunSummary, Store};

/// Removes the working folders of all runs of the runtime `local` that ended `age` ago or more and that
/// `is_gone` says nothing lives of; how many had some. Logs, events and outputs stay.
pub fn remove_work_folders(
    store: &Store,
    runs: &[RunSummary],
    local: &str,
    now: Timestamp,
    age: Duration,
    is_gone: &dyn Fn(&RunPaths) -> bool,
) -> usize {
    let is_old = |run: &&RunSummary| {
        let ended = run.entry.ended.filter(|_| run.state.is_ended());
        run.entry.runtime == local && ended.is_some_and(|ended| is_past(ended, now, age))
    };
    let old = runs.iter().filter(is_old).map(|run| store.paths(&run.entry.id));
    let old = old.filter(|run| run.works().exists() || run.code().exists());
    // What can't be removed now is tried again another day.
    old.filter(|run| is_gone(run) && store.remove_work(&run.run).is_ok()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::RunState;
    use crate::store::{ListFilter, fixture};

    #[test]
    fn the_old_and_dead_lose_what_only_the_living_need() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path().join("state")).unwrap();
        let mut ids = Vec::new();
        for name in ["old", "young", "alive", "going", "future"] {
            let created = fixture::create(&store, name, 1);
            fs_err::create_dir_all(created.paths.works().join("worker-0/1")).unwrap();
            fs_err::create_dir_all(created.paths.code()).unwrap();
            fs_err::create_dir_all(created.paths.logs()).unwrap();
            ids.push(created.paths);
        }
        let now: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
        let listing = store.list(&ListFilter::default(), &mut |run: &_| store.record(run)).unwrap();
        let mut runs = listing.runs;
        for run in &mut runs {
            let ended = match run.entry.name.as_str() {
                "young" => Some("2026-01-09T00:00:00Z"),
                "going" => None,
                // By a clock that was wrong.
                "future" => Some("2026-02-01T00:00:00Z"),
                _ => Some("2026-01-01T00:00:00Z"),
            };
            run.entry.ended = ended.map(|at| at.parse().unwrap());
            run.state = if ended.is_some() { RunState::Succeeded } else { RunState::Running };
        }
        let is_gone = |run: &RunPaths| !run.run.as_str().starts_with("alive");
        let week = Duration::from_hours(7 * 24);
        assert_eq!(remove_work_folders(&store, &runs, "local", now, week, &is_gone), 1);
        for (paths, left) in ids.iter().zip([false, true, true, true, true]) {
            assert_eq!(paths.works().exists(), left, "{}", paths.run);
            assert_eq!(paths.code().exists(), left, "{}", paths.run);
            assert!(paths.logs().exists() && paths.record().exists());
        }
        assert_eq!(remove_work_folders(&store, &runs, "local", now, week, &is_gone), 0);
    }
}
