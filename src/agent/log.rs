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
const LINE_CHARS: usize = 500;
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::agent::stream::{Hypertune, Item, StreamReader};
    use crate::plan::MetricsPlan;
    use crate::spec::{CollectWith, MetricSource};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What the log has in the end, events of metrics as step and values.
    fn shown(run: impl FnOnce(&Log)) -> Vec<String> {
        let out = Shared::default();
        let replica = "worker-0".parse().unwrap();
        let mut known = Known::default();
        known.add(["hunter2-x".to_owned()]);
        run(&Log::new(Box::new(out.clone()), None, "n", &"digits-abc123".into(), &replica, known));
        let bytes = out.0.lock().unwrap().clone();
        let one = |item| match item {
            Item::Event(Event { kind: EventKind::Metrics { step, values }, .. }) => {
                format!("{step:?} {values:?}")
            }
            Item::Event(Event { kind: EventKind::Warning { .. }, .. }) => "warning".into(),
            Item::Event(event) => format!("{event:?}"),
            Item::Line(line) => String::from_utf8(line.bytes).unwrap(),
        };
        let mut reader = StreamReader::new("n");
        let items = reader.push(&bytes);
        items.into_iter().chain(reader.finish()).map(one).collect()
    }

    fn plan(from: MetricSource, path: &str) -> MetricsPlan {
        let collect = CollectWith { from, path: Some(path.into()), ..CollectWith::default() };
        MetricsPlan { names: vec!["score_x".into()], collect }
    }

    #[test]
    fn without_a_plan_known_names_count_and_a_second_has_one_event() {
        let printed = shown(|log| {
            log.begin(1, Reports::Usual(Hypertune::default()));
            log.command_output(b"loss=1 score_x=2\nloss=3\nstep=1 loss=4\nscore_x=5\n");
            log.tick();
            log.end();
        });
        let lines = ["loss=1 score_x=2", "loss=3", "step=1 loss=4", "score_x=5"];
        let events = [r#"None {"loss": 3.0, "score_x": 2.0}"#, r#"Some(1) {"loss": 4.0}"#];
        assert_eq!(printed, [&lines[..], &events[..]].concat());
    }

    #[test]
    fn what_is_told_of_output_has_no_secret_in_it() {
        shown(|log| {
            log.begin(1, Reports::default());
            let far = "x".repeat(LINE_CHARS - 4);
            log.command_output(format!("login hunter2-x failed\n{far}hunter2-x\n").as_bytes());
            log.command_output(b"at last hunter2-x");
            let lines = log.end();
            assert_eq!(lines[0], "login *** failed");
            assert!(lines[1].ends_with("x***") && lines[2] == "at last ***", "{lines:?}");
        });
    }

    #[test]
    fn with_a_plan_each_report_of_its_names_is_an_event() {
        let folder = tempfile::tempdir().unwrap();
        let printed = shown(|log| {
            log.begin(1, Reports::default());
            log.collect(Collector::new(&plan(MetricSource::Stdout, ""), folder.path(), &[]));
            log.command_output(b"loss=1 score_x=2\nloss=3\nscore_x=4\nstep=1 score_x=5\nscore_x=6");
            log.end();
        });
        let events = [
            r#"None {"score_x": 2.0}"#,
            r#"None {"score_x": 4.0}"#,
            r#"Some(1) {"score_x": 5.0}"#,
            r#"Some(1) {"score_x": 6.0}"#,
        ];
        let found: Vec<&String> = printed
            .iter()
            .filter(|line| line.starts_with("None ") || line.starts_with("Some("))
            .collect();
        assert_eq!(found, events);
    }

    #[test]
    fn files_are_read_at_a_tick_and_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let printed = shown(|log| {
            log.begin(1, Reports::default());
            log.collect(Collector::new(&plan(MetricSource::File, "log"), folder.path(), &[]));
            log.command_output(b"score_x=1\n");
            fs_err::write(folder.path().join("log"), "score_x=2\n").unwrap();
            log.tick();
            fs_err::write(folder.path().join("log"), "score_x=2\nscore_x=3").unwrap();
            log.end();
            log.end();
            log.begin(2, Reports::default());
            log.collect(Collector::new(&plan(MetricSource::File, "."), folder.path(), &[]));
            log.tick();
            log.end();
        });
        let events = [r#"None {"score_x": 2.0}"#, r#"None {"score_x": 3.0}"#, "warning"];
        assert_eq!(printed, [&["score_x=1"], &events[..]].concat());
    }
}
