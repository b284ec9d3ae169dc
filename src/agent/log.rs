//! The agent's log: its own events and the command's output, by one writer.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use jiff::Timestamp;

use super::stream::{Hypertune, Metrics, StreamWriter, read_metrics};
use crate::event::{EVENT_VERSION, Event, EventKind};
use crate::gang::{Attempt, ReplicaId, RunId};

/// How many of a command's last lines are kept for the report of a failure.
const LAST_LINES: usize = 20;
/// How many characters of each such line are kept.
const LINE_CHARS: usize = 500;
/// The least time between two events with metrics of the same step, and between two with the progress
/// of set-up.
const REPORT_PACE: Duration = Duration::from_secs(1);
/// So many steps may have events of their own at once, and so many more each second: a curve has all of
/// its points unless it is drawn faster. What comes faster is reported as the last of its second.
const STEPS_AT_ONCE: f64 = 200.0;
const STEPS_PER_SECOND: f64 = 5.0;
/// How often all metrics are repeated, since kubelets drop old parts of logs.
const METRICS_REPEAT_PACE: Duration = Duration::from_mins(1);

/// The log, which all threads of an agent share.
pub(super) struct Log {
    run: RunId,
    replica: ReplicaId,
    state: Mutex<State>,
}

struct State {
    writer: StreamWriter<Box<dyn Write + Send>>,
    attempt: Attempt,
    /// The start of a line whose end has not come yet.
    partial: Vec<u8>,
    last_lines: VecDeque<String>,
    /// The last step that the command printed.
    step: Option<u64>,
    /// Metrics that have been printed since the last event with metrics.
    fresh: IndexMap<String, f64>,
    /// The last value of each metric of this attempt.
    all: IndexMap<String, f64>,
    /// When the last event with metrics was written.
    metrics_written: Instant,
    /// When all metrics were repeated last.
    metrics_repeated: Instant,
    /// When the last event with progress of set-up was written.
    progress_written: Option<Instant>,
    /// How many steps may have an event of their own now, and since when.
    allowance: (f64, Instant),
    /// The file in which the command may report, beside what it prints.
    reports: Hypertune,
}

impl Log {
    pub(super) fn new(
        out: Box<dyn Write + Send>,
        nonce: &str,
        run: &RunId,
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
            metrics_written: now.checked_sub(REPORT_PACE).unwrap_or(now),
            metrics_repeated: now,
            progress_written: None,
            allowance: (STEPS_AT_ONCE, now),
            reports: Hypertune::default(),
        };
        Self { run: run.into(), replica: replica.clone(), state: Mutex::new(state) }
    }

    /// Writes an event of this replica, in the current attempt.
    pub(super) fn own(&self, kind: EventKind) {
        let mut state = self.lock();
        let attempt = state.attempt;
        self.put(&mut state, attempt, Some(self.replica.clone()), kind);
    }

    /// Writes an event of the gang, or of another replica.
    pub(super) fn gang(&self, attempt: Attempt, replica: Option<ReplicaId>, kind: EventKind) {
        self.put(&mut self.lock(), attempt, replica, kind);
    }

    /// Says that what follows belongs to this attempt, whose command may report in this file too. Lines
    /// and metrics of the last one are forgotten.
    pub(super) fn begin(&self, attempt: Attempt, reports: Hypertune) {
        let mut state = self.lock();
        state.attempt = attempt;
        state.partial.clear();
        state.last_lines.clear();
        state.fresh.clear();
        state.all.clear();
        state.step = None;
        state.reports = reports;
    }

    /// Passes output of the command on, and looks for metrics in it.
    pub(super) fn command_output(&self, bytes: &[u8]) {
        let mut state = self.lock();
        state.writer.output(bytes);
        for line in take_lines(&mut state.partial, bytes) {
            if let Some(metrics) = read_metrics(&line) {
                self.note(&mut state, metrics);
            }
            remember(&mut state.last_lines, &line);
        }
        if !state.fresh.is_empty() && state.metrics_written.elapsed() >= REPORT_PACE {
            self.write_metrics(&mut state);
        }
    }

    /// Passes output of set-up on, and writes its last line as progress.
    pub(super) fn setup_output(&self, bytes: &[u8]) {
        let mut state = self.lock();
        state.writer.output(bytes);
        let lines = take_lines(&mut state.partial, bytes);
        for line in &lines {
            remember(&mut state.last_lines, line);
        }
        let due = state.progress_written.is_none_or(|at| at.elapsed() >= REPORT_PACE);
        if let (Some(line), true) = (lines.into_iter().rfind(|line| !line.trim().is_empty()), due) {
            state.progress_written = Some(Instant::now());
            let line = line.trim().chars().take(200).collect();
            let attempt = state.attempt;
            let kind = EventKind::SetupProgress { line };
            self.put(&mut state, attempt, Some(self.replica.clone()), kind);
        }
    }

    /// Writes metrics that have waited, and now and then all of them again. To be called about
    /// every second.
    pub(super) fn tick(&self) {
        let mut state = self.lock();
        self.note_reports(&mut state);
        if state.metrics_repeated.elapsed() >= METRICS_REPEAT_PACE {
            state.metrics_repeated = Instant::now();
            let all = state.all.clone();
            state.fresh.extend(all);
        }
        if !state.fresh.is_empty() && state.metrics_written.elapsed() >= REPORT_PACE {
            self.write_metrics(&mut state);
        }
    }

    /// Writes the metrics that wait, because the command has ended, and gives its last lines.
    pub(super) fn end(&self) -> Vec<String> {
        let mut state = self.lock();
        let partial = std::mem::take(&mut state.partial);
        if !partial.is_empty() {
            let line = String::from_utf8_lossy(&partial).into_owned();
            if let Some(metrics) = read_metrics(&line) {
                self.note(&mut state, metrics);
            }
            remember(&mut state.last_lines, &line);
        }
        self.note_reports(&mut state);
        if !state.fresh.is_empty() {
            self.write_metrics(&mut state);
        }
        state.last_lines.iter().cloned().collect()
    }

    /// Takes in what the command has written into its file of reports. One that can't be read is none:
    /// the command itself is told when it can't write there.
    fn note_reports(&self, state: &mut State) {
        for metrics in state.reports.fresh().unwrap_or_default() {
            self.note(state, metrics);
        }
    }

    /// Takes in metrics; those of the step before are written first, if there may be an event more.
    fn note(&self, state: &mut State, metrics: Metrics) {
        let is_next = metrics.step.is_some() && metrics.step != state.step;
        if is_next && !state.fresh.is_empty() {
            let (left, since) = state.allowance;
            let left = left + since.elapsed().as_secs_f64() * STEPS_PER_SECOND;
            let left = left.min(STEPS_AT_ONCE);
            state.allowance = (left, Instant::now());
            if left >= 1.0 {
                state.allowance.0 -= 1.0;
                self.write_metrics(state);
            }
        }
        state.step = metrics.step.or(state.step);
        state.fresh.extend(metrics.values);
    }

    fn write_metrics(&self, state: &mut State) {
        let values = std::mem::take(&mut state.fresh);
        state.all.extend(values.clone());
        state.metrics_written = Instant::now();
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

/// The lines that these bytes complete. A carriage return ends a line as well, as progress bars use
/// it.
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

/// Keeps a line among the last ones, unless it is empty.
fn remember(last: &mut VecDeque<String>, line: &str) {
    if line.trim().is_empty() {
        return;
    }
    if last.len() == LAST_LINES {
        last.pop_front();
    }
    last.push_back(line.chars().take(LINE_CHARS).collect());
}
