//! The event files below a folder, at any depth.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::event_file::{EventFile, Read};
use super::wanted::{Sink, Wanted};

/// What the name of an event file has in it, as TensorBoard finds them.
const MARK: &str = "tfevents";
/// How many files are read, and, with a warning, no others that come later: a trial has one for each
/// folder that it writes to and each start.
const FILES: usize = 256;
/// How many entries of folders are looked at, and how deep.
const ENTRIES: usize = 10_000;
const DEPTH: usize = 16;
/// How often new files are looked for.
const LOOK_PACE: Duration = Duration::from_secs(3);

/// A folder of event files.
#[derive(Debug)]
pub(super) struct EventFolder {
    root: PathBuf,
    wanted: Wanted,
    /// The files, and `None` for those that have been given up.
    files: BTreeMap<PathBuf, Option<EventFile>>,
    /// The files that were there before the command, with their sizes.
    foreign: HashMap<PathBuf, u64>,
    looked: Option<Instant>,
    /// There are more files than are read.
    is_full: bool,
    /// Which file is read first, so that a long one doesn't keep others waiting.
    turn: usize,
}

impl EventFolder {
    /// Without what the folder has now, which another command has written. It need not be there.
    pub(super) fn new(root: PathBuf, wanted: Wanted) -> Self {
        let foreign = event_files(&root).into_iter().collect();
        Self {
            root,
            wanted,
            files: BTreeMap::new(),
            foreign,
            looked: None,
            is_full: false,
            turn: 0,
        }
    }

    /// Gives the scalars that have come since the last call, reading about `budget` bytes at most, and
    /// tells how many it has read. `warn` is told of each file that is given up, and of those that are
    /// too many.
    pub(super) fn read(
        &mut self,
        budget: u64,
        sink: &mut Sink<'_>,
        warn: &mut dyn FnMut(String),
    ) -> u64 {
        if self.looked.is_none_or(|at| at.elapsed() >= LOOK_PACE) {
            self.look();
        }
        if std::mem::take(&mut self.is_full) {
            let root = self.root.display();
            warn(format!("{root} has more than {FILES} event files; the others are not read"));
        }
        self.turn += 1;
        let begin = self.turn % self.files.len().max(1);
        let mut files: Vec<_> = self.files.iter_mut().collect();
        files.rotate_left(begin);
        let mut read = 0;
        for (path, place) in files {
            let Some(file) = place else { continue };
            if read >= budget {
                break;
            }
            match file.read(budget - read, sink) {
                Ok(Read::Bytes(count)) => read += count,
                Ok(Read::Damaged) => {
                    warn(format!("the rest of {} is damaged, and is not read", path.display()));
                    *place = None;
                }
                // A file system that is far away may be back the next time.
                Err(error) => warn(error.to_string()),
            }
        }
        read
    }

    /// Looks for new files at once, because the command has ended.
    pub(super) fn look(&mut self) {
        self.looked = Some(Instant::now());
        for (path, size) in event_files(&self.root) {
            let before = self.foreign.get(&path).copied();
            if before == Some(size) || self.files.contains_key(&path) {
                continue;
            }
            if self.files.len() >= FILES {
                self.is_full = true;
                return;
            }
            let start = before.filter(|before| *before < size).unwrap_or_default();
            let file = EventFile::new(path.clone(), &self.wanted, start);
            self.files.insert(path, Some(file));
        }
    }
}

/// The event files below a folder with their sizes, in the order of their paths. Links to folders are
/// not followed, and what can't be read has none.
fn event_files(root: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let mut left = ENTRIES;
    let mut folders = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = fs_err::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            if left == 0 {
                break;
            }
            left -= 1;
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && depth < DEPTH {
                folders.push((entry.path(), depth + 1));
            }
            if is_folder || !entry.file_name().to_string_lossy().contains(MARK) {
                continue;
            }
            if let Ok(metadata) = fs_err::metadata(entry.path())
                && metadata.is_file()
            {
                found.push((entry.path(), metadata.len()));
            }
        }
    }
    found.sort();
    found
}
