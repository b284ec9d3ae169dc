//! Looking the whole state folder over, and making its index anew.

use std::collections::{HashMap, HashSet};
use std::io;

use serde::Serialize;

use super::Durability::PowerLoss;
use super::index_file::wrong;
use super::journal::JournalReader;
use super::{FileLock, IndexEntry, IndexLine, Store, StoreError, parse_index, write_atomic};

use crate::gang::RunId;
use crate::sys;

/// What `state check` found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// How many run folders there are, damaged ones included.
    pub runs: usize,
    /// What is wrong; empty when all is well.
    pub problems: Vec<String>,
    /// Files that were set aside earlier.
    pub set_aside: Vec<String>,
}

/// What `state rebuild` did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RebuildReport {
    /// Runs in the index now.
    pub runs: usize,
    /// Runs that the old index lacked.
    pub added: Vec<RunId>,
    /// Entries of the old index without a folder.
    pub dropped: Vec<RunId>,
    /// Runs whose record can't be read; it is set aside and made anew when one is looked at.
    pub damaged: Vec<RunId>,
}

impl Store {
    /// Looks at everything, changes nothing.
    pub fn check(&self) -> Result<CheckReport, StoreError> {
        let (text, folders) = {
            // Index and folders must be of one moment, or a run that is being made looks like a
            // problem. Where the lock can't be had, in a folder that may not be written, a check
            // without it is better than none.
            let may_lock = self.wrong_version().is_none() && self.root().join("lock").exists();
            let _lock = may_lock.then(|| self.lock().ok());
            (self.index_text()?, self.run_folders()?)
        };
        let wrong = wrong(text.as_deref()).filter(|_| !folders.is_empty());
        let text = text.unwrap_or_default();
        let view = parse_index(&text);
        let mut report = CheckReport { runs: folders.len(), ..CheckReport::default() };
        let problems = &mut report.problems;
        problems.extend(self.wrong_version());
        if let Some(wrong) = wrong.filter(|_| view.damaged == 0 && !view.torn) {
            problems.push(format!("index: it {wrong}"));
        }
        if view.damaged > 0 {
            problems.push(format!("index: {} damaged lines", view.damaged));
        }
        if view.torn {
            problems.push("index: the last line is torn".into());
        }
        let known: HashMap<&RunId, &IndexLine<'_>> =
            view.runs.iter().map(|run| (&run.id, run)).collect();
        for id in &folders {
            let line = known.get(id);
            if line.is_none() {
                problems.push(format!("{id}: not in the index"));
            }
            match self.record(id) {
                Ok(record) => {
                    let outcome = record.verdict.as_ref().map(|verdict| verdict.outcome);
                    // An end that is missing there is written by whoever lists next.
                    let is_other =
                        |line: &&IndexLine<'_>| line.outcome.is_some() && line.outcome != outcome;
                    if line.is_some_and(is_other) {
                        problems.push(format!("{id}: the index has another end of it"));
                    }
                    let length = fs_err::metadata(self.paths(id).events()).map_or(0, |m| m.len());
                    if length < record.journal.bytes {
                        problems.push(format!("{id}: events.jsonl is shorter than it was"));
                    } else if let Ok((_, damaged @ 1..)) =
                        JournalReader::default().read(&self.paths(id).events(), &record)
                    {
                        problems.push(format!("{id}: events.jsonl has {damaged} damaged lines"));
                    }
                    // What is gone is told where it is needed; a run that was adopted has none.
                    match self.paths(id).read_plan() {
                        Err(StoreError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
                        Err(error) => problems.push(format!("{id}: {error}")),
                        Ok(_) => {}
                    }
                }
                Err(error) => problems.push(format!("{id}: {error}")),
            }
        }
        problems.extend(self.damaged_studies());
        let folders: HashSet<&RunId> = folders.iter().collect();
        // What a command that has died was removing is no problem: the next one that lists runs
        // finishes it.
        let lost = known.keys().filter(|run| !folders.contains(*run) && !self.is_in_removal(run));
        let mut lost: Vec<_> = lost.map(|run| format!("{run}: its folder is gone")).collect();
        lost.sort_unstable();
        problems.extend(lost);
        if let Ok(entries) = std::fs::read_dir(self.root().join("damaged")) {
            let paths = entries.filter_map(|entry| Some(entry.ok()?.path().display().to_string()));
            report.set_aside.extend(paths);
            report.set_aside.sort_unstable();
        }
        Ok(report)
    }

    /// Studies whose document is none.
    fn damaged_studies(&self) -> Vec<String> {
        let entries =
            std::fs::read_dir(self.root().join("studies")).into_iter().flatten().flatten();
        let damaged = entries.filter_map(|entry| {
            let study = entry.file_name().to_str()?.parse::<RunId>().ok()?;
            let path = self.study(&study).document();
            let document = sys::read_own(&path).ok()?;
            let error = serde_json::from_slice::<serde::de::IgnoredAny>(&document).err()?;
            Some(format!("{} is damaged: {error}", path.display()))
        });
        damaged.collect()
    }

    /// Makes the index anew from the runs' folders.
    pub fn rebuild(&self) -> Result<RebuildReport, StoreError> {
        self.recover()?;
        let lock = self.lock()?;
        self.rebuild_index(&lock)
    }

    pub(super) fn rebuild_index(&self, _lock: &FileLock) -> Result<RebuildReport, StoreError> {
        let text = self.index_text()?;
        let view = parse_index(text.as_deref().unwrap_or_default());
        let old: HashMap<RunId, IndexEntry> =
            view.runs.iter().map(|run| (run.id.clone(), run.to_entry())).collect();
        let mut report = RebuildReport::default();
        let mut entries = Vec::new();
        for id in self.run_folders()? {
            match self.record(&id) {
                Ok(record) => entries.push(record.entry()),
                Err(_) if old.contains_key(&id) => {
                    entries.push(old[&id].clone());
                    report.damaged.push(id);
                    continue;
                }
                Err(_) => {
                    report.damaged.push(id);
                    continue;
                }
            }
            if !old.contains_key(&id) {
                report.added.push(id);
            }
        }
        let kept: HashSet<&RunId> = entries.iter().map(|entry| &entry.id).collect();
        let runs = view.runs.iter().map(|run| &run.id);
        report.dropped = runs.filter(|run| !kept.contains(*run)).cloned().collect();
        entries.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        report.runs = entries.len();
        if text.is_some() && (view.damaged > 0 || view.torn || !report.dropped.is_empty()) {
            // Copied, not renamed: another process that reads the index just now must find one.
            let kept = self.damaged_path(&self.index_path())?;
            write_atomic(&kept, text.as_deref().unwrap_or_default().as_bytes(), PowerLoss)?;
            self.notice(format!("the index was rebuilt; the old one is {}", kept.display()));
        }
        self.replace_index(&entries)?;
        Ok(report)
    }
}
