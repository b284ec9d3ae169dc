//! The folder of a Python environment: found in the cache, or made there, by one replica at a time.
//!
//! One whose content can't be known beforehand is made for the replicas of one run, and goes with the last
//! of them: each holds its lock with others as long as it lives, so that whoever gets the lock for
//! itself may remove it. That is the last replica's agent, or the next set-up where agents were killed.

use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fs_err::File;

use super::installer::remove;
use super::python::{COMPLETE, pip_folder};
use super::steps::Steps;
use crate::agent::config::AgentRuntime;
use crate::agent::input::SetupError;
use crate::sys;

/// How the names of environments begin that one run has for itself.
const ONCE: &str = "once-";

/// An environment that goes with the last agent that holds it.
#[derive(Debug)]
pub(crate) struct OnceEnvironment {
    venv: PathBuf,
    lock: File,
}

impl PartialEq for OnceEnvironment {
    fn eq(&self, other: &Self) -> bool {
        self.venv == other.venv
    }
}

impl Eq for OnceEnvironment {}

impl Drop for OnceEnvironment {
    fn drop(&mut self) {
        // Another replica may still use it, or have removed it: what has its name now is another's.
        if self.lock.file().unlock().is_ok()
            && self.lock.file().try_lock().is_ok()
            && is_named(&self.lock, &self.venv)
        {
            forget(&self.venv);
        }
    }
}

/// Removes an environment that nobody uses, and its lock, which the caller has. What can't be removed is
/// a cache that `cleanup` finds.
fn forget(venv: &Path) {
    let _ = fs_err::remove_dir_all(venv);
    let _ = fs_err::remove_file(lock_of(venv));
}

fn lock_of(venv: &Path) -> PathBuf {
    venv.with_extension("lock")
}

/// An environment, and how it came about.
pub(super) struct Environment {
    pub(super) venv: PathBuf,
    /// It was there.
    pub(super) found: bool,
    /// Keeps it as long as this run needs it, where it is of this run alone.
    pub(super) once: Option<Arc<OnceEnvironment>>,
}

/// The name of an environment that the run has for itself.
pub(super) fn once(key: &str) -> String {
    format!("{ONCE}{key}")
}

