//! New runs: everything is written beside its place, then moved there in one step.
//!
//! Order: `new/<run>/run/` is filled and its documents flushed, the copy of the code moved into it from
//! `new/<run>/code`, renamed to `runs/<run>`, indexed, `new/<run>` removed. Renaming and indexing are one
//! step to everybody who holds the folder's lock. A crash before the rename leaves a `new/<run>` without
//! a run; one after it leaves a run that may lack its index line. `recover` tells the two apart. The copy
//! is not flushed: no agent outlives a loss of power, and nothing else runs it.

use std::io;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use jiff::Timestamp;

use super::atomic::{Durability, claim_dir, sync_dir, write_atomic};
use super::index::parse_index;
use super::record::RECORD_VERSION;
use super::{
    FileLock, GitCommit, JournalMark, RunPaths, RunRecord, Store, StoreError, journal, remove_tree,
    whole_millis,
};
use crate::event::Cursor;
use crate::event::RunState;
use crate::event::{Event, EventKind};
use crate::gang::RunId;
use crate::plan::Plan;
use crate::storage::CodeDigest;

/// A run that is about to be recorded.
#[derive(Clone, Debug)]
pub struct NewRun<'a> {
    /// The spec's kind, for example `TrainJob`.
    pub kind: &'a str,
    /// `local`, or the context of a cluster.
    pub runtime: String,
    /// When it is submitted, by the runtime's clock.
    pub created: Timestamp,
    /// The folder that the command was given in.
    pub cwd: PathBuf,
    /// Name of the user who submits it, as its runtime knows them, else their machine.
    pub user: String,
    /// Name of the machine that it is submitted from.
    pub host: String,
    /// The command line that submits it, the program's name included, secrets masked.
    pub argv: Vec<String>,
    /// The commit that the code was at; absent where the code lies in no checkout.
    pub git: Option<GitCommit>,
    /// The code as it is submitted; absent where there is none.
    pub code: Option<CodeDigest>,
    /// The spec as it was given, literal secrets masked.
    pub source: &'a str,
    /// The spec as it is run: with overrides and variables, secrets masked.
    pub resolved: &'a str,
    /// What will run; its `run` is the reservation's.
    pub plan: &'a Plan,
}

impl NewRun<'_> {
    /// The record of the run as it is submitted.
    pub fn record(&self) -> RunRecord {
        RunRecord {
            unkept: Vec::new(),
            schema_version: RECORD_VERSION,
            id: self.plan.head.run.clone(),
            name: self.plan.head.name.clone(),
            kind: self.kind.into(),
            runtime: self.runtime.clone(),
            created: whole_millis(self.created),
            started: None,
            ended: None,
            cwd: self.cwd.clone(),
            user: self.user.clone(),
            host: self.host.clone(),
            argv: self.argv.clone(),
            labels: self.plan.head.shown_labels(),
            trial: self.plan.head.trial.clone(),
            serves: self.plan.head.serves.clone(),
            git: self.git.clone(),
            code: self.code.clone(),
            mlctl_version: env!("CARGO_PKG_VERSION").into(),
            state: RunState::Submitted,
            attempt: 0,
            pods: IndexMap::new(),
            metrics: None,
            verdict: None,
            unsubmitted: false,
            adopted: false,
            foreign: false,
            pushed: None,
            cursor: Cursor::default(),
            journal: JournalMark::default(),
        }
    }
}

/// An id for a run that no other mlctl can take meanwhile. Dropped before a run was made of it, it
/// is free again.
#[derive(Debug)]
pub struct Reservation {
    run: RunId,
    dir: PathBuf,
    _lock: FileLock,
}

impl Reservation {
    /// The id, `<name>-<6 characters>`.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// Where the copy of the run's code is made before the run is recorded: it moves into the run's
    /// folder with all else, and goes with the reservation.
    pub fn code(&self) -> PathBuf {
        self.dir.join("code")
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // What stays is found and removed by the next command.
        let _ = fs_err::remove_dir_all(&self.dir);
    }
}

/// A run that has just been recorded.
#[derive(Debug)]
pub struct CreatedRun {
    /// Paths of the run's folder and of the files in it.
    pub paths: RunPaths,
    /// The run's lock. Keep it until the runtime has been told: whoever looks before that would
    /// find a run without any replica.
    pub lock: FileLock,
}

