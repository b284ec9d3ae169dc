//! The index as a file: read without a lock, appended to and compacted under the folder's lock.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;

use fs_err::File;

use super::atomic::{Durability, write_atomic};
use super::index::{IndexHeader, compacted_text, entry_line, final_line, parse_index};
use super::skim::skim_index;
use super::{FileLock, IndexEntry, IndexLine, Store, StoreError};
use crate::sys;

use crate::gang::RunId;

/// An index smaller than this is never worth compacting.
const SMALL: u64 = 64 * 1024;

impl Store {
    /// The index's text; rebuilt first when it is missing or garbled although there are runs.
    pub(super) fn read_index(&self) -> Result<String, StoreError> {
        let text = self.index_text()?;
        if wrong(text.as_deref()).is_none()
            || self.is_read_only()
            || super::create::is_empty(&self.runs_dir())
        {
            return Ok(text.unwrap_or_default());
        }
        // Another process may have rebuilt it while this one waited for the lock.
        if let Err(error) = self.lock().and_then(|lock| self.make_sound(&lock)) {
            // On a full disk the runs are shown all the same.
            self.notice(format!("the index is garbled, and can't be rebuilt: {error}"));
            return self.text_of_folders(text.unwrap_or_default());
        }
        Ok(self.index_text()?.unwrap_or_default())
    }

    /// The whole lines of an index, and those that it lacks by the runs' folders.
    pub(super) fn text_of_folders(&self, mut text: String) -> Result<String, StoreError> {
        text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
        let known: HashSet<RunId> = parse_index(&text).runs.into_iter().map(|run| run.id).collect();
        for id in self.run_folders()?.into_iter().filter(|id| !known.contains(id)) {
            if let Ok(record) = self.record(&id) {
                text.push_str(&entry_line(&record.entry()).map_err(io::Error::from)?);
            }
        }
        Ok(text)
    }

    /// Rebuilds the index when it is missing or garbled although there are runs; says whether it did.
    fn make_sound(&self, lock: &FileLock) -> Result<bool, StoreError> {
        let why = wrong(self.index_text()?.as_deref());
        let Some(why) = why.filter(|_| self.run_folders().is_ok_and(|runs| !runs.is_empty()))
        else {
            return Ok(false);
        };
        self.rebuild_index(lock)?;
        self.notice(format!("the index {why}: it was rebuilt from the runs' folders"));
        Ok(true)
    }

