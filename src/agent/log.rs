//! The agent's log: its own events and the command's output, by one writer.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::install_log::Install;
use super::reported::Reported;
use super::stream::{Collector, EventFile, Metrics, Reports, StreamWriter};
use crate::event::{EVENT_VERSION, Event, EventKind};
use crate::gang::{Attempt, Exit, ReplicaId, RunId};
use crate::plan::Known;

/// How many of a command's last lines are kept for the report of a failure.
const LAST_LINES: usize = 20;
/// How many characters of each such line are kept.
pub(super) const LINE_CHARS: usize = 500;
/// The least time between two events with the progress of set-up.
const PROGRESS_PACE: Duration = Duration::from_secs(1);

/// The log, which all threads of an agent share.
pub(super) struct Log {
    run: RunId,
    replica: ReplicaId,
    /// Secret values. The command's output is kept as it is; what the agent tells of it, without them.
    known: Known,
    state: Mutex<State>,
}

struct State {
    writer: StreamWriter<Box<dyn Write + Send>>,
    attempt: Attempt,
    /// The start of a line whose end has not come yet.
    partial: Vec<u8>,
    last_lines: VecDeque<String>,
    /// The metrics of this attempt.
    reported: Reported,
    /// When the last event with progress of set-up was written.
    progress_written: Option<Instant>,
    /// What installs packages just now.
    install: Option<Install>,
    /// Where they come from.
    reports: Reports,
}

impl Log {
    /// A log with the events in it, unless they go into a file `beside` it.
    pub(super) fn new(
        out: Box<dyn Write + Send>,
        beside: Option<EventFile>,
        nonce: &str,
        run: &RunId,
        replica: &ReplicaId,
        known: Known,
    ) -> Self {
        let state = State {
            writer: StreamWriter::new(out, nonce, beside),
            attempt: 0,
            partial: Vec::new(),
            last_lines: VecDeque::new(),
            reported: Reported::new(),
            progress_written: None,
            install: None,
            reports: Reports::default(),
        };
        Self { run: run.into(), replica: replica.clone(), known, state: Mutex::new(state) }
    }

    /// Writes an event of this replica, in the current attempt.
    pub(super) fn own(&self, kind: EventKind) {
        self.put_own(&mut self.lock(), [kind]);
    }

    /// Writes an event of the gang, or of another replica.
    pub(super) fn gang(&self, attempt: Attempt, replica: Option<ReplicaId>, kind: EventKind) {
        self.put(&mut self.lock(), attempt, replica, kind);
    }

    /// Says that what follows belongs to this attempt, whose command reports there. Lines and metrics of
    /// the last one are forgotten.
    pub(super) fn begin(&self, attempt: Attempt, reports: Reports) {
        let mut state = self.lock();
        state.attempt = attempt;
        state.partial.clear();
        state.last_lines.clear();
        state.reported.begin(reports.is_planned());
        state.reports = reports;
    }

    /// Says that the command of this attempt, which is about to start, reports there.
    pub(super) fn collect(&self, collector: Collector) {
        let mut state = self.lock();
        state.reported.begin(true);
        state.reports = Reports::Planned(Box::new(collector));
    }

    /// Passes output of the command on, and looks for metrics in it.
    pub(super) fn command_output(&self, bytes: &[u8]) {
        let mut state = self.lock();
        self.pass_on(&mut state, bytes);
        for line in take_lines(&mut state.partial, bytes) {
            self.note(&mut state, |reports, sink| reports.printed(&line, sink));
            self.remember(&mut state.last_lines, &line);
        }
        let due = state.reported.due();
        self.put_own(&mut state, due);
    }

    /// Says that an installer begins, whose output follows.
    pub(super) fn install_started(&self, with: &str) {
        let mut state = self.lock();
        state.install = Some(Install::new(with));
        self.put_own(&mut state, [EventKind::InstallStarted { with: with.to_owned() }]);
    }

