//! An agent's events in a file of their own, beside the log that then holds nothing but what the command
//! has printed.
//!
//! A line is an [`Event`] as JSON with `at`, the length that the log had when the event was written: what
//! follows it was printed later. The file has room on the disk that nothing else can take, so that the end
//! of a run is told however full the disk is.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::event::{Event, EventKind};
use crate::sys;

/// How much room is taken at once.
const ROOM: u64 = 256 * 1024;
/// The last part of the room, which is for events that decide something.
const LAST_ROOM: u64 = 64 * 1024;

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacedEvent {
    /// How many bytes the log had.
    pub at: u64,
    /// What happened then.
    #[serde(flatten)]
    pub event: Event,
}

/// The one writer of an agent's events.
#[derive(Debug)]
pub struct EventFile {
    file: File,
    log: File,
    length: u64,
    /// Up to where the file has its blocks; `None` where the file system reserves nothing.
    reserved: Option<u64>,
}

impl EventFile {
    /// Opens the file, which is made if it is not there, and reserves room for it. `log` is the file whose
    /// length counts. An error of the kind `StorageFull` or `QuotaExceeded` where there is no room.
    pub fn open(path: &Path, log: &Path) -> io::Result<Self> {
        let file = sys::open_own(path, OpenOptions::new().create(true).append(true))?;
        let log = sys::open_own(log, OpenOptions::new().read(true))?;
        let length = file.metadata()?.len();
        let mut opened = Self { file, log, length, reserved: Some(0) };
        opened.reserve()?;
        Ok(opened)
    }

    /// Makes a file that no agent has opened yet, with its room, so that a run is refused for want of it
    /// before anything has started.
    pub fn prepare(path: &Path, log: &Path) -> io::Result<()> {
        Self::open(path, log).map(drop)
    }

    /// Gives back the room that was not used. The file need not be there.
    pub fn release(path: &Path) -> io::Result<()> {
        match sys::open_own(path, OpenOptions::new().write(true)) {
            Ok(file) => file.set_len(file.metadata()?.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Writes an event, given as JSON too. One that can be done without is dropped where room is scarce;
    /// half a line is never left.
    pub fn write(&mut self, event: &Event, json: &[u8]) -> io::Result<()> {
        let is_tight = self.reserve().is_err();
        let left = self.reserved.map(|end| end.saturating_sub(self.length));
        if is_tight && left.is_some_and(|left| left < LAST_ROOM) && is_bulk(&event.kind) {
            return Err(Errno::NOSPC.into());
        }
        let at = self.log.metadata()?.len();
        let mut line = format!("{{\"at\":{at},").into_bytes();
        line.extend_from_slice(json.strip_prefix(b"{").unwrap_or(json));
        line.push(b'\n');
        let written = self.file.write_all(&line);
        match written {
            Ok(()) => self.length += line.len() as u64,
            // Part of it may have been written, which the next event would be glued to. Cutting it off
            // gives back what was reserved.
            Err(_) if self.file.metadata()?.len() > self.length => {
                self.file.set_len(self.length)?;
                self.reserved = self.reserved.map(|_| self.length);
            }
            Err(_) => {}
        }
        written
    }

    /// Takes room ahead of what is written.
    fn reserve(&mut self) -> io::Result<()> {
        let Some(end) = self.reserved else { return Ok(()) };
        if end >= self.length + ROOM / 2 {
            return Ok(());
        }
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.length, ROOM) {
            Ok(()) => self.reserved = Some(self.length + ROOM),
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => self.reserved = None,
            // The next event asks again.
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Events that come again and again, and that a run's end can do without.
fn is_bulk(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Metrics { .. }
            | EventKind::Diverged { .. }
            | EventKind::Usage { .. }
            | EventKind::SetupProgress { .. }
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;
    use crate::event::EVENT_VERSION;

    fn event(message: &str) -> Event {
        Event {
            v: EVENT_VERSION,
            seq: 0,
            time: jiff::Timestamp::UNIX_EPOCH,
            run: "digits-abc123".into(),
            attempt: 1,
            replica: Some("worker-0".parse().unwrap()),
            kind: EventKind::Warning { message: message.into() },
        }
    }

    #[test]
    fn each_event_says_where_in_the_log_it_was_and_its_room_is_taken_and_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let (events, log) = (dir.path().join("a.events"), dir.path().join("a.log"));
        fs_err::write(&log, "12345\n").unwrap();
        EventFile::prepare(&events, &log).unwrap();
        let mut file = EventFile::open(&events, &log).unwrap();
        let one = event("one");
        file.write(&one, &serde_json::to_vec(&one).unwrap()).unwrap();
        let text = fs_err::read_to_string(&events).unwrap();
        let read: PlacedEvent = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!(read, PlacedEvent { at: 6, event: one });
        let blocks = || fs_err::metadata(&events).unwrap().blocks() * 512;
        if file.reserved.is_some() {
            assert!(blocks() >= ROOM, "{}", blocks());
        }
        EventFile::release(&events).unwrap();
        assert!(blocks() < ROOM, "{}", blocks());
        assert_eq!(fs_err::read_to_string(&events).unwrap(), text);
        EventFile::release(&dir.path().join("none")).unwrap();
    }
}
