//! Ports and GPUs that runs hold, as files in the state: two runs don't share one by accident.

use std::io::{self, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err::OpenOptions;

use crate::gang::RunId;
use crate::sys;

/// Below the range that the kernel takes for outgoing connections (32768 and up on Linux), so that
/// a port isn't lost between its choice and its use.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// Leases of one kind: files named after the thing, holding the run's id.
#[derive(Clone, Debug)]
pub(crate) struct Leases {
    dir: PathBuf,
}

/// Between making a lease and writing the run's id into it.
const TAKING: Duration = Duration::from_secs(10);

impl Leases {
    /// Leases of TCP ports, each named by its number.
    pub(crate) fn ports(state: &Path) -> Self {
        Self { dir: state.join("leases").join("ports") }
    }

    /// Leases of GPUs, each named by its UUID.
    pub(crate) fn gpus(state: &Path) -> Self {
        Self { dir: state.join("leases").join("gpus") }
    }

    /// A thing's file. Drivers before 470 have slashes in the names of MIG's slices; none has a plus.
    fn file(&self, thing: &str) -> PathBuf {
        self.dir.join(thing.replace('/', "+"))
    }

    /// The file under whose lock things are given to runs that want several at once.
    pub(crate) fn lock_file(&self) -> io::Result<PathBuf> {
        fs_err::create_dir_all(&self.dir)?;
        Ok(self.dir.with_extension("lock"))
    }

    /// Takes one thing for a run; `false` when a run that lives holds it.
    pub(crate) fn take(
        &self,
        thing: &str,
        run: &RunId,
        alive: &dyn Fn(&RunId) -> bool,
    ) -> io::Result<bool> {
        fs_err::create_dir_all(&self.dir)?;
        let path = self.file(thing);
        for _ in 0..3 {
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    if let Err(error) = file.write_all(run.as_bytes()) {
                        // A full disk must not hold the thing for ever.
                        let _ = fs_err::remove_file(&path);
                        return Err(error);
                    }
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    // The file is made before the run's id is written into it: an empty one is
                    // being taken by another mlctl just now, or one was killed in between.
                    if fs_err::metadata(&path).is_ok_and(|file| file.len() == 0 && is_young(&file))
                    {
                        return Ok(false);
                    }
                    match self.holder(thing) {
                        Some(holder) if holder == *run => return Ok(true),
                        Some(holder) if alive(&holder) => return Ok(false),
                        // What names no run holds nothing.
                        _ => {}
                    }
                    remove(&path)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Id of the run that holds a thing; `None` when nobody does.
    pub(crate) fn holder(&self, thing: &str) -> Option<RunId> {
        sys::read_own_text(&self.file(thing)).ok()?.parse().ok()
    }

    /// Everything that is held, and by which run.
    pub(crate) fn all(&self) -> Vec<(String, RunId)> {
        let entries = fs_err::read_dir(&self.dir).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let things = names.map(|name| name.replace('+', "/"));
        things.filter_map(|thing| Some((thing.clone(), self.holder(&thing)?))).collect()
    }

    /// Gives one thing back, if this run holds it.
    pub(crate) fn give_back(&self, thing: &str, run: &RunId) -> io::Result<()> {
        if self.holder(thing).as_ref() == Some(run) {
            remove(&self.file(thing))?;
        }
        Ok(())
    }

    /// Gives back all that a run holds.
    pub(crate) fn release(&self, run: &RunId) {
        let Ok(entries) = fs_err::read_dir(&self.dir) else { return };
        for entry in entries.flatten() {
            if sys::read_own_text(&entry.path()).is_ok_and(|holder| holder == *run) {
                // A lease that can't be removed does no harm: once its run has ended, the next
                // taker replaces it.
                let _ = fs_err::remove_file(entry.path());
            }
        }
    }

    /// Takes so many free ports of the loopback address.
    pub(crate) fn take_ports(
        &self,
        count: usize,
        run: &RunId,
        alive: &dyn Fn(&RunId) -> bool,
    ) -> io::Result<Vec<u16>> {
        let mut ports = Vec::new();
        let first = fastrand::u16(PORTS);
        for port in (first..PORTS.end).chain(PORTS.start..first) {
            if ports.len() == count {
                break;
            }
            if TcpListener::bind(("127.0.0.1", port)).is_ok()
                && self.take(&port.to_string(), run, alive)?
            {
                ports.push(port);
            }
        }
        if ports.len() == count {
            Ok(ports)
        } else {
            Err(io::Error::new(
                io::ErrorKind::AddrInUse,
                format!("no {count} free ports between {} and {}", PORTS.start, PORTS.end),
            ))
        }
    }
}

/// It was made moments ago. A time in the future says nothing.
fn is_young(file: &std::fs::Metadata) -> bool {
    let age = file.modified().ok().and_then(|made| made.elapsed().ok());
    age.is_none_or(|age| age < TAKING)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_one_runs_until_that_run_is_gone() {
        let state = tempfile::tempdir().unwrap();
        let gpus = Leases::gpus(state.path());
        assert!(gpus.take("GPU-1", &"a".into(), &|_| true).unwrap());
        assert!(gpus.take("GPU-1", &"a".into(), &|_| true).unwrap());
        assert!(!gpus.take("GPU-1", &"b".into(), &|_| true).unwrap());
        assert!(gpus.take("GPU-1", &"b".into(), &|_| false).unwrap());
        assert!(gpus.take("MIG-GPU-1/2/0", &"b".into(), &|_| true).unwrap());
        assert!(gpus.all().contains(&("MIG-GPU-1/2/0".into(), "b".into())));
        gpus.release(&"b".into());
        assert!(gpus.holder("GPU-1").is_none());
    }

    #[test]
    fn what_a_crash_left_empty_holds_nothing_for_long() {
        let state = tempfile::tempdir().unwrap();
        let gpus = Leases::gpus(state.path());
        assert!(gpus.take("GPU-1", &"a".into(), &|_| true).unwrap());
        let file = std::fs::File::create(gpus.file("GPU-1")).unwrap();
        assert!(!gpus.take("GPU-1", &"b".into(), &|_| true).unwrap());
        file.set_modified(std::time::SystemTime::now() - 2 * TAKING).unwrap();
        assert!(gpus.take("GPU-1", &"b".into(), &|_| true).unwrap());
        assert_eq!(gpus.holder("GPU-1"), Some("b".into()));
    }

    #[test]
    fn ports_of_two_runs_differ() {
        let state = tempfile::tempdir().unwrap();
        let ports = Leases::ports(state.path());
        let a = ports.take_ports(20, &"a".into(), &|_| true).unwrap();
        let b = ports.take_ports(20, &"b".into(), &|_| true).unwrap();
        assert!(a.iter().all(|port| !b.contains(port)));
    }
}