/// An id of the form `<name>-<6 characters>`; not reserved. An error when there is no randomness, or
/// `name` can't begin the name of a run.
pub fn random_id(name: &str) -> io::Result<RunId> {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut id = format!("{name}-");
    while id.len() < name.len() + 7 {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        // Bytes from 252 on would make some letters more likely than others.
        let fair = bytes.iter().filter(|byte| **byte < 252);
        let letters = fair.map(|byte| char::from(LETTERS[usize::from(*byte) % 36]));
        id.extend(letters.take(name.len() + 7 - id.len()));
    }
    id.parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

impl Store {
    /// Reserves an id for a run of this name.
    pub fn reserve(&self, name: &str) -> Result<Reservation, StoreError> {
        let _lock = self.lock()?;
        loop {
            let run = random_id(name)?;
            let dir = self.new_dir().join(&run);
            if self.paths(&run).dir.exists() || !claim_dir(&dir)? {
                continue;
            }
            return match FileLock::try_acquire(&dir.join("lock")) {
                Ok(Some(lock)) => Ok(Reservation { run, dir, _lock: lock }),
                Ok(None) => continue,
                Err(error) => {
                    let _ = fs_err::remove_dir_all(&dir);
                    Err(error)
                }
            };
        }
    }

    /// Records a run: it is in the state folder as a whole, or not at all.
    pub fn create_run(
        &self,
        reservation: Reservation,
        new: &NewRun<'_>,
    ) -> Result<CreatedRun, StoreError> {
        let paths = self.paths(&reservation.run);
        let building = RunPaths { dir: reservation.dir.join("run"), run: reservation.run.clone() };
        claim_dir(&building.dir)?;
        let lock = FileLock::acquire(&building.lock(), super::folder::LOCK_LIMIT)?;
        if reservation.code().exists() {
            fs_err::rename(reservation.code(), building.code())?;
        }
        let record = write_files(&building, new)?;
        let folder = self.lock()?;
        fs_err::rename(&building.dir, &paths.dir)?;
        let indexed = sync_dir(&self.runs_dir())
            .map_err(StoreError::from)
            .and_then(|()| self.index_created(&folder, &record.entry()));
        if let Err(error) = indexed {
            // A run that is in no list would be started and never found again: it is taken back.
            let _ = fs_err::remove_dir_all(&paths.dir);
            return Err(error);
        }
        Ok(CreatedRun { paths, lock })
    }

    /// Finishes or removes what commands that died in `create_run` have left behind.
    pub(super) fn recover(&self) -> Result<(), StoreError> {
        self.finish_removals()?;
        if self.is_read_only() || is_empty(&self.new_dir()) {
            return Ok(());
        }
        let lock = self.lock()?;
        for entry in fs_err::read_dir(self.new_dir())? {
            let entry = entry?;
            let name = entry.file_name();
            // What mlctl has not made here is nobody's run, and stays.
            let Some(run) = name.to_str().and_then(|name| name.parse::<RunId>().ok()) else {
                continue;
            };
            match FileLock::try_acquire(&entry.path().join("lock")) {
                Ok(Some(_)) => {}
                // Its maker is alive and still at work.
                Ok(None) => continue,
                // Its maker has moved the run to its place and removed the rest.
                Err(StoreError::Io(error)) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            }
            if self.paths(&run).record().exists() {
                let text = self.index_text()?.unwrap_or_default();
                if !parse_index(&text).runs.iter().any(|line| line.id == run) {
                    self.index_created(&lock, &self.record(&run)?.entry())?;
                }
            }
            remove_tree(&entry.path())?;
        }
        Ok(())
    }
}

/// Nothing is in the folder, or it is not there.
pub(super) fn is_empty(dir: &Path) -> bool {
    std::fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none())
}

fn write_files(paths: &RunPaths, new: &NewRun<'_>) -> Result<RunRecord, StoreError> {
    let write = |path: &Path, bytes: &[u8]| write_atomic(path, bytes, Durability::PowerLoss);
    write(&paths.source(), new.source.as_bytes())?;
    write(&paths.resolved(), new.resolved.as_bytes())?;
    write(&paths.plan(), &serde_json::to_vec_pretty(&new.plan.masked()).map_err(io::Error::from)?)?;
    let record = new.record();
    let mut events = [Event::new(
        &paths.run,
        record.created,
        EventKind::Submitted { runtime: new.runtime.clone() },
    )];
    let mark = journal::append(&paths.events(), JournalMark::default(), &mut events, true)?;
    let record = RunRecord { journal: mark, ..record };
    write(&paths.record(), &serde_json::to_vec_pretty(&record).map_err(io::Error::from)?)?;
    Ok(record)
}
