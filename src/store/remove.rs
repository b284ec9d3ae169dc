//! Taking runs out of the state folder, as a whole or all but what is worth keeping.
//!
//! A run is moved to `removed/` first and is then taken out of the index: whatever dies in between is
//! finished by the next command that lists runs. Until its folder is gone the run may be found again
//! in its cluster, by another command or after one that died: what lies in `removed/` then says nothing
//! of the run that has come back.

use std::io;
use std::path::{Path, PathBuf};

use super::atomic::{private_dir, sync_dir};
use super::create::is_empty;
use super::folder::LOCK_LIMIT;
use super::index::removed_line;
use super::story::takes_nothing;
use super::{FileLock, IndexEntry, RunPaths, Store, StoreError, parse_index};
use crate::gang::RunId;
use crate::storage::is_filled;

/// What of a run's folder stays beside its model: the story, and what is needed to read it.
const STORY: [&str; 6] =
    ["source.yaml", "resolved.yaml", "plan.json", "run.json", "events.jsonl", "lock"];

/// What a run's folder holds, in bytes on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunSize {
    /// Bytes that the whole folder takes.
    pub all: u64,
    /// Bytes that [`Store::strip_run`] would free.
    pub stripped: u64,
    /// There is a model in its default place, or what it wrote lies where only the plan says.
    pub has_output: bool,
}

impl Store {
    /// How large a run's folder is; one that is not there has no size.
    pub fn run_size(&self, run: &RunId) -> RunSize {
        let paths = self.paths(run);
        let stripped = strippable(&paths).iter().map(|path| disk_use(path)).sum();
        let has_output = is_filled(&model_of(&paths)) || writes_elsewhere(&paths);
        RunSize { all: disk_use(&paths.dir), stripped, has_output }
    }

