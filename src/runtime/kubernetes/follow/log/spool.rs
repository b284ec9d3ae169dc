//! What a follower has read of pods' logs, kept until the logs of their run are saved: a node keeps only the
//! newest part of a log, which may be less than somebody has seen of it.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::position::{Line, Position};
use crate::gang::RunId;
use crate::store::NewFile;

/// A spool holds twice as much at most: of more the newest.
const HALF: u64 = 32 << 20;
/// So much is written at once.
const BUFFER: usize = 256 * 1024;

/// The spools of this process.
#[derive(Debug, Default)]
pub(crate) struct Spools(Mutex<HashMap<RunId, Pods>>);

/// Those of one run, by the pod's uid; `None` where the disk has no room for it.
type Pods = HashMap<String, Option<Spool>>;

impl Spools {
    /// Keeps lines of a pod's log behind those that are kept. `log` is the file of the run that is to have
    /// them in the end.
    pub(crate) fn keep(&self, run: &RunId, uid: &str, log: &Path, lines: &[Line]) {
        if lines.is_empty() {
            return;
        }
        let mut runs = self.lock();
        let pods = runs.entry(run.clone()).or_default();
        let spool = pods.entry(uid.to_owned()).or_insert_with(|| Spool::beside(log).ok());
        if spool.as_mut().is_some_and(|spool| spool.add(lines).is_err()) {
            *spool = None;
        }
    }

    /// This process keeps lines of the run.
    pub(crate) fn has(&self, run: &RunId) -> bool {
        self.lock().contains_key(run)
    }

    /// Gives what has been kept of a pod's log, and keeps it no more.
    pub(crate) fn take(&self, run: &RunId, uid: &str) -> Option<Spool> {
        self.lock().get_mut(run)?.remove(uid).flatten()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Pods>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The newest part of what has been read of one log.
#[derive(Debug)]
pub(crate) struct Spool {
    /// The part before that in `file`.
    older: Option<NewFile>,
    file: NewFile,
    length: u64,
    pending: Vec<u8>,
    /// How far it goes.
    position: Position,
    /// How long the two parts may be.
    half: u64,
}

impl Spool {
    fn beside(log: &Path) -> io::Result<Self> {
        fs_err::create_dir_all(log.parent().unwrap_or(log))?;
        Ok(Self {
            older: None,
            file: NewFile::of(log)?,
            length: 0,
            pending: Vec::new(),
            position: Position::default(),
            half: HALF,
        })
    }

    /// How far the log has been read.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    fn add(&mut self, lines: &[Line]) -> io::Result<()> {
        for line in lines {
            if !self.position.is_before(line.position) {
                continue;
            }
            self.position = line.position;
            self.pending.extend_from_slice(&line.bytes);
            self.pending.push(b'\n');
            if self.pending.len() >= BUFFER {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.length >= self.half {
            let next = self.file.another()?;
            self.older = Some(std::mem::replace(&mut self.file, next));
            self.length = 0;
        }
        self.file.write_all(&self.pending)?;
        self.length += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// Writes all that is kept into a log; gives how much that is.
    pub(crate) fn copy_to(mut self, log: &mut NewFile) -> io::Result<u64> {
        self.flush()?;
        let mut length = 0;
        if let Some(older) = &mut self.older {
            length += older.copy_to(log)?;
        }
        Ok(length + self.file.copy_to(log)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Durability;

    fn line(number: u64) -> Line {
        let position = Position { nanos: number, count: 1 };
        Line { position, bytes: format!("line {number}").into_bytes() }
    }

    #[test]
    fn the_newest_lines_are_kept_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut spool = Spool { half: BUFFER as u64, ..Spool::beside(&path).unwrap() };
        let last = 200_000;
        for number in 1..=last {
            spool.add(&[line(number), line(number)]).unwrap();
        }
        assert_eq!(spool.position(), line(last).position);
        let mut log = NewFile::of(&path).unwrap();
        let length = spool.copy_to(&mut log).unwrap();
        log.put(Durability::Crash).unwrap();
        let text = fs_err::read_to_string(&path).unwrap();
        assert_eq!(text.len() as u64, length);
        let first: u64 = text.lines().next().unwrap()["line ".len()..].parse().unwrap();
        let wanted: Vec<String> = (first..=last).map(|number| format!("line {number}")).collect();
        assert!(first > 1 && text.lines().eq(wanted.iter().map(String::as_str)));
        assert!(text.len() > BUFFER && text.len() < 4 * BUFFER, "{}", text.len());
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn what_is_kept_is_given_once() {
        let folder = tempfile::tempdir().unwrap();
        let (spools, run) = (Spools::default(), "r-abc123".parse().unwrap());
        spools.keep(&run, "pod", &folder.path().join("log"), &[line(1)]);
        assert!(spools.has(&run) && spools.take(&run, "other").is_none());
        assert!(spools.take(&run, "pod").is_some() && spools.take(&run, "pod").is_none());
        let path = folder.path().join("file");
        fs_err::write(&path, "").unwrap();
        spools.keep(&run, "pod", &path.join("log"), &[line(1)]);
        assert!(spools.take(&run, "pod").is_none(), "there is no room for it");
    }
}
