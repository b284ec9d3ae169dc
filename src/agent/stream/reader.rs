//! Reads a replica's log again: a file here, a pod's log in a cluster.

use jiff::Timestamp;

use super::count::{FIRST, Mark, Tally, loss_text};
use super::{JOINS, looks_like_own, prefix};
use crate::event::{Event, EventKind};
use crate::gang::{Attempt, ReplicaId};

/// How many bytes a line may have; a longer one is given in several pieces.
pub(crate) const LINE_LIMIT: usize = 1 << 20;

/// What a log consists of.
#[expect(clippy::large_enum_variant, reason = "short-lived: taken apart where it is read")]
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An event, which the agent has written.
    Event(Event),
    /// A line that the command has printed.
    Line(OutputLine),
}

/// What the events before a place of a log say of what is printed there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The attempt that it belongs to; 0 is set-up before the first.
    pub attempt: Attempt,
    /// The time of the last event before it, which is at most a few seconds earlier; `None` before
    /// the first event.
    pub time: Option<Timestamp>,
    /// An installer of packages prints it.
    pub installer: bool,
    /// The log has said where a command's output begins.
    pub has_started: bool,
}

impl Standing {
    /// Takes the next event in.
    pub fn take_in(&mut self, event: &Event) {
        self.time = Some(event.time);
        if event.kind == EventKind::CommandStarting {
            self.has_started = true;
            self.attempt = event.attempt;
        } else if !self.has_started {
            self.attempt = self.attempt.max(event.attempt);
        }
        self.installer = installs(&event.kind).unwrap_or(self.installer);
    }
}

/// Whether an installer's output follows, where an event says so.
pub(crate) fn installs(kind: &EventKind) -> Option<bool> {
    match kind {
        EventKind::InstallStarted { .. } => Some(true),
        // One that failed says no end: what comes after it does.
        EventKind::InstallFinished { .. }
        | EventKind::SetupStarted
        | EventKind::SetupFinished { .. }
        | EventKind::AttemptStarted
        | EventKind::CommandStarting
        | EventKind::CommandExited { .. } => Some(false),
        _ => None,
    }
}

/// A line that a command (or its set-up) printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLine {
    /// What is known of the place where it begins.
    pub standing: Standing,
    /// What was printed, without the line end.
    pub bytes: Vec<u8>,
}

/// Takes the bytes of a log, cut anywhere, and gives what is in them. A line is given when the next one
/// has begun, since an event may stand in it.
#[derive(Clone, Debug)]
pub struct StreamReader {
    prefix: Vec<u8>,
    pending: Vec<u8>,
    /// The last line, which may go on behind an event.
    held: Option<OutputLine>,
    /// Of the line that is held only a part has come, and the next one continues it.
    goes_on: bool,
    standing: Standing,
    /// How much of the output has come.
    tally: Tally,
    /// Whose output it is; `None` where nobody asks for lines.
    replica: Option<ReplicaId>,
}

impl StreamReader {
    /// A reader for a log of the run with this nonce, from its start on.
    pub fn new(nonce: &str) -> Self {
        Self {
            prefix: prefix(nonce),
            pending: Vec::new(),
            held: None,
            goes_on: false,
            standing: Standing::default(),
            tally: Tally::default(),
            replica: None,
        }
    }

    /// The same for a replica's output: a line of its own says where some of that is missing.
    #[must_use]
    pub fn of(self, replica: &ReplicaId) -> Self {
        Self { replica: Some(replica.clone()), ..self }
    }

    /// The same from a place within the log on, of which that is known.
    #[must_use]
    pub fn at(self, standing: Standing) -> Self {
        Self { standing, tally: Tally::within(), ..self }
    }

    /// Takes the next bytes of the log and gives what they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Item> {
        let mut items = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.pending.extend_from_slice(piece);
            if self.pending.ends_with(b"\n") {
                self.pending.pop();
                self.take(&mut items);
            } else if self.pending.len() >= LINE_LIMIT {
                self.take(&mut items);
            }
        }
        items
    }

    /// How many bytes wait for their line end.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// The last line that has its end, although an event may follow that stands in it: for whoever shows
    /// what has come so far.
    pub fn settle(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        self.release(&mut items);
        items
    }

    /// What is left of a log that has come to its end: its last line may have no line end.
    pub fn finish(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        if !self.pending.is_empty() {
            self.take(&mut items);
        }
        self.release(&mut items);
        items
    }

    /// Whether a line is one of the agents' own.
    pub fn is_own(&self, line: &[u8]) -> bool {
        line.starts_with(&self.prefix)
    }

    /// Whether such a line stands in a line of the command, which goes on behind it.
    pub fn joins(&self, line: &[u8]) -> bool {
        line.strip_prefix(self.prefix.as_slice()).is_some_and(|json| json.starts_with(JOINS))
    }

    fn take(&mut self, items: &mut Vec<Item>) {
        let mut line = std::mem::take(&mut self.pending);
        if let Some(json) = line.strip_prefix(self.prefix.as_slice()) {
            let joins = json.starts_with(JOINS);
            // An own line of a newer mlctl may be of a kind that this one doesn't know.
            let event = serde_json::from_slice::<Event>(json).ok();
            if joins && self.held.is_some() {
                self.goes_on = true;
            } else {
                self.release(items);
            }
            let Some(event) = event else {
                self.take_mark(json, items);
                return;
            };
            if matches!(event.kind, EventKind::AgentStarted { .. }) {
                self.tally.begin();
            }
            self.standing.take_in(&event);
            items.push(Item::Event(event));
            return;
        }
        if line.starts_with(b"\\") && looks_like_own(&line) {
            line.remove(0);
        }
        self.tally.line(line.len());
        match &mut self.held {
            Some(held) if self.goes_on && held.bytes.len() < LINE_LIMIT => {
                held.bytes.append(&mut line);
                self.goes_on = false;
            }
            _ => {
                self.release(items);
                self.held = Some(OutputLine { standing: self.standing, bytes: line });
            }
        }
    }

    /// Says what is missing before a mark.
    fn take_mark(&mut self, json: &[u8], items: &mut Vec<Item>) {
        let is_mark = json
            .strip_prefix(JOINS)
            .or_else(|| json.strip_prefix(b"{"))
            .is_some_and(|fields| fields.starts_with(FIRST.as_bytes()));
        let Some(mark) = is_mark.then(|| serde_json::from_slice::<Mark>(json).ok()).flatten()
        else {
            return;
        };
        if let (Some(missing), Some(replica)) = (self.tally.mark(&mark), &self.replica) {
            let bytes = loss_text(missing, replica).into_bytes();
            items.push(Item::Line(OutputLine { standing: self.standing, bytes }));
        }
    }

    fn release(&mut self, items: &mut Vec<Item>) {
        items.extend(self.held.take().map(Item::Line));
        self.goes_on = false;
    }
}
