//! Reads a replica's log again: a file here, a pod's log in a cluster.

use jiff::Timestamp;

use super::{looks_like_own, prefix};
use crate::event::Event;
use crate::gang::Attempt;

/// A line that is longer comes in several pieces.
const LINE_LIMIT: usize = 1 << 20;

/// One thing in a log.
#[expect(clippy::large_enum_variant, reason = "short-lived: taken apart where it is read")]
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A line of the agent's own.
    Event(Event),
    /// A line of the command.
    Line(OutputLine),
}

/// A line that a command (or its set-up) printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLine {
    /// The attempt; 0 is set-up before the first.
    pub attempt: Attempt,
    /// The time of the agent's last own line before it, at most a few seconds earlier.
    pub time: Option<Timestamp>,
    /// Without the line end.
    pub bytes: Vec<u8>,
}

/// Takes the bytes of a log, cut anywhere, and gives what is in them.
#[derive(Clone, Debug)]
pub struct StreamReader {
    prefix: Vec<u8>,
    pending: Vec<u8>,
    attempt: Attempt,
    time: Option<Timestamp>,
}

impl StreamReader {
    /// A reader for the run with this nonce.
    pub fn new(nonce: &str) -> Self {
        Self { prefix: prefix(nonce), pending: Vec::new(), attempt: 0, time: None }
    }

    /// Gives what is complete by now.
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

    /// Bytes that wait for their line end.
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
            return Some(Item::Event(event));
        }
        if line.starts_with(b"\\") && looks_like_own(&line) {
            line.remove(0);
        }
        Some(Item::Line(OutputLine { attempt: self.attempt, time: self.time, bytes: line }))
    }
}