impl Steps<'_> {
    /// The environment of this name, made by `make` unless it is there.
    pub(super) fn kept(
        &self,
        name: &str,
        make: &dyn Fn(&Path) -> Result<(), SetupError>,
    ) -> Result<Environment, SetupError> {
        let folder = self.cache.join("venvs");
        let venv = folder.join(name);
        let failed =
            |error: io::Error| SetupError(format!("the cache of Python environments: {error}"));
        self.make_cache(&folder, &venv).map_err(failed)?;
        sweep(&folder, name);
        let complete = venv.join(COMPLETE);
        let of_run = name.starts_with(ONCE);
        loop {
            // With others of the run, once it is there; else alone, to make it.
            let lock = self.locked(&venv, &|lock| {
                let shared = of_run && complete.exists() && lock.try_lock_shared().is_ok();
                shared || lock.try_lock().is_ok()
            })?;
            let found = complete.exists();
            if !found {
                // An interrupted set-up may have left a part of it behind.
                remove(&venv)?;
                make(&venv).inspect_err(|_| {
                    if of_run {
                        // The next one makes a lock of its own.
                        forget(&venv);
                    } else {
                        drop(remove(&venv));
                    }
                })?;
                fs_err::write(&complete, b"")
                    .map_err(|error| SetupError(format!("the Python environment: {error}")))?;
            }
            if !of_run {
                return Ok(Environment { venv, found, once: None });
            }
            lock.file().lock_shared().map_err(failed)?;
            // The lock may have been another's for a moment.
            if complete.exists() && is_named(&lock, &venv) {
                let once = OnceEnvironment { venv: venv.clone(), lock };
                return Ok(Environment { venv, found, once: Some(Arc::new(once)) });
            }
        }
    }

    /// Makes the folder of all environments. On a machine with other users nobody else may have made
    /// it, since what lies there is run; a pod has no others.
    fn make_cache(&self, folder: &Path, venv: &Path) -> io::Result<()> {
        if self.runtime == AgentRuntime::Processes {
            sys::check_own(venv)?;
            sys::check_own(&pip_folder(self.cache))?;
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        fs_err::create_dir_all(folder)
    }

    /// Waits for the lock of an environment: another replica may be making the same one.
    fn locked(
        &self,
        venv: &Path,
        lock_it: &dyn Fn(&std::fs::File) -> bool,
    ) -> Result<File, SetupError> {
        let begin = Instant::now();
        let mut next_message = 0;
        let failed =
            |error: io::Error| SetupError(format!("the cache of Python environments: {error}"));
        let mut lock = File::create(lock_of(venv)).map_err(failed)?;
        loop {
            if lock_it(lock.file()) {
                if is_named(&lock, venv) {
                    return Ok(lock);
                }
                // Whoever had it has removed it with the environment.
                lock = File::create(lock_of(venv)).map_err(failed)?;
                continue;
            }
            self.fail_if_ended()?;
            let waited = begin.elapsed().as_secs();
            if waited >= next_message {
                next_message = waited + 5;
                let long = if waited > 0 { format!(", {waited} s by now") } else { String::new() };
                self.say(&format!("waiting for another replica to make the environment{long}"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Whether this is still the lock file by its name.
fn is_named(lock: &File, venv: &Path) -> bool {
    let mine = lock.metadata().map(|about| (about.dev(), about.ino()));
    let named = fs_err::metadata(lock_of(venv)).map(|about| (about.dev(), about.ino()));
    matches!((mine, named), (Ok(mine), Ok(named)) if mine == named)
}

/// Removes what runs have had for themselves whose agents were killed, also a lock that is left alone.
fn sweep(folder: &Path, mine: &str) {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let venv = entry.path().with_extension("");
        let name = venv.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with(ONCE) || *name == *mine {
            continue;
        }
        let Ok(lock) = File::create(lock_of(&venv)) else { continue };
        // It is held until the folder is gone. One that lost its name meanwhile guards nothing.
        if lock.file().try_lock().is_ok() && is_named(&lock, &venv) {
            forget(&venv);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_has_the_lock_by_its_name_removes() {
        let root = tempfile::tempdir().unwrap();
        let venv = root.path().join("once-a");
        fs_err::create_dir(&venv).unwrap();
        let hold = || {
            let lock = File::create(lock_of(&venv)).unwrap();
            lock.file().lock_shared().unwrap();
            OnceEnvironment { venv: venv.clone(), lock }
        };
        let before = hold();
        fs_err::remove_file(lock_of(&venv)).unwrap();
        let now = hold();
        drop(before);
        assert!(venv.exists(), "another has made it again");
        let other = hold();
        drop(now);
        assert!(venv.exists(), "another uses it");
        drop(other);
        assert!(!venv.exists() && !lock_of(&venv).exists());
    }

    #[test]
    fn what_nobody_holds_is_swept_with_its_lock() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        for name in ["once-dead", "once-bare", "once-held", "once-mine", "key"] {
            fs_err::create_dir(path(name)).unwrap();
        }
        fs_err::remove_dir(path("once-bare")).unwrap();
        for name in ["once-bare", "once-held", "once-mine", "key"] {
            fs_err::write(path(&format!("{name}.lock")), "").unwrap();
        }
        let held = File::open(path("once-held.lock")).unwrap();
        held.file().lock_shared().unwrap();
        sweep(root.path(), "once-mine");
        let entries = fs_err::read_dir(root.path()).unwrap();
        let mut left: Vec<String> =
            entries.map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        let kept = ["key", "once-held", "once-mine"];
        assert_eq!(left, kept.map(|name| [name.to_owned(), format!("{name}.lock")]).concat());
    }
}
