//! The agent's log: its own events and the command's output, by one writer.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use jiff::Timestamp;

use super::stream::{StreamWriter, read_metrics};
use crate::event::{EVENT_VERSION, Event, EventKind};
use crate::gang::{Attempt, ReplicaId};

/// Lines kept for the cause of a failure.
const LAST_LINES: usize = 20;
/// Characters kept of each.
const LINE_CHARS: usize = 500;
/// Metrics and set-up progress are told at most this often.
const QUIET: Duration = Duration::from_secs(1);
/// All metrics are repeated this often, since logs lose lines.
const SNAPSHOT: Duration = Duration::from_mins(1);

/// Shared by all threads of an agent.
pub(super) struct Log {
    run: String,
    replica: ReplicaId,
    state: Mutex<State>,
}

struct State {
    writer: StreamWriter<Box<dyn Write + Send>>,
    attempt: Attempt,
    partial: Vec<u8>,
    last_lines: VecDeque<String>,
    step: Option<u64>,
    fresh: IndexMap<String, f64>,
    all: IndexMap<String, f64>,
    told: Instant,
    repeated: Instant,
    progress: Option<Instant>,
}

impl Log {
    pub(super) fn new(
        out: Box<dyn Write + Send>,
        nonce: &str,
        run: &str,
        replica: &ReplicaId,
    ) -> Self {
        let now = Instant::now();
        let state = State {
            writer: StreamWriter::new(out, nonce),
            attempt: 0,
            partial: Vec::new(),
            last_lines: VecDeque::new(),
            step: None,
            fresh: IndexMap::new(),
            all: IndexMap::new(),
            told: now.checked_sub(QUIET).unwrap_or(now),
            repeated: now,
            progress: None,
        };
        Self { run: run.into(), replica: replica.clone(), state: Mutex::new(state) }
    }

    /// An own line about this replica.
    pub(super) fn own(&self, kind: EventKind) {
        let mut state = self.lock();
        let attempt = state.attempt;
        self.put(&mut state, attempt, Some(self.replica.clone()), kind);
    }

    /// An own line about the gang or another replica.
    pub(super) fn gang(&self, attempt: Attempt, replica: Option<ReplicaId>, kind: EventKind) {
        self.put(&mut self.lock(), attempt, replica, kind);
    }

    /// What follows belongs to this attempt.
    pub(super) fn begin(&self, attempt: Attempt) {
        let mut state = self.lock();
        state.attempt = attempt;
        state.partial.clear();
        state.last_lines.clear();
        state.fresh.clear();
        state.all.clear();
        state.step = None;
    }

    /// Output of the command.
    pub(super) fn command_output(&self, bytes: &[u8]) {
        let mut state = self.lock();
        state.writer.output(bytes);
        for line in take_lines(&mut state.partial, bytes) {
            if let Some(metrics) = read_metrics(&line) {
                state.step = metrics.step.or(state.step);
                state.fresh.extend(metrics.values);
            }
            remember(&mut state.last_lines, &line);
        }
        if !state.fresh.is_empty() && state.told.elapsed() >= QUIET {
            self.tell_metrics(&mut state);
        }
    }

    /// Output of set-up: passed on, its last line told as progress.
    pub(super) fn setup_output(&self, bytes: &[u8]) {
        let mut state = self.lock();
        state.writer.output(bytes);
        let lines = take_lines(&mut state.partial, bytes);
        for line in &lines {
            remember(&mut state.last_lines, line);
        }
        let due = state.progress.is_none_or(|at| at.elapsed() >= QUIET);
        if let (Some(line), true) = (lines.into_iter().rfind(|line| !line.trim().is_empty()), due) {
            state.progress = Some(Instant::now());
            let line = line.trim().chars().take(200).collect();
            let attempt = state.attempt;
            let kind = EventKind::SetupProgress { line };
            self.put(&mut state, attempt, Some(self.replica.clone()), kind);
        }
    }

    /// Tells metrics that have waited, and now and then all of them again.
    pub(super) fn tick(&self) {
        let mut state = self.lock();
        if state.repeated.elapsed() >= SNAPSHOT {
            state.repeated = Instant::now();
            let all = state.all.clone();
            state.fresh.extend(all);
        }
        if !state.fresh.is_empty() && state.told.elapsed() >= QUIET {
            self.tell_metrics(&mut state);
        }
    }

    /// The command has ended: tells what waits, and gives its last lines.
    pub(super) fn end(&self) -> Vec<String> {
        let mut state = self.lock();
        let partial = std::mem::take(&mut state.partial);
        if !partial.is_empty() {
            let line = String::from_utf8_lossy(&partial).into_owned();
            if let Some(metrics) = read_metrics(&line) {
                state.fresh.extend(metrics.values);
            }
            remember(&mut state.last_lines, &line);
        }
        if !state.fresh.is_empty() {
            self.tell_metrics(&mut state);
        }
        state.last_lines.iter().cloned().collect()
    }

    fn tell_metrics(&self, state: &mut State) {
        let values = std::mem::take(&mut state.fresh);
        state.all.extend(values.clone());
        state.told = Instant::now();
        let kind = EventKind::Metrics { step: state.step, values };
        let attempt = state.attempt;
        self.put(state, attempt, Some(self.replica.clone()), kind);
    }

    fn put(
        &self,
        state: &mut State,
        attempt: Attempt,
        replica: Option<ReplicaId>,
        kind: EventKind,
    ) {
        state.writer.event(&Event {
            v: EVENT_VERSION,
            seq: 0,
            time: Timestamp::now(),
            run: self.run.clone(),
            attempt,
            replica,
            kind,
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Completed lines; a carriage return ends one too.
fn take_lines(partial: &mut Vec<u8>, bytes: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
        partial.extend_from_slice(piece);
        if piece.ends_with(b"\n") || piece.ends_with(b"\r") || partial.len() > 1 << 16 {
            lines.push(String::from_utf8_lossy(partial).trim_end().to_owned());
            partial.clear();
        }
    }
    lines
}

fn remember(last: &mut VecDeque<String>, line: &str) {
    if line.trim().is_empty() {
        return;
    }
    if last.len() == LAST_LINES {
        last.pop_front();
    }
    last.push_back(line.chars().take(LINE_CHARS).collect());
}
