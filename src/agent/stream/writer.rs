//! Writes a replica's log.

use std::io::{self, Write};

use jiff::Timestamp;

use super::count::{Amount, EVERY, Mark};
use super::event_file::EventFile;
use super::{JOINS, MARK, OWN_LINE_LIMIT, looks_like_own, prefix};
use crate::event::{Event, EventKind};

/// The one writer of a log. A full disk never stops a run: what can't be written is dropped and
/// counted, and told about.
#[derive(Debug)]
pub struct StreamWriter<W> {
    out: W,
    prefix: Vec<u8>,
    /// Where the events go, if not into the log.
    beside: Option<EventFile>,
    /// The last byte written was not a line end.
    open: bool,
    /// The command's last line has not ended, though an own line stands behind it.
    broken: bool,
    /// The start of a line that may still turn out to look like an own line.
    held: Vec<u8>,
    dropped: u64,
    /// What the command has printed.
    written: Amount,
    /// How many bytes of that were there at the last mark.
    marked: u64,
    /// When this began, in milliseconds since 1970: the name of its count.
    since: i64,
    /// What is to be told of output that was lost, if events are told elsewhere.
    loss: Option<String>,
}

impl<W: Write> StreamWriter<W> {
    /// A writer for a log of the run with this nonce, which has the events too unless they go `beside` it.
    pub fn new(out: W, nonce: &str, beside: Option<EventFile>) -> Self {
        Self {
            out,
            prefix: prefix(nonce),
            beside,
            open: false,
            broken: false,
            held: Vec::new(),
            dropped: 0,
            written: Amount::default(),
            marked: 0,
            since: Timestamp::now().as_millisecond(),
            loss: None,
        }
    }

    /// Writes an event: on a line of its own, which says whether a line that it stands in goes on behind
    /// it. When it is too long, its texts are shortened.
    pub fn event(&mut self, event: &Event) {
        let room = OWN_LINE_LIMIT - self.prefix.len() - 1 - JOINS.len();
        let Some(json) = bounded(event, room) else { return };
        if let Some(file) = &mut self.beside {
            // There is no other place where it could be told.
            let _ = file.write(event, &json);
            return;
        }
        self.release();
        let goes_on = (self.open || self.broken) && !ends_output(&event.kind);
        let mut line = if self.open { b"\n".to_vec() } else { Vec::new() };
        if self.written.bytes >= EVERY {
            self.mark(&mut line, goes_on);
        }
        self.own(&mut line, goes_on, json.get(1..).unwrap_or_default());
        (self.open, self.broken) = (false, goes_on);
        self.put(&line);
    }

    /// Passes output of the command on. The pieces may be cut anywhere.
    pub fn output(&mut self, bytes: &[u8]) {
        if self.beside.is_some() {
            self.put(bytes);
            return;
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.written.add(piece);
            if self.open {
                self.raw(piece);
            } else {
                self.held.extend_from_slice(piece);
                if looks_like_own(&self.held) {
                    self.raw(b"\\");
                    self.release();
                } else if !may_become_own(&self.held) {
                    self.release();
                }
            }
            if !self.open && self.held.is_empty() && self.written.bytes - self.marked >= EVERY {
                let mut line = Vec::new();
                self.mark(&mut line, false);
                self.put(&line);
            }
        }
    }

    /// Adds an own line, whose JSON is given without the brace that it begins with.
    fn own(&self, line: &mut Vec<u8>, goes_on: bool, json: &[u8]) {
        line.extend_from_slice(&self.prefix);
        line.extend_from_slice(if goes_on { JOINS } else { b"{" });
        line.extend_from_slice(json);
        line.push(b'\n');
    }

    /// Adds a mark that says how much has been printed up to here.
    fn mark(&mut self, line: &mut Vec<u8>, goes_on: bool) {
        self.marked = self.written.bytes;
        let mark = Mark { written: self.written, since: self.since };
        self.own(line, goes_on, mark.json().as_bytes());
    }

    /// Writes what was held back and gives the writer below.
    pub fn into_inner(mut self) -> W {
        self.release();
        self.out
    }

    /// How many bytes could not be written since the last time there was room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// A sentence about output that is being lost or was, each time that this begins and ends. A log that
    /// has the events tells it by itself.
    pub fn take_loss(&mut self) -> Option<String> {
        self.loss.take()
    }

