//! The journal of a run, `events.jsonl`.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use fs_err::File;

use super::{JournalMark, RunRecord, StoreError};
use crate::event::{EVENT_VERSION, Event};
use crate::sys;
use crate::text::{FormatError, read_document};

/// Appends events behind `mark`, numbering them; returns the mark behind them. Whatever lay behind
/// `mark` was left by a writer that did not get to its end, and is overwritten. When it fails, the
/// journal ends at `mark` as before.
pub(super) fn append(
    path: &Path,
    mark: JournalMark,
    events: &mut [Event],
    flush: bool,
) -> io::Result<JournalMark> {
    let mut text = Vec::new();
    let mut seq = mark.seq;
    for event in events {
        seq += 1;
        event.seq = seq;
        serde_json::to_writer(&mut text, event)?;
        text.push(b'\n');
    }
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    let mut file = File::from_parts(sys::open_own(path, &options)?, path);
    file.set_len(mark.bytes)?;
    file.seek(SeekFrom::Start(mark.bytes))?;
    let written =
        file.write_all(&text).and_then(|()| if flush { file.sync_data() } else { Ok(()) });
    if let Err(error) = written {
        file.set_len(mark.bytes)?;
        return Err(error);
    }
    Ok(JournalMark { bytes: mark.bytes + text.len() as u64, seq })
}

/// Reads a journal as it grows, never past what a record has marked as finished.
#[derive(Clone, Copy, Debug, Default)]
pub struct JournalReader {
    offset: u64,
    /// How many events behind that were given, which the journal did not have.
    ahead: usize,
}

impl JournalReader {
    /// The events since the last call that a record vouches for, those too that could not be kept, and
    /// how many lines of the journal were damaged.
    pub fn read(
        &mut self,
        path: &Path,
        record: &RunRecord,
    ) -> Result<(Vec<Event>, usize), StoreError> {
        let (mut events, damaged) = self.kept(path, record.journal)?;
        let known = self.ahead.min(events.len() + damaged);
        self.ahead -= known;
        events.drain(..known.min(events.len()));
        events.extend(record.unkept.iter().skip(self.ahead).cloned());
        self.ahead = self.ahead.max(record.unkept.len());
        Ok((events, damaged))
    }

    fn kept(&mut self, path: &Path, mark: JournalMark) -> Result<(Vec<Event>, usize), StoreError> {
        if mark.bytes < self.offset {
            // The journal was begun anew (see `Store::sound_record`) and tells what this reader has
            // returned before: reading goes on behind that.
            self.offset = mark.bytes;
        }
        if mark.bytes == self.offset {
            return Ok((Vec::new(), 0));
        }
        let mut file = File::from_parts(sys::open_own(path, OpenOptions::new().read(true))?, path);
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        file.take(mark.bytes - self.offset).read_to_end(&mut bytes)?;
        self.offset = mark.bytes;
        let mut damaged = 0;
        let mut events = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match read_document(line, EVENT_VERSION) {
                Ok(event) => events.push(event),
                Err(FormatError::Damaged(_)) => damaged += 1,
                // What an event of a newer format means can't be guessed, and leaving it out would
                // give a wrong picture of the run.
                Err(error @ FormatError::Newer { .. }) => {
                    return Err(StoreError::of_document(path.to_owned(), error));
                }
            }
        }
        Ok((events, damaged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;

    fn warning(text: &str) -> Event {
        Event {
            v: 1,
            seq: 0,
            time: jiff::Timestamp::UNIX_EPOCH,
            run: "digits-abc123".into(),
            attempt: 1,
            replica: None,
            kind: EventKind::Warning { message: text.into() },
        }
    }

    #[test]
    fn an_unfinished_append_is_cut_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let start = JournalMark::default();
        let one = append(&path, start, &mut [warning("one")], true).unwrap();
        append(&path, one, &mut [warning("lost"), warning("lost too")], false).unwrap();
        let two = append(&path, one, &mut [warning("two")], false).unwrap();
        let mut reader = JournalReader::default();
        let (events, damaged) = reader.kept(&path, two).unwrap();
        assert_eq!(events.iter().map(|e| e.seq).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(events[1].kind, EventKind::Warning { message: "two".into() });
        assert_eq!(damaged, 0);
        assert!(reader.kept(&path, two).unwrap().0.is_empty());
    }

    #[test]
    fn a_failed_append_is_an_error() {
        // Writing to it always fails with "no space left on device".
        let full = Path::new("/dev/full");
        let error = append(full, JournalMark::default(), &mut [warning("x")], false).unwrap_err();
        assert!(error.to_string().contains("/dev/full"), "{error}");
    }
}
