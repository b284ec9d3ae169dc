//! A run's story: its journal, and the record that vouches for it.

use std::io;

use jiff::Timestamp;

use super::atomic::{Durability, write_atomic};
use super::journal::{self, JournalReader};
use super::{
    FileLock, IndexLine, JournalMark, PushedModel, RunPaths, RunRecord, Store, StoreError, now,
    parse_index,
};
use crate::event::Cursor;
use crate::event::{Event, EventKind, WaitingReason};
use crate::gang::{Outcome, RunId, Verdict};

impl Store {
    /// Ends a run from mlctl's side.
    pub fn finish(
        &self,
        lock: &FileLock,
        run: &RunPaths,
        verdict: Verdict,
        inferred: Option<String>,
    ) -> Result<RunRecord, StoreError> {
        self.end(lock, run, EventKind::Finished { verdict, inferred, unsubmitted: false })
    }

    /// Ends a run that mlctl could not submit: nothing of it runs anywhere.
    pub fn finish_unsubmitted(
        &self,
        lock: &FileLock,
        run: &RunPaths,
        reason: String,
    ) -> Result<RunRecord, StoreError> {
        let outcome = Outcome::CouldNotStart;
        let verdict = Verdict { outcome, attempt: 0, first_failure: None, reason };
        let inferred = Some("mlctl could not start the replicas".into());
        self.end(lock, run, EventKind::Finished { verdict, inferred, unsubmitted: true })
    }

    /// Says which version of the registry a run's model has become.
    pub fn note_pushed(
        &self,
        _lock: &FileLock,
        run: &RunPaths,
        pushed: PushedModel,
    ) -> Result<(), StoreError> {
        let record = RunRecord { pushed: Some(pushed), ..self.sound_record(run)? };
        let bytes = serde_json::to_vec_pretty(&record).map_err(io::Error::from)?;
        Ok(write_atomic(&run.record(), &bytes, Durability::PowerLoss)?)
    }

    /// Says that a run waits for its turn, and behind whom.
    pub fn note_waiting(
        &self,
        lock: &FileLock,
        run: &RunPaths,
        message: String,
    ) -> Result<(), StoreError> {
        let mut record = self.sound_record(run)?;
        let kind = EventKind::Waiting { reason: WaitingReason::Queued, message };
        self.append_events(lock, run, &mut record, vec![event_of(run, now(), kind)])
    }

    fn end(
        &self,
        lock: &FileLock,
        run: &RunPaths,
        kind: EventKind,
    ) -> Result<RunRecord, StoreError> {
        let mut record = self.sound_record(run)?;
        let event = event_of(run, now(), kind);
        self.append_events(lock, run, &mut record, vec![event])?;
        Ok(record)
    }

    /// Journal first, then the record that vouches for it, then the index.
    pub(crate) fn append_events(
        &self,
        _lock: &FileLock,
        run: &RunPaths,
        record: &mut RunRecord,
        mut events: Vec<Event>,
    ) -> Result<(), StoreError> {
        if record.state.is_ended() {
            return Ok(());
        }
        // A run has one end: what its runtime tells after it changes nothing any more.
        if let Some(end) = events.iter().position(|e| matches!(e.kind, EventKind::Finished { .. }))
        {
            events.truncate(end + 1);
        }
        // The plan is read only for what needs it, which most syncs don't.
        let reports = events.iter().any(|event| matches!(event.kind, EventKind::Metrics { .. }));
        let plan = if reports { run.read_plan().ok() } else { None };
        let primary = plan.as_ref().map(|plan| plan.gang().primary());
        for event in &events {
            record.apply(event, primary);
        }
        let ended = record.state.is_ended();
        let mark = record.journal;
        let written = journal::append(&run.events(), mark, &mut events, ended).and_then(|behind| {
            record.journal = behind;
            let durability = if ended { Durability::PowerLoss } else { Durability::Crash };
            let bytes = serde_json::to_vec_pretty(record)?;
            write_atomic(&run.record(), &bytes, durability)
        });
        match written {
            Ok(()) if ended => match self.index_ended(&record.entry()) {
                // Whoever lists runs takes it from the record.
                Err(StoreError::Io(error)) if takes_nothing(&error) => Ok(()),
                result => result,
            },
            Ok(()) => Ok(()),
            Err(error) if takes_nothing(&error) => {
                (record.journal, record.unkept) = (mark, events);
                self.notice(format!(
                    "{error}: what has happened to {} is shown, and is written down once that goes again",
                    run.run
                ));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A run's record, made sound: one that can't be read is set aside and remade from the index,
    /// and one that vouches for more than the journal holds starts its story again.
    pub(crate) fn sound_record(&self, run: &RunPaths) -> Result<RunRecord, StoreError> {
        let mut record = match self.record(&run.run) {
            Ok(record) => record,
            Err(StoreError::Damaged { path, reason }) => {
                let record = self.remake_record(run)?;
                self.set_aside(&path, &reason)?;
                record
            }
            Err(StoreError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                self.remake_record(run)?
            }
            Err(error) => return Err(error),
        };
        let length = match fs_err::metadata(run.events()) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error.into()),
        };
        if length < record.journal.bytes {
            record.cursor = Cursor::default();
            record.journal = JournalMark::default();
            let submitted = EventKind::Submitted { runtime: record.runtime.clone() };
            let mut events = [event_of(run, record.created, submitted)];
            if length > 0 {
                self.set_aside(&run.events(), "it is shorter than it was")?;
            }
            record.journal = journal::append(&run.events(), record.journal, &mut events, false)?;
        }
        Ok(record)
    }

    /// Where a run was submitted to: as its record says, or where that is damaged or gone, the index.
    pub fn runtime_of(&self, run: &RunId) -> Result<String, StoreError> {
        let paths = self.paths(run);
        match self.record(run) {
            Ok(record) => Ok(record.runtime),
            Err(StoreError::Damaged { .. }) => Ok(self.remake_record(&paths)?.runtime),
            Err(StoreError::Io(error))
                if error.kind() == io::ErrorKind::NotFound && paths.dir.exists() =>
            {
                Ok(self.remake_record(&paths)?.runtime)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn remake_record(&self, run: &RunPaths) -> Result<RunRecord, StoreError> {
        let text = self.index_text()?.unwrap_or_default();
        let entry =
            parse_index(&text).runs.iter().find(|line| line.id == run.run).map(IndexLine::to_entry);
        match entry {
            Some(entry) => {
                let mut record = RunRecord::from_entry(&entry);
                // No journal is as long as this mark, so `sound_record` has the story read again
                // from its beginning.
                record.journal.bytes = u64::MAX;
                Ok(record)
            }
            None => Err(StoreError::Damaged {
                path: run.record(),
                reason: "it can't be read, and the index doesn't know the run either".into(),
            }),
        }
    }

    /// All events of a run so far, in order.
    pub fn events(&self, record: &RunRecord) -> Result<Vec<Event>, StoreError> {
        let path = self.paths(&record.id).events();
        let (events, damaged) = JournalReader::default().read(&path, record)?;
        if damaged > 0 {
            self.notice(format!("{}: {damaged} lines are damaged", path.display()));
        }
        Ok(events)
    }
}

/// Nothing can be written there just now: the disk, the inodes or a quota are used up, or it may only be
/// read.
pub fn takes_nothing(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), QuotaExceeded | ReadOnlyFilesystem | StorageFull)
}

fn event_of(run: &RunPaths, time: Timestamp, kind: EventKind) -> Event {
    Event::new(&run.run, time, kind)
}
