//! What a follower has read of pods' logs, kept until the logs of their run are saved: a node keeps only the
//! newest part of a log, which may be less than somebody has seen of it, and nothing of a pod that was
//! replaced. It lies in the run's folder, because the follower may go before the run ends.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::renameat;

use super::kept::{KeptName, NEW, OLD};
use super::position::{Line, Position};
use crate::gang::RunId;
use crate::store::private_dir;
use crate::sys::{make_private, open_folder, random_word};

/// A spool holds twice as much at most: of more the newest. The time before each line is a part of it.
const HALF: u64 = 48 << 20;
/// So much is written at once.
const BUFFER: usize = 256 * 1024;

/// The spools that this process writes.
#[derive(Debug, Default)]
pub(crate) struct Spools(Mutex<Runs>);

#[derive(Debug, Default)]
struct Runs {
    /// By the pod's uid; `None` where the disk has no room for it.
    pods: HashMap<String, Option<Spool>>,
    /// Of which runs something was kept.
    runs: HashSet<RunId>,
}

impl Spools {
    /// Keeps lines of a pod's log behind those that are kept, in the folder of its replica.
    pub(crate) fn keep(&self, run: &RunId, pod: &KeptName, folder: &Path, lines: &[Line]) {
        if lines.is_empty() {
            return;
        }
        let mut runs = self.lock();
        runs.runs.insert(run.clone());
        let spool = match runs.pods.get_mut(&pod.uid) {
            Some(spool) => spool,
            None => runs.pods.entry(pod.uid.clone()).or_insert(Spool::new(folder, pod).ok()),
        };
        if spool.as_mut().is_some_and(|spool| spool.add(lines).is_err()) {
            *spool = None;
        }
    }

    /// This process keeps lines of the run.
    pub(crate) fn has(&self, run: &RunId) -> bool {
        self.lock().runs.contains(run)
    }

    fn lock(&self) -> MutexGuard<'_, Runs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The newest part of what has been read of one log, each line behind its time as a kubelet gives it.
#[derive(Debug)]
struct Spool {
    folder: OwnedFd,
    /// The files' name without its end.
    stem: String,
    file: File,
    length: u64,
    pending: Vec<u8>,
    /// How far it goes.
    position: Position,
    /// How long each of the two files may be.
    half: u64,
}

impl Spool {
    fn new(folder: &Path, pod: &KeptName) -> io::Result<Self> {
        private_dir(folder)?;
        let folder = open_folder(folder)?;
        let stem = pod.stem(&random_word(4)?);
        let file = make_private(&folder, &format!("{stem}{NEW}"))?;
        let position = Position::default();
        Ok(Self { folder, stem, file, length: 0, pending: Vec::new(), position, half: HALF })
    }

    /// Writes lines behind those that are there, so that they outlive this process.
    fn add(&mut self, lines: &[Line]) -> io::Result<()> {
        for line in lines {
            if !self.position.is_before(line.position) {
                continue;
            }
            self.position = line.position;
            // A time that no clock has is none of a kubelet's.
            let Some(time) = line.position.time() else { continue };
            write!(self.pending, "{time} ")?;
            self.pending.extend_from_slice(&line.bytes);
            self.pending.push(b'\n');
            if self.pending.len() >= BUFFER {
                self.flush()?;
            }
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.length >= self.half {
            let (new, old) = (format!("{}{NEW}", self.stem), format!("{}{OLD}", self.stem));
            renameat(&self.folder, &new, &self.folder, &old)?;
            self.file = make_private(&self.folder, &new)?;
            self.length = 0;
        }
        self.file.write_all(&self.pending)?;
        self.length += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::kept::Kept;
    use super::*;
    use crate::gang::ReplicaId;
    use crate::runtime::kubernetes::follow::watch::PodFacts;
    use crate::store::RunPaths;

    fn line(number: u64) -> Line {
        let position = Position { nanos: number, count: 1 };
        Line { position, bytes: format!("line {number}").into_bytes() }
    }

    fn name() -> KeptName {
        KeptName::of(&PodFacts { uid: "pod".into(), ..PodFacts::default() }).unwrap()
    }

    fn read(run: &RunPaths, replica: &ReplicaId) -> Vec<Line> {
        let mut all = Vec::new();
        for kept in Kept::all(run, replica) {
            let mut lines = kept.lines();
            while let Some(some) = lines.next().unwrap() {
                all.extend(some);
            }
        }
        all
    }

    #[test]
    fn the_newest_lines_are_kept_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().canonicalize().unwrap();
        let run = RunPaths::new(&state, &"r-abc123".parse().unwrap());
        let replica = ReplicaId::new("worker", 0);
        let half = BUFFER as u64;
        let mut spool = Spool { half, ..Spool::new(&run.kept_log(&replica), &name()).unwrap() };
        let last = 60_000;
        for number in 1..=last {
            spool.add(&[line(number), line(number)]).unwrap();
        }
        let lines = read(&run, &replica);
        let first = lines[0].position.nanos;
        assert!(first > 1 && lines == (first..=last).map(line).collect::<Vec<_>>());
        let bytes = last - first;
        assert!(bytes * 40 > half && bytes * 40 < 4 * half, "{first}");
    }

    #[test]
    fn what_is_kept_outlives_the_follower() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().canonicalize().unwrap();
        let run = RunPaths::new(&state, &"r-abc123".parse().unwrap());
        let replica = ReplicaId::new("worker", 0);
        let spools = Spools::default();
        spools.keep(&run.run, &name(), &run.kept_log(&replica), &[line(1)]);
        assert!(spools.has(&run.run));
        spools.keep(&run.run, &name(), &run.kept_log(&replica), &[line(2)]);
        assert_eq!(read(&run, &replica), [line(1), line(2)]);
        drop(spools);
        assert_eq!(read(&run, &replica), [line(1), line(2)]);
    }

    #[test]
    fn where_nothing_can_be_written_nothing_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs_err::write(&path, "").unwrap();
        let (spools, run) = (Spools::default(), "r-abc123".parse().unwrap());
        spools.keep(&run, &name(), &path.join("worker-0"), &[line(1)]);
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    }
}
