//! Looks at the state folder, the runtimes and the caches.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::survey::{Cache, CacheKind, Found, Survey};
use crate::event::RunState;
use crate::gang::RunId;
use crate::runtime::{Holding, Notice, Runtime, RuntimeError, Wanted};
use crate::store::{RunSummary, disk_use};

/// A run without a Job was submitted at least so long ago, or is being submitted.
const SUBMISSION: Duration = Duration::from_mins(10);

impl Survey {
    /// What the state folder knows.
    pub fn of(runs: &[RunSummary], caches: Vec<Cache>, now: Timestamp) -> Self {
        let runs = runs
            .iter()
            .map(|RunSummary { entry, state, .. }| Found {
                id: entry.id.clone(),
                name: entry.name.clone(),
                kind: entry.kind.clone(),
                labels: entry.labels.clone(),
                runtime: entry.runtime.clone(),
                state: *state,
                at: entry.ended.unwrap_or(entry.created),
                in_state: true,
                adopted: entry.adopted,
                unsubmitted: entry.unsubmitted,
            })
            .collect();
        Self {
            now,
            clocks: BTreeMap::new(),
            runs,
            holdings: BTreeMap::new(),
            refused: BTreeMap::new(),
            caches,
        }
    }

    /// Asks a runtime for what it holds and for runs that the state folder doesn't know. Returns
    /// what could not be looked at.
    pub fn add_runtime(
        &mut self,
        runtime: &dyn Runtime,
        all_users: bool,
    ) -> Result<Vec<Notice>, RuntimeError> {
        let wanted = if all_users { Wanted::All } else { Wanted::Mine };
        let known: HashSet<RunId> = self.runs.iter().map(|run| run.id.clone()).collect();
        // The order matters. A record is made before anything else of its run, so objects listed
        // before the records and found without one have none; the other way round a submission
        // under way would look abandoned.
        let holdings = runtime.holdings()?;
        let found = runtime.find(&wanted)?;
        let now = runtime.time();
        self.clocks.insert(runtime.name(), now);
        for run in found.runs.into_iter().filter(|run| !known.contains(&run.record.id)) {
            let record = run.record;
            let state = match run.state {
                RunState::Unknown
                    if is_abandoned(&record.id, record.created, now, &holdings.things) =>
                {
                    RunState::CouldNotStart
                }
                state => state,
            };
            self.runs.push(Found {
                id: record.id,
                name: record.name,
                kind: String::new(),
                labels: record.labels,
                runtime: runtime.name(),
                state,
                at: record.created,
                in_state: false,
                adopted: true,
                unsubmitted: false,
            });
        }
        self.holdings.insert(runtime.name(), holdings.things);
        Ok(holdings.unseen.into_iter().chain(found.damaged).collect())
    }

    /// The time in a runtime; this machine's where it could not be asked.
    pub fn now_in(&self, runtime: &str) -> Timestamp {
        self.clocks.get(runtime).copied().unwrap_or(self.now)
    }
}

/// Nothing of it runs or could start any more: its submission was never finished, or its Jobs are
/// gone.
fn is_abandoned(run: &RunId, created: Timestamp, now: Timestamp, things: &[Holding]) -> bool {
    let age = Duration::try_from(now.duration_since(created)).unwrap_or_default();
    let works = |thing: &Holding| matches!(thing.kind.as_str(), "Job" | "Deployment" | "Pod");
    age > SUBMISSION && !things.iter().any(|thing| thing.run == *run && works(thing))
}

/// What runs on this machine have made or fetched to save time.
pub(super) fn caches(cache: &Path) -> Vec<Cache> {
    let entries = |(kind, name): (CacheKind, &str)| {
        let entries = fs_err::read_dir(cache.join(name)).into_iter().flatten().flatten();
        entries.map(move |entry| (kind, entry.path()))
    };
    CacheKind::FOLDERS
        .into_iter()
        .flat_map(entries)
        .filter(|(_, path)| path.is_dir())
        .map(|(kind, path)| Cache { kind, bytes: disk_use(&path), used: last_use(&path), path })
        .collect()
}

/// When a run last asked for a cached folder: each takes its lock file anew.
pub(crate) fn last_use(folder: &Path) -> Timestamp {
    let lock = folder.with_extension("lock");
    let used = fs_err::metadata(&lock).or_else(|_| fs_err::metadata(folder));
    let used = used.and_then(|meta| meta.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    Timestamp::try_from(used).unwrap_or(Timestamp::UNIX_EPOCH)
}
