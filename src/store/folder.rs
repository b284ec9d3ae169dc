//! The state folder: opening it, its format, its lock, and where damaged files go.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use jiff::{Timestamp, Unit};

use super::atomic::{Durability, private_dir, write_atomic};
use super::{EndpointPaths, FileLock, RunPaths, StoreError, StudyPaths};
use crate::sys;

use crate::gang::RunId;

/// The format that this program writes.
pub const FORMAT: u32 = 1;

/// How long a command waits for another one that writes.
pub(super) const LOCK_LIMIT: Duration = Duration::from_secs(20);

/// An opened state folder: all that mlctl remembers of runs, `$XDG_STATE_HOME/mlctl`. Opening reads
/// its format and nothing else; every method reads and writes files, and nothing is kept in memory
/// but notices.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    /// The format found, when it is newer than ours.
    newer: Option<u32>,
    /// The file with the format holds none: a machine that went down may leave it empty.
    garbled: bool,
    notices: Mutex<Vec<String>>,
}

impl Store {
    /// Opens a state folder. One that is not there is empty, and is made by the first write. An error
    /// when somebody else could have written it: it says what is signalled, removed and shown.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        // Without links from here on: one below it was put there by somebody else.
        let root = if root.exists() { sys::check_own(&root)? } else { sys::without_links(&root)? };
        let found = format_in(&root)?;
        let garbled = found == Found::Garbled;
        let newer = match found {
            Found::Format(found) if found > FORMAT => Some(found),
            _ => None,
        };
        Ok(Self { root, newer, garbled, notices: Mutex::default() })
    }

    /// What is wrong with the file that says the format; none where it says ours or isn't there.
    pub(super) fn wrong_version(&self) -> Option<String> {
        if let Some(newer) = self.newer {
            return Some(format!(
                "version: a newer mlctl wrote the folder, in format {newer}; this one knows {FORMAT}, and \
                 only reads it"
            ));
        }
        self.garbled.then(|| {
            format!(
                "version: it holds no number of a format, such as {FORMAT}: the next command that \
                 writes makes it anew, as `mlctl state rebuild` does"
            )
        })
    }

    /// Makes the file with the format anew where it holds none. Each run's record has a format of its own:
    /// where one is newer than ours, so was the folder's.
    fn mend_version(&self) -> Result<(), StoreError> {
        if !self.garbled || format_in(&self.root)? != Found::Garbled {
            return Ok(());
        }
        for run in self.run_folders()? {
            if let Err(error @ StoreError::NewerFile { .. }) = self.record(&run) {
                return Err(error);
            }
        }
        match self.set_aside(&self.root.join("version"), "it held no number of a format") {
            // Another process has just done the same.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(()),
        }
    }

    /// Path of the state folder; it need not be there yet.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The paths of a run.
    pub fn paths(&self, run: &RunId) -> RunPaths {
        RunPaths::new(&self.root, run)
    }

    /// The paths of a study.
    pub fn study(&self, study: &RunId) -> StudyPaths {
        StudyPaths::new(&self.root, study)
    }

    /// The paths of an endpoint's folder.
    pub fn endpoint(&self, endpoint: &RunId) -> EndpointPaths {
        EndpointPaths::new(&self.root, endpoint)
    }

    /// True when it was written by a newer mlctl: it can be read, and every write is refused.
    pub fn is_read_only(&self) -> bool {
        self.newer.is_some()
    }

    /// What a person should be told about the folder's health; each is given once.
    pub fn take_notices(&self) -> Vec<String> {
        self.notices.lock().map(|mut list| std::mem::take(&mut *list)).unwrap_or_default()
    }

    pub(super) fn notice(&self, text: String) {
        if let Ok(mut list) = self.notices.lock()
            && !list.contains(&text)
        {
            list.push(text);
        }
    }

    pub(super) fn index_path(&self) -> PathBuf {
        self.root.join("index")
    }

    pub(super) fn runs_dir(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// Where new runs are made before they are moved to their place.
    pub(super) fn new_dir(&self) -> PathBuf {
        self.root.join("new")
    }

    /// Makes the folder if needed; an error when it must not be written.
    pub(super) fn prepare(&self) -> Result<(), StoreError> {
        if let Some(found) = self.newer {
            return Err(StoreError::Newer { root: self.root.clone(), found, known: FORMAT });
        }
        // The folders above it are looked at before anything is made in them.
        sys::check_own(&self.root)?;
        for dir in [&self.root, &self.runs_dir(), &self.new_dir()] {
            private_dir(dir)?;
        }
        self.mend_version()?;
        let version = self.root.join("version");
        if !version.exists() {
            write_atomic(&version, format!("{FORMAT}\n").as_bytes(), Durability::PowerLoss)?;
        }
        Ok(())
    }

    /// The lock of the whole folder, for the index and for new runs. Held for moments only.
    pub(super) fn lock(&self) -> Result<FileLock, StoreError> {
        self.prepare()?;
        FileLock::acquire(&self.root.join("lock"), LOCK_LIMIT)
    }

    /// Moves a damaged file to `damaged/<time>-<name>` and says so.
    pub(super) fn set_aside(&self, path: &Path, why: &str) -> io::Result<PathBuf> {
        let kept = self.damaged_path(path)?;
        fs_err::rename(path, &kept)?;
        self.notice(format!("{}: {why}; it was kept as {}", path.display(), kept.display()));
        Ok(kept)
    }

    /// A free name for a damaged file.
    pub(super) fn damaged_path(&self, path: &Path) -> io::Result<PathBuf> {
        let dir = self.root.join("damaged");
        private_dir(&dir)?;
        let name = path.strip_prefix(&self.root).unwrap_or(path).display().to_string();
        let name = name.trim_start_matches("runs/").replace('/', "-");
        let time = now().strftime("%Y%m%dT%H%M%S").to_string();
        let mut kept = dir.join(format!("{time}-{name}"));
        let mut count = 1;
        while kept.exists() {
            count += 1;
            kept = dir.join(format!("{time}-{name}.{count}"));
        }
        Ok(kept)
    }
}