    /// Takes a run out of the index and removes its folder; success where there is neither. Waits
    /// for whoever holds the run's lock.
    pub fn remove_run(&self, run: &RunId) -> Result<(), StoreError> {
        let paths = self.paths(run);
        let plan = paths.read_plan().ok();
        let study = plan.as_ref().and_then(|plan| plan.study().cloned());
        let endpoint = plan.as_ref().and_then(|plan| plan.endpoint().cloned());
        loop {
            let folder = match FileLock::acquire(&paths.lock(), LOCK_LIMIT) {
                Ok(folder) => Some(folder),
                Err(StoreError::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            let lock = self.lock()?;
            let there = paths.dir.exists();
            if there && folder.is_none() {
                // Another command has just found the run in its cluster and taken it in again.
                continue;
            }
            let removed = self.free_place(run);
            match self.move_away(&paths, &removed, there) {
                // On a full disk no folder can be made: what the run leaves behind makes room for one.
                Err(error) if takes_nothing(&error) => {
                    for path in strippable(&paths) {
                        remove_tree(&path)?;
                    }
                    self.move_away(&paths, &removed, there)?;
                }
                moved => moved?,
            }
            match self.forget(&lock, run) {
                Err(StoreError::Io(error)) if takes_nothing(&error) => {
                    remove_tree(&removed)?;
                    self.forget(&lock, run)?;
                }
                forgotten => forgotten?,
            }
            drop((lock, folder));
            remove_tree(&removed)?;
            if let Some(study) = study
                && !self.is_needed(&study)
            {
                remove_tree(&self.study(&study).dir)?;
            }
            if let Some(endpoint) = endpoint
                && !self.is_needed(&endpoint)
            {
                remove_tree(&self.endpoint(&endpoint).dir)?;
            }
            return Ok(());
        }
    }

    fn move_away(&self, paths: &RunPaths, removed: &Path, there: bool) -> io::Result<()> {
        private_dir(&self.removed_dir())?;
        if there {
            fs_err::rename(&paths.dir, removed)?;
            sync_dir(&self.runs_dir())?;
        }
        Ok(())
    }

    /// The run is a trial of this study or a replica of this endpoint, or is or was what decides over it.
    pub fn is_of_group(&self, entry: &IndexEntry, group: &RunId) -> bool {
        match entry.group() {
            Some(of) => of == group,
            None if !group.is_of(&entry.name) => false,
            None => {
                let plan = self.paths(&entry.id).read_plan();
                plan.is_ok_and(|plan| plan.decides_over() == Some(group))
            }
        }
    }

    /// A run is there whose command decides or decided over this study or endpoint. What can't be read may
    /// be one.
    fn is_needed(&self, group: &RunId) -> bool {
        let Ok(Some(text)) = self.index_text() else { return true };
        let view = parse_index(&text);
        let mut loops =
            view.runs.iter().filter(|line| group.is_of(&line.name) && line.group().is_none());
        loops.any(|line| match self.paths(&line.id).read_plan() {
            Ok(plan) => plan.decides_over() == Some(group),
            Err(_) => self.paths(&line.id).dir.exists(),
        })
    }

    /// Where a run is moved to; another command may still be removing what it was before.
    fn free_place(&self, run: &RunId) -> PathBuf {
        let places = (1_u32..).map(|count| match count {
            1 => self.removed_dir().join(run),
            _ => self.removed_dir().join(format!("{run}.{count}")),
        });
        let mut free = places.skip_while(|place| place.exists());
        free.next().unwrap_or_else(|| self.removed_dir().join(run))
    }

    /// Removes everything in a run's folder but its model and its story: the run stays in the list,
    /// and `status`, `why` and `cost` still answer.
    pub fn strip_run(&self, run: &RunId) -> Result<(), StoreError> {
        let paths = self.paths(run);
        let _lock = FileLock::acquire(&paths.lock(), LOCK_LIMIT)?;
        for path in strippable(&paths) {
            remove_tree(&path)?;
        }
        Ok(())
    }

    /// Removes a run's working folders and the copy of its code, which nothing needs once it has ended.
    pub fn remove_work(&self, run: &RunId) -> Result<(), StoreError> {
        let paths = self.paths(run);
        let _lock = FileLock::acquire(&paths.lock(), LOCK_LIMIT)?;
        remove_tree(&paths.works())?;
        remove_tree(&paths.code())?;
        Ok(())
    }

    /// Finishes what commands that died in `remove_run` have begun.
    pub(super) fn finish_removals(&self) -> Result<(), StoreError> {
        if self.is_read_only() || is_empty(&self.removed_dir()) {
            return Ok(());
        }
        for entry in fs_err::read_dir(self.removed_dir())? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Ok(run) = name.split('.').next().unwrap_or(name).parse::<RunId>() else { continue };
            let lock = self.lock()?;
            if !self.paths(&run).dir.exists() {
                self.forget(&lock, &run)?;
            }
            drop(lock);
            // Another command may be removing it too. What can't be removed hinders nobody: the
            // next command tries again.
            let _ = remove_tree(&path);
        }
        Ok(())
    }

    /// Its folder has been moved away to be removed, and whoever did that has not finished.
    pub(super) fn is_in_removal(&self, run: &RunId) -> bool {
        self.removed_dir().join(run).exists()
    }

    fn forget(&self, lock: &FileLock, run: &RunId) -> Result<(), StoreError> {
        let text = self.index_text()?.unwrap_or_default();
        if parse_index(&text).runs.iter().any(|line| line.id == *run) {
            self.append(lock, &removed_line(run).map_err(io::Error::from)?)?;
        }
        Ok(())
    }

    fn removed_dir(&self) -> PathBuf {
        self.root().join("removed")
    }
}

/// Everything in a run's folder but its model and its story.
fn strippable(paths: &RunPaths) -> Vec<PathBuf> {
    let within = |dir: &Path| {
        let entries = fs_err::read_dir(dir).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let (output, model) = (paths.output(), model_of(paths));
    let mut all = within(&paths.dir);
    all.extend(within(&output));
    let stays = |path: &Path| STORY.iter().any(|name| path == paths.dir.join(name));
    all.retain(|path| *path != output && *path != model && !stays(path));
    all
}

fn model_of(paths: &RunPaths) -> PathBuf {
    paths.output().join("model")
}

/// True where the spec names another place for what the run writes. The plan is then all that knows
/// where the model or the results lie, so it must not go.
fn writes_elsewhere(paths: &RunPaths) -> bool {
    match paths.read_plan() {
        Ok(plan) => plan.gang().output.is_some() || plan.batch().is_some(),
        // Nobody knows where a plan that can't be read sends its outputs: the record is kept.
        Err(StoreError::NewerFile { .. }) => true,
        Err(_) => false,
    }
}

/// Removes a file, or a folder with all that is in it; what is not there is gone already.
pub fn remove_tree(path: &Path) -> io::Result<()> {
    let result = match fs_err::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs_err::remove_dir_all(path),
        Ok(_) => fs_err::remove_file(path),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Bytes that a file or folder takes on the disk; links are not followed, and what can't be read
/// counts nothing.
pub fn disk_use(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(meta) = fs_err::symlink_metadata(path) else { return 0 };
    let own = meta.blocks() * 512;
    if !meta.is_dir() {
        return own;
    }
    let entries = fs_err::read_dir(path).into_iter().flatten().flatten();
    own + entries.map(|entry| disk_use(&entry.path())).sum::<u64>()
}
