//! Runs that their runtime remembers and this folder doesn't: submitted elsewhere, or lost here.

use std::io;

use indexmap::IndexMap;

use super::atomic::{Durability, claim_dir, sync_dir, write_atomic};
use super::{FileLock, JournalMark, RunPaths, RunRecord, Store, StoreError, journal};
use crate::event::{Cursor, Event, EventKind, RunState};
use crate::gang::Verdict;
use crate::plan::Plan;

/// A run that the runtime itself remembers. Its name and its times are the runtime's own; who submitted
/// it, from where and what, is what somebody wrote who may write there.
#[derive(Clone, Debug)]
pub struct FoundRun {
    /// The facts of its submission.
    pub record: RunRecord,
    /// Its plan, secrets masked.
    pub plan: Option<Plan>,
    /// The spec as it was run, secrets masked.
    pub spec: String,
    /// How it ended, if somebody has written that down.
    pub verdict: Option<Verdict>,
    /// Where it is, as far as that can be seen without reading its story.
    pub state: RunState,
}

impl Store {
    /// Records a run as if it had been submitted from here; its story is read from its beginning.
    /// False when the run is known already.
    pub fn adopt(&self, found: &FoundRun) -> Result<bool, StoreError> {
        let run = &found.record.id;
        let paths = self.paths(run);
        let lock = self.lock()?;
        let claim = self.new_dir().join(run);
        if paths.record().exists() || !claim_dir(&claim)? {
            return Ok(false);
        }
        let _claimed = FileLock::try_acquire(&claim.join("lock"))?;
        let building = RunPaths { dir: claim.join("run"), run: run.clone() };
        claim_dir(&building.dir)?;
        let record = write_files(&building, found)?;
        fs_err::rename(&building.dir, &paths.dir)?;
        sync_dir(&self.runs_dir())?;
        self.index_created(&lock, &record.entry())?;
        fs_err::remove_dir_all(&claim)?;
        Ok(true)
    }
}

impl RunPaths {
    /// The run was taken in from its cluster, not submitted from here. So is one whose record can't be
    /// read: nothing shows that it is this user's.
    pub fn is_adopted(&self) -> bool {
        #[derive(serde::Deserialize)]
        struct Origin {
            #[serde(default)]
            adopted: bool,
        }
        let origin = fs_err::read(self.record()).ok();
        let origin = origin.and_then(|bytes| serde_json::from_slice::<Origin>(&bytes).ok());
        origin.is_none_or(|origin| origin.adopted)
    }
}

fn write_files(paths: &RunPaths, found: &FoundRun) -> Result<RunRecord, StoreError> {
    let write = |path: &std::path::Path, bytes: &[u8]| write_atomic(path, bytes, Durability::Crash);
    write(&paths.source(), found.spec.as_bytes())?;
    write(&paths.resolved(), found.spec.as_bytes())?;
    if let Some(plan) = &found.plan {
        write(&paths.plan(), &serde_json::to_vec_pretty(plan).map_err(io::Error::from)?)?;
    }
    let mut events = [Event::new(
        &paths.run,
        found.record.created,
        EventKind::Submitted { runtime: found.record.runtime.clone() },
    )];
    let journal = journal::append(&paths.events(), JournalMark::default(), &mut events, false)?;
    let record = RunRecord {
        state: RunState::Submitted,
        attempt: 0,
        pods: IndexMap::new(),
        started: None,
        ended: None,
        verdict: None,
        unsubmitted: false,
        adopted: true,
        pushed: None,
        cursor: Cursor::default(),
        journal,
        ..found.record.clone()
    };
    write(&paths.record(), &serde_json::to_vec_pretty(&record).map_err(io::Error::from)?)?;
    Ok(record)
}