/// What a folder's file says of its format.
#[derive(PartialEq, Eq)]
enum Found {
    /// There is no such file.
    Nothing,
    Format(u32),
    /// There is one, and no number in it.
    Garbled,
}

fn format_in(root: &Path) -> Result<Found, StoreError> {
    match sys::read_own(&root.join("version")) {
        Ok(bytes) => {
            let number = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
            Ok(number.map_or(Found::Garbled, Found::Format))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(error.into()),
    }
}

/// Now, to the millisecond: finer digits are noise to people.
pub fn now() -> Timestamp {
    whole_millis(Timestamp::now())
}

/// A time as the state keeps it.
pub(super) fn whole_millis(time: Timestamp) -> Timestamp {
    time.round(Unit::Millisecond).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_format_is_read_and_never_rewritten() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::write(dir.path().join("version"), "7\n").unwrap();
        let store = Store::open(dir.path()).unwrap();
        assert!(store.is_read_only());
        let error = store.lock().unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 7, known: FORMAT, .. }), "{error}");
        assert_eq!(fs_err::read_to_string(dir.path().join("version")).unwrap(), "7\n");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_garbled_version_is_said_and_made_anew_by_the_next_write() {
        for garbled in [&b""[..], b"\0\0", b"\xff\xfe", b"one\n"] {
            let dir = tempfile::tempdir().unwrap();
            let version = dir.path().join("version");
            fs_err::write(&version, garbled).unwrap();
            let store = Store::open(dir.path()).unwrap();
            let problems = store.check().unwrap().problems;
            assert!(problems.len() == 1 && problems[0].contains("state rebuild"), "{problems:?}");
            assert_eq!(fs_err::read(&version).unwrap(), garbled);
            store.rebuild().unwrap();
            assert_eq!(fs_err::read_to_string(&version).unwrap(), format!("{FORMAT}\n"));
            assert_eq!(store.take_notices().len(), 1);
            let store = Store::open(dir.path()).unwrap();
            let report = store.check().unwrap();
            assert_eq!((report.problems.len(), report.set_aside.len()), (0, 1));
        }
    }

    #[test]
    fn a_garbled_version_beside_newer_runs_stays() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::write(dir.path().join("version"), "").unwrap();
        let run = dir.path().join("runs/digits-abc123");
        fs_err::create_dir_all(&run).unwrap();
        fs_err::write(run.join("run.json"), r#"{"schemaVersion": 99}"#).unwrap();
        let error = Store::open(dir.path()).unwrap().rebuild().unwrap_err();
        assert!(matches!(error, StoreError::NewerFile { found: 99, .. }), "{error}");
        assert_eq!(fs_err::read_to_string(dir.path().join("version")).unwrap(), "");
    }

    #[test]
    fn opening_makes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("state/mlctl");
        Store::open(&root).unwrap();
        assert!(!root.exists());
    }
}