    fn release(&mut self) {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            self.raw(&held);
        }
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.open = !bytes.ends_with(b"\n");
        self.broken = false;
        self.put(bytes);
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.dropped > 0 && self.beside.is_none() {
            let notice = format!("\n[mlctl: {} bytes of output lost: disk full]\n", self.dropped);
            if write_all(&mut self.out, notice.as_bytes()).is_err() {
                self.dropped += bytes.len() as u64;
                return;
            }
            self.dropped = 0;
        }
        match write_all(&mut self.out, bytes) {
            Ok(()) if self.dropped > 0 => {
                self.loss = Some(format!("{} bytes of output were lost", self.dropped));
                self.dropped = 0;
            }
            Ok(()) => {}
            Err((left, error)) => {
                if self.dropped == 0 && self.beside.is_some() {
                    self.loss = Some(format!("output is being lost: the log: {error}"));
                }
                self.dropped += left as u64;
            }
        }
    }
}

/// Writes as much as goes; the error has how much was left.
fn write_all(out: &mut impl Write, mut bytes: &[u8]) -> Result<(), (usize, io::Error)> {
    while !bytes.is_empty() {
        match out.write(bytes) {
            Ok(0) => return Err((bytes.len(), io::ErrorKind::WriteZero.into())),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err((bytes.len(), error)),
        }
    }
    out.flush().map_err(|error| (0, error))
}

/// The command has ended or the next one begins: whatever is printed later is another line.
pub(crate) fn ends_output(kind: &EventKind) -> bool {
    matches!(kind, EventKind::CommandStarting | EventKind::CommandExited { .. })
}

/// More bytes could make this start of a line look like an own line.
fn may_become_own(start: &[u8]) -> bool {
    let slashes = start.iter().take_while(|byte| **byte == b'\\').count();
    slashes < 64 && MARK.starts_with(&start[slashes..])
}

/// The event as JSON that fits; its free texts are cut until it does.
fn bounded(event: &Event, room: usize) -> Option<Vec<u8>> {
    let json = serde_json::to_vec(event).ok()?;
    if json.len() <= room {
        return Some(json);
    }
    let mut event = event.clone();
    for limit in [1000, 300, 100, 20] {
        shorten(&mut event.kind, limit);
        let json = serde_json::to_vec(&event).ok()?;
        if json.len() <= room {
            return Some(json);
        }
    }
    None
}

/// Cuts the texts and lists of an event. `limit` is in characters.
fn shorten(kind: &mut EventKind, limit: usize) {
    let exit = match kind {
        EventKind::Warning { message: text }
        | EventKind::SetupProgress { line: text, .. }
        | EventKind::JoinRefused { reason: text }
        | EventKind::ReplicaLost { reason: text } => {
            cut(text, limit);
            None
        }
        EventKind::CommandExited { exit } => Some(exit),
        EventKind::FirstFailure { failure } => {
            cut(&mut failure.reason, limit);
            failure.exit.as_mut()
        }
        EventKind::Finished { verdict, .. } => {
            cut(&mut verdict.reason, limit);
            verdict.first_failure.as_mut().and_then(|failure| {
                cut(&mut failure.reason, limit);
                failure.exit.as_mut()
            })
        }
        EventKind::Metrics { values, earlier, .. } => {
            values.truncate(limit / 4);
            earlier.truncate(limit / 100);
            None
        }
        EventKind::Joined { missing } => {
            missing.truncate(limit / 4);
            None
        }
        _ => None,
    };
    if let Some(exit) = exit {
        cut(&mut exit.reason, limit);
        let keep = (limit / 100).max(1);
        exit.last_lines.drain(..exit.last_lines.len().saturating_sub(keep));
        exit.last_lines.iter_mut().for_each(|line| cut(line, limit));
    }
}

/// Cuts a text to so many characters and marks that by an ellipsis.
fn cut(text: &mut String, limit: usize) {
    if let Some((at, _)) = text.char_indices().nth(limit) {
        text.truncate(at);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes.
    struct Disk {
        room: usize,
        bytes: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.room);
            if count == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= count;
            self.bytes.extend_from_slice(&bytes[..count]);
            Ok(count)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_told_about_later() {
        let disk = Disk { room: 6, bytes: Vec::new() };
        let mut writer = StreamWriter::new(disk, "n", None);
        writer.output(b"first\n");
        writer.output(b"second\n");
        assert_eq!(writer.dropped(), 7);
        writer.out.room = 1000;
        writer.output(b"third\n");
        let text = String::from_utf8(writer.into_inner().bytes).unwrap();
        assert_eq!(text, "first\n\n[mlctl: 7 bytes of output lost: disk full]\nthird\n");
    }
}
