//! Reads a replica's log again: a file here, a pod's log in a cluster.

use jiff::Timestamp;

use super::{looks_like_own, prefix};
use crate::event::{Event, EventKind};
use crate::gang::Attempt;

/// How many bytes a line may have; a longer one is given in several pieces.
const LINE_LIMIT: usize = 1 << 20;

/// What a log consists of.
#[expect(clippy::large_enum_variant, reason = "short-lived: taken apart where it is read")]
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An event, which the agent has written.
    Event(Event),
    /// A line that the command has printed.
    Line(OutputLine),
}

/// A line that a command (or its set-up) printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLine {
    /// The attempt that it belongs to; 0 is set-up before the first.
    pub attempt: Attempt,
    /// The time of the last event before it, which is at most a few seconds earlier; `None` before
    /// the first event.
    pub time: Option<Timestamp>,
    /// An installer of packages printed it.
    pub installer: bool,
    /// What was printed, without the line end.
    pub bytes: Vec<u8>,
}

/// Takes the bytes of a log, cut anywhere, and gives what is in them.
#[derive(Clone, Debug)]
pub struct StreamReader {
    prefix: Vec<u8>,
    pending: Vec<u8>,
    attempt: Attempt,
    time: Option<Timestamp>,
    installer: bool,
}

impl StreamReader {
    /// A reader for a log of the run with this nonce, from its start on.
    pub fn new(nonce: &str) -> Self {
        Self {
            prefix: prefix(nonce),
            pending: Vec::new(),
            attempt: 0,
            time: None,
            installer: false,
        }
    }

    /// Takes the next bytes of the log and gives what they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Item> {
        let mut items = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.pending.extend_from_slice(piece);
            if self.pending.ends_with(b"\n") {
                self.pending.pop();
                items.extend(self.take());
            } else if self.pending.len() >= LINE_LIMIT {
                items.extend(self.take());
            }
        }
        items
    }

    /// How many bytes wait for their line end.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// The last line of a log that has come to its end, if it had no line end.
    pub fn finish(&mut self) -> Option<Item> {
        if self.pending.is_empty() { None } else { self.take() }
    }

    fn take(&mut self) -> Option<Item> {
        let mut line = std::mem::take(&mut self.pending);
        if let Some(json) = line.strip_prefix(self.prefix.as_slice()) {
            // An own line of a newer mlctl may be of a kind that this one doesn't know.
            let event: Event = serde_json::from_slice(json).ok()?;
            self.attempt = self.attempt.max(event.attempt);
            self.time = Some(event.time);
            match event.kind {
                EventKind::InstallStarted { .. } => self.installer = true,
                // One that failed says no end: what comes after it does.
                EventKind::InstallFinished { .. }
                | EventKind::SetupStarted
                | EventKind::SetupFinished { .. }
                | EventKind::AttemptStarted
                | EventKind::CommandStarting
                | EventKind::CommandExited { .. } => self.installer = false,
                _ => {}
            }
            return Some(Item::Event(event));
        }
        if line.starts_with(b"\\") && looks_like_own(&line) {
            line.remove(0);
        }
        Some(Item::Line(OutputLine {
            attempt: self.attempt,
            time: self.time,
            installer: self.installer,
            bytes: line,
        }))
    }
}
