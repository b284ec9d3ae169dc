//! The log of one replica, read from a place on.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::events::{Lines, opened};
use super::start::{self, Start};
use crate::agent::stream::{
    Item, LINE_LIMIT, OutputLine, PlacedEvent, Standing, StreamReader, ends_output,
};
use crate::gang::ReplicaId;
use crate::runtime::LogQuery;

/// How much is read at once.
const CHUNK: u64 = 256 * 1024;

/// The files of one replica.
pub(super) struct Source {
    pub(super) replica: ReplicaId,
    pub(super) log: PathBuf,
    pub(super) events: PathBuf,
    reading: Option<Reading>,
}

/// A log that has been opened.
struct Reading {
    log: File,
    offset: u64,
    /// Nothing from here on is asked for.
    end: Option<u64>,
    /// How long it was when it was opened.
    length: u64,
    form: Form,
}

enum Form {
    /// The agent's lines stand in it.
    Within(Box<StreamReader>),
    /// The events are told beside it.
    Beside(Box<Beside>),
}

/// What is known of a log by its events.
struct Beside {
    events: Lines,
    /// The next event, of a place that has not been read yet.
    ahead: Option<PlacedEvent>,
    pending: Vec<u8>,
    /// The line that is read is not asked for.
    skips: bool,
    /// What is known where the reader stands.
    known: Standing,
    /// The same where the line that is read began.
    line: Standing,
}

impl Source {
    pub(super) fn new(replica: ReplicaId, log: PathBuf, events: PathBuf) -> Self {
        Self { replica, log, events, reading: None }
    }

    /// Lines of the next part of the log; `None` when nothing more is there now.
    pub(super) fn read(
        &mut self,
        query: &LogQuery,
        nonce: &str,
    ) -> io::Result<Option<Vec<OutputLine>>> {
        if self.reading.is_none() {
            self.reading = self.open(query, nonce)?;
        }
        let Some(reading) = &mut self.reading else { return Ok(None) };
        reading.read(&self.replica)
    }

    /// What was there when the log was opened has been read.
    pub(super) fn is_caught_up(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| {
            reading.offset >= reading.end.unwrap_or(u64::MAX).min(reading.length)
        })
    }

    /// What has no line end yet.
    pub(super) fn finish(&mut self) -> Vec<OutputLine> {
        match self.reading.as_mut().map(|reading| &mut reading.form) {
            None => Vec::new(),
            Some(Form::Within(reader)) => lines_of(reader.finish()),
            Some(Form::Beside(beside)) => {
                let mut lines = Vec::new();
                beside.flush(&mut lines);
                lines
            }
        }
    }

    fn open(&self, query: &LogQuery, nonce: &str) -> io::Result<Option<Reading>> {
        let Some(log) = opened(&self.log)? else { return Ok(None) };
        let length = log.metadata()?.len();
        let (start, form) = if let Some(events) = opened(&self.events)? {
            let start = start::beside(&log, &events, &self.replica, query)?;
            (start, Form::Beside(Box::new(Beside::new(&start, events)?)))
        } else {
            let start = start::within(&log, nonce, query)?;
            let mut reader = StreamReader::new(nonce).of(&self.replica);
            if start.offset > 0 {
                reader = reader.at(start.standing);
            }
            (start, Form::Within(Box::new(reader)))
        };
        let Start { offset, end, .. } = start;
        Ok(Some(Reading { log, offset, end, length, form }))
    }
}

impl Reading {
    fn read(&mut self, replica: &ReplicaId) -> io::Result<Option<Vec<OutputLine>>> {
        let most = self.end.map_or(CHUNK, |end| CHUNK.min(end.saturating_sub(self.offset)));
        let mut bytes = vec![0; most as usize];
        let count = self.log.read_at(&mut bytes, self.offset)?;
        bytes.truncate(count);
        let lines = match &mut self.form {
            Form::Within(reader) => {
                let mut items = reader.push(&bytes);
                if count == 0 {
                    items.extend(reader.settle());
                }
                lines_of(items)
            }
            Form::Beside(beside) => beside.push(self.offset, &bytes, replica)?,
        };
        self.offset += count as u64;
        Ok((count > 0 || !lines.is_empty()).then_some(lines))
    }
}

impl Beside {
    fn new(start: &Start, events: File) -> io::Result<Self> {
        let known = start.standing;
        Ok(Self {
            events: Lines::at(events, start.events)?,
            ahead: None,
            pending: Vec::new(),
            skips: start.skips,
            known,
            line: known,
        })
    }

    /// Takes the part of the log that begins there.
    fn push(
        &mut self,
        begin: u64,
        mut bytes: &[u8],
        replica: &ReplicaId,
    ) -> io::Result<Vec<OutputLine>> {
        let end = begin + bytes.len() as u64;
        let mut lines = Vec::new();
        let mut at = begin;
        // What was told before something was printed is in the file when that is in the log.
        while let Some(placed) = self.next_event(end)? {
            let (before, rest) = bytes.split_at(placed.at.saturating_sub(at) as usize);
            self.split(before, &mut lines);
            (bytes, at) = (rest, at + before.len() as u64);
            let event = placed.event;
            if event.replica.as_ref() == Some(replica) && ends_output(&event.kind) {
                self.flush(&mut lines);
            }
            self.known.take_in(&event);
        }
        self.split(bytes, &mut lines);
        Ok(lines)
    }

    /// The next event of a place up to `end`.
    fn next_event(&mut self, end: u64) -> io::Result<Option<PlacedEvent>> {
        if self.ahead.is_none() {
            self.ahead = self.events.next()?;
        }
        Ok(self.ahead.take_if(|placed| placed.at <= end))
    }

    fn split(&mut self, bytes: &[u8], lines: &mut Vec<OutputLine>) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.pending.is_empty() {
                self.line = self.known;
            }
            self.pending.extend_from_slice(piece);
            if self.pending.ends_with(b"\n") {
                self.pending.pop();
                self.give(lines);
            } else if self.pending.len() >= LINE_LIMIT {
                self.give(lines);
            }
        }
    }

    fn flush(&mut self, lines: &mut Vec<OutputLine>) {
        if !self.pending.is_empty() {
            self.give(lines);
        }
    }

    fn give(&mut self, lines: &mut Vec<OutputLine>) {
        let bytes = std::mem::take(&mut self.pending);
        let standing = self.line;
        if !std::mem::take(&mut self.skips) {
            lines.push(OutputLine { standing, bytes });
        }
    }
}

fn lines_of(items: Vec<Item>) -> Vec<OutputLine> {
    let line = |item| match item {
        Item::Line(line) => Some(line),
        Item::Event(_) => None,
    };
    items.into_iter().filter_map(line).collect()
}