    /// Says that it has installed everything.
    pub(super) fn install_finished(&self) {
        let mut state = self.lock();
        let finished = state.install.take().map(Install::finished);
        self.put_own(&mut state, finished);
    }

    /// Says that it has failed, where something else is tried after it.
    pub(super) fn install_failed(&self) {
        self.lock().install = None;
    }

    /// Passes output of set-up on, and writes its last line as progress.
    pub(super) fn setup_output(&self, bytes: &[u8]) {
        let mut state = self.lock();
        self.pass_on(&mut state, bytes);
        let lines = take_lines(&mut state.partial, bytes);
        for line in &lines {
            self.remember(&mut state.last_lines, line);
            if let Some(install) = &mut state.install {
                install.note(line);
            }
        }
        let due = state.progress_written.is_none_or(|at| at.elapsed() >= PROGRESS_PACE);
        if let (Some(line), true) = (lines.into_iter().rfind(|line| !line.trim().is_empty()), due) {
            state.progress_written = Some(Instant::now());
            let line = self.known.hide(line.trim()).chars().take(200).collect();
            let packages = state.install.as_ref().map(Install::packages);
            self.put_own(&mut state, [EventKind::SetupProgress { line, packages }]);
        }
    }

    /// Passes output on, and tells of output that is lost.
    fn pass_on(&self, state: &mut State, bytes: &[u8]) {
        state.writer.output(bytes);
        let loss = state.writer.take_loss();
        self.put_own(state, loss.map(|message| EventKind::Warning { message }));
    }

    /// Reads files of metrics, writes metrics that have waited, and now and then all of them again. To be
    /// called about every second.
    pub(super) fn tick(&self) {
        let mut state = self.lock();
        self.note(&mut state, Reports::poll);
        let due = state.reported.tick();
        self.put_own(&mut state, due);
    }

    /// Writes the metrics that wait, because the command has ended, and gives its last lines.
    pub(super) fn end(&self) -> Vec<String> {
        let mut state = self.lock();
        let partial = std::mem::take(&mut state.partial);
        if !partial.is_empty() {
            let line = String::from_utf8_lossy(&partial).into_owned();
            self.note(&mut state, |reports, sink| reports.printed(&line, sink));
            self.remember(&mut state.last_lines, &line);
        }
        self.note(&mut state, Reports::finish);
        let last = state.reported.take();
        self.put_own(&mut state, last);
        state.last_lines.iter().cloned().collect()
    }

    /// Takes in metrics from where the command reports them; those of the point before are written first,
    /// if there may be an event more.
    fn note(&self, state: &mut State, read: impl FnOnce(&mut Reports, &mut dyn FnMut(Metrics))) {
        let mut reports = std::mem::take(&mut state.reports);
        read(&mut reports, &mut |metrics| {
            let first = state.reported.note(metrics);
            self.put_own(state, first);
        });
        let warnings = reports.warnings().into_iter();
        state.reports = reports;
        self.put_own(state, warnings.map(|message| EventKind::Warning { message }));
    }

    /// Writes events of this replica, in the current attempt.
    fn put_own(&self, state: &mut State, kinds: impl IntoIterator<Item = EventKind>) {
        for kind in kinds {
            self.put(state, state.attempt, Some(self.replica.clone()), kind);
        }
    }

    fn put(
        &self,
        state: &mut State,
        attempt: Attempt,
        replica: Option<ReplicaId>,
        kind: EventKind,
    ) {
        let kind = match kind {
            EventKind::Warning { message } => {
                EventKind::Warning { message: self.known.hide(&message).into_owned() }
            }
            kind => kind,
        };
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

    /// How a command ended, as it may be told.
    pub(super) fn told(&self, mut exit: Exit) -> Exit {
        exit.reason = self.known.hide(&exit.reason).into_owned();
        exit
    }

    /// Keeps a line among the last ones, unless it is empty.
    fn remember(&self, last: &mut VecDeque<String>, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        // Before it is cut: half a secret is none that is known.
        last.push_back(self.known.hide(line).chars().take(LINE_CHARS).collect());
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