    /// The index's text, if there is an index.
    pub(super) fn index_text(&self) -> Result<Option<String>, StoreError> {
        match sys::read_own(&self.index_path()) {
            Ok(bytes) => {
                Ok(Some(String::from_utf8(bytes).unwrap_or_else(|error| {
                    String::from_utf8_lossy(error.as_bytes()).into_owned()
                })))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds the line of a new run.
    pub(super) fn index_created(
        &self,
        lock: &FileLock,
        entry: &IndexEntry,
    ) -> Result<(), StoreError> {
        // Where no index is, this may be the first run of all.
        let is_first = !self.index_path().exists() && self.run_folders()?.len() <= 1;
        let is_mended = !is_first && self.make_sound(lock)?;
        let is_torn = self.is_torn()?;
        if is_torn {
            self.mend(lock)?;
        }
        // Mending adds a line for every run that has a folder and lacks one, so it may already have
        // added this run's.
        if is_mended || is_torn {
            let text = self.index_text()?.unwrap_or_default();
            if parse_index(&text).runs.iter().any(|line| line.id == entry.id) {
                return Ok(());
            }
        }
        self.append(lock, &entry_line(entry).map_err(io::Error::from)?)
    }

    /// Adds the line of a run's end.
    pub(super) fn index_ended(&self, entry: &IndexEntry) -> Result<(), StoreError> {
        let lock = self.lock()?;
        self.make_sound(&lock)?;
        self.append(&lock, &final_line(entry).map_err(io::Error::from)?)
    }

    /// The same for an end that somebody else saw, unless it has been written down by now, or the run
    /// was removed and found again since.
    pub(super) fn index_missed_end(&self, entry: &IndexEntry) -> Result<(), StoreError> {
        let lock = self.lock()?;
        self.make_sound(&lock)?;
        let text = self.index_text()?.unwrap_or_default();
        let lives = |line: &IndexLine<'_>| line.id == entry.id && line.outcome.is_none();
        if parse_index(&text).runs.iter().any(lives)
            && self.record(&entry.id).is_ok_and(|record| record.ended == entry.ended)
        {
            self.append(&lock, &final_line(entry).map_err(io::Error::from)?)?;
        }
        Ok(())
    }

    /// Appends a line, or leaves the file as it was.
    pub(super) fn append(&self, lock: &FileLock, line: &str) -> Result<(), StoreError> {
        let mut file = self.open_index()?;
        let mut before = file.metadata()?.len();
        if before > 0 && !ends_with_newline(&mut file)? {
            drop(file);
            self.mend(lock)?;
            file = self.open_index()?;
            before = file.metadata()?.len();
        }
        if let Err(error) = file.write_all(line.as_bytes()).and_then(|()| file.sync_data()) {
            // On a full disk part of the line may have been written; the next writer's line would
            // be glued to it and lost.
            file.set_len(before)?;
            return Err(error.into());
        }
        let size = before + line.len() as u64;
        if size > SMALL && size > 2 * compacted_size(&mut file)? + SMALL {
            self.compact(lock)?;
        }
        Ok(())
    }

    fn is_torn(&self) -> io::Result<bool> {
        let mut file = self.open_index()?;
        Ok(file.metadata()?.len() > 0 && !ends_with_newline(&mut file)?)
    }

    fn open_index(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true).mode(0o600);
        let path = self.index_path();
        Ok(File::from_parts(sys::open_own(&path, &options)?, path))
    }

    /// Writes the index anew, one line per run. A damaged one is kept aside.
    pub(super) fn compact(&self, _lock: &FileLock) -> Result<(), StoreError> {
        let text = self.index_text()?.unwrap_or_default();
        let view = parse_index(&text);
        if view.damaged > 0 || view.torn {
            let kept = self.damaged_path(&self.index_path())?;
            write_atomic(&kept, text.as_bytes(), Durability::PowerLoss)?;
            self.notice(format!(
                "the index had {} damaged lines; a copy was kept as {}",
                view.damaged + usize::from(view.torn),
                kept.display()
            ));
        }
        let entries: Vec<_> = view.runs.iter().map(IndexLine::to_entry).collect();
        self.replace_index(&entries)
    }

    pub(super) fn replace_index(&self, entries: &[IndexEntry]) -> Result<(), StoreError> {
        let text = compacted_text(entries).map_err(io::Error::from)?;
        write_atomic(&self.index_path(), text.as_bytes(), Durability::PowerLoss)?;
        Ok(())
    }

    /// After an interrupted writer: the torn line goes aside, and what it said is taken from the
    /// runs' own folders again.
    fn mend(&self, lock: &FileLock) -> Result<(), StoreError> {
        self.compact(lock)?;
        let text = self.index_text()?.unwrap_or_default();
        let known: HashSet<RunId> = parse_index(&text).runs.into_iter().map(|run| run.id).collect();
        let mut file = self.open_index()?;
        for id in self.run_folders()? {
            if !known.contains(&id)
                && let Ok(record) = self.record(&id)
            {
                let line = entry_line(&record.entry()).map_err(io::Error::from)?;
                file.write_all(line.as_bytes())?;
            }
        }
        file.sync_data()?;
        Ok(())
    }

    /// The runs that have a folder. What has another name is nobody's run.
    pub(super) fn run_folders(&self) -> io::Result<Vec<RunId>> {
        let entries = match fs_err::read_dir(self.runs_dir()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            names.extend(name.to_str().and_then(|name| name.parse::<RunId>().ok()));
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// Why a text is no index of runs that there are; a torn last line may be one that is just written.
pub(super) fn wrong(text: Option<&str>) -> Option<&'static str> {
    let Some(text) = text else { return Some("was missing") };
    let skimmed = skim_index(text);
    let is_torn = skimmed.runs.is_empty() && !text.ends_with('\n');
    match text {
        "" => Some("was empty"),
        _ if skimmed.damaged > 0 || is_torn => Some("was garbled"),
        _ => None,
    }
}

fn ends_with_newline(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// What the header says: the size after the last compaction.
fn compacted_size(file: &mut File) -> io::Result<u64> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(128).read_to_end(&mut head)?;
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let text = std::str::from_utf8(line).unwrap_or_default();
    Ok(serde_json::from_str::<IndexHeader>(text).map_or(0, |header| header.compacted))
}
