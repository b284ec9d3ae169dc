//! Following a run to its end: the same for `train`, `wait` and `logs -f`.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use super::frame::Frame;
use super::human::plain;
use super::lines::{clock, event_text, replica_style};
use super::screen::Screen;
use super::{DIM, Printer};
use crate::backend::{Backend, BackendError, LogLine, LogQuery, LogReader, Notice};
use crate::event::{Event, EventKind};
use crate::gang::ReplicaId;
use crate::plan::Plan;
use crate::report::RunView;
use crate::store::{JournalReader, RunPaths, RunRecord, Store, StoreError, SyncError, now, sync};

/// Time between two looks.
const PACE: Duration = Duration::from_millis(200);
/// Interrupts are noticed this fast.
const SLICE: Duration = Duration::from_millis(50);

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowMode {
    /// A block on the terminal that is redrawn; output scrolls above it when there is one replica,
    /// or when more is to be said.
    Live,
    /// Lines on standard error.
    Plain,
    /// The journal as JSON Lines on standard output, nothing else.
    Events,
    /// The commands' output on standard output, nothing else.
    Logs {
        /// Each line begins with its replica.
        prefix: bool,
        /// Each line begins with the time at which it was read.
        time: bool,
    },
    /// Nothing.
    Silent,
}

/// What the caller's signals ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Go on.
    None,
    /// Leave the run alone and return.
    Detach,
    /// Cancel the run, and go on until it has ended. Asked again and again, it is done once.
    Cancel,
}

/// How following ended.
#[derive(Clone, Debug)]
pub enum FollowEnd {
    /// The run is over.
    Ended(Box<RunView>),
    /// The caller detached.
    Detached(Box<RunView>),
    /// The deadline came first.
    Deadline(Box<RunView>),
}

/// Following failed; the run goes on.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The run could not be brought up to date.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// Standard output failed.
    #[error(transparent)]
    Output(io::Error),
}

impl From<StoreError> for FollowError {
    fn from(error: StoreError) -> Self {
        Self::Sync(error.into())
    }
}

impl From<BackendError> for FollowError {
    fn from(error: BackendError) -> Self {
        Self::Sync(error.into())
    }
}

/// What to follow, and how.
pub struct Follow<'a> {
    /// The state folder.
    pub store: &'a Store,
    /// The run's runtime.
    pub backend: &'a dyn Backend,
    /// The run.
    pub paths: &'a RunPaths,
    /// Its plan.
    pub plan: Option<&'a Plan>,
    /// Where it is shown.
    pub printer: &'a Printer,
    /// What is shown.
    pub mode: FollowMode,
    /// Which output is shown.
    pub logs: LogQuery,
    /// Return at this time at the latest.
    pub deadline: Option<Instant>,
    /// Who cancels, when the interrupt says so.
    pub user: &'a str,
    /// Asked many times a second.
    pub interrupt: &'a dyn Fn() -> Interrupt,
}

/// Follows a run until it has ended, the caller detaches, or the deadline comes.
pub fn follow(follow: &Follow<'_>) -> Result<FollowEnd, FollowError> {
    let wants_logs = !matches!(follow.mode, FollowMode::Events | FollowMode::Silent);
    let mut logs =
        if wants_logs { Some(follow.backend.logs(follow.paths, &follow.logs)?) } else { None };
    let mut show = Show::new(follow);
    let mut cancelled = false;
    // After the verdict the agents end their commands; whoever starts the next run at once should
    // find their ports and accelerators free.
    let bound = follow.plan.map_or(Duration::ZERO, |plan| plan.gang.grace + plan.gang.kill_bound);
    let mut over = None;
    loop {
        let record = match sync(follow.store, follow.backend, follow.paths) {
            Ok(record) => record,
            Err(SyncError::Backend(error)) if show.tick > 0 && error.is_passing() => {
                show.trouble(&error);
                if let Some(end) = pause(follow, &mut show, &mut cancelled, false)? {
                    return Ok(end);
                }
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let ended = record.state.is_ended();
        // What happened before anybody looked is told in its order; later on, output comes first,
        // so that a command's last lines stand before its end.
        if show.tick == 0 {
            show.events(&record)?;
        }
        show.tick += 1;
        show.troubled = false;
        show.output(&mut logs)?;
        show.events(&record)?;
        show.redraw();
        if ended {
            // What was printed between the last read and the end.
            show.output(&mut logs)?;
            show.redraw();
            let since = *over.get_or_insert_with(Instant::now);
            if since.elapsed() >= bound || follow.backend.is_gone(follow.paths)? {
                return Ok(FollowEnd::Ended(show.done()));
            }
        }
        if let Some(end) = pause(follow, &mut show, &mut cancelled, ended)? {
            return Ok(end);
        }
    }
}

/// The time between two looks, with open ears.
fn pause(
    follow: &Follow<'_>,
    show: &mut Show<'_>,
    cancelled: &mut bool,
    ended: bool,
) -> Result<Option<FollowEnd>, FollowError> {
    let next = Instant::now() + PACE;
    while Instant::now() < next {
        match (follow.interrupt)() {
            Interrupt::None => {}
            _ if ended => return Ok(Some(FollowEnd::Ended(show.done()))),
            Interrupt::Detach => return Ok(Some(FollowEnd::Detached(show.done()))),
            Interrupt::Cancel if !*cancelled => {
                *cancelled = true;
                show.say("cancelling; waiting until nothing of the run is left");
                for Notice(notice) in follow.backend.cancel(follow.paths, follow.user)? {
                    show.say(&notice);
                }
            }
            Interrupt::Cancel => {}
        }
        if !ended && follow.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Ok(Some(FollowEnd::Deadline(show.done())));
        }
        std::thread::sleep(SLICE);
    }
    Ok(None)
}

/// What has been shown so far.
struct Show<'a> {
    follow: &'a Follow<'a>,
    view: RunView,
    journal: JournalReader,
    screen: Screen,
    above: Vec<String>,
    last_lines: HashMap<ReplicaId, String>,
    tick: usize,
    troubled: bool,
}

impl<'a> Show<'a> {
    fn new(follow: &'a Follow<'a>) -> Self {
        Self {
            follow,
            view: RunView::new(&follow.paths.run, follow.plan),
            journal: JournalReader::default(),
            screen: Screen::default(),
            above: Vec::new(),
            last_lines: HashMap::new(),
            tick: 0,
            troubled: false,
        }
    }

    fn events(&mut self, record: &RunRecord) -> Result<(), FollowError> {
        let path = self.follow.paths.events();
        let (events, _) =
            self.journal.read(&path, record.journal).map_err(|e| FollowError::Sync(e.into()))?;
        for event in &events {
            self.view.fold(event);
            self.event(event)?;
        }
        Ok(())
    }

    fn event(&mut self, event: &Event) -> Result<(), FollowError> {
        match self.follow.mode {
            FollowMode::Events => {
                let line =
                    serde_json::to_string(event).map_err(|e| FollowError::Output(e.into()))?;
                return self.follow.printer.data(&line).map_err(FollowError::Output);
            }
            FollowMode::Live if routine(&event.kind) => return Ok(()),
            FollowMode::Live | FollowMode::Plain => {}
            FollowMode::Logs { .. } | FollowMode::Silent => return Ok(()),
        }
        // The summary says how it ended.
        if !matches!(event.kind, EventKind::Finished { .. })
            && let Some(text) = event_text(event)
        {
            let time = self.follow.printer.paint(DIM, &clock(event.time));
            self.line(format!("{time} {text}"));
        }
        Ok(())
    }

    fn output(&mut self, logs: &mut Option<Box<dyn LogReader>>) -> Result<(), FollowError> {
        let Some(reader) = logs else { return Ok(()) };
        let lines = reader.read()?;
        if let FollowMode::Logs { prefix, time } = self.follow.mode {
            let mut data = Vec::new();
            for line in &lines {
                log_bytes(&mut data, line, self.follow.printer, prefix, time);
            }
            return self.follow.printer.raw(&data).map_err(FollowError::Output);
        }
        let printer = self.follow.printer;
        let talkative = printer.verbosity > super::Verbosity::Normal;
        let scroll =
            self.follow.mode == FollowMode::Plain || talkative || self.view.replicas.len() <= 1;
        for line in lines {
            let text = plain(&line.line);
            if scroll {
                let time = printer.paint(DIM, &clock(now()));
                let who = printer.paint(replica_style(&line.replica), &line.replica.to_string());
                self.line(format!("{time} {who} | {text}"));
            }
            if !text.trim().is_empty() {
                self.last_lines.insert(line.replica, text);
            }
        }
        Ok(())
    }

    fn say(&mut self, text: &str) {
        if !matches!(self.follow.mode, FollowMode::Silent) {
            self.line(text.into());
        }
    }

    fn line(&mut self, line: String) {
        if self.quiet() {
            return;
        }
        if self.follow.mode == FollowMode::Live {
            self.above.push(line);
        } else {
            self.follow.printer.say(&line);
        }
    }

    fn quiet(&self) -> bool {
        self.follow.printer.verbosity < super::Verbosity::Normal
    }

    fn redraw(&mut self) {
        if self.follow.mode != FollowMode::Live || self.quiet() {
            return;
        }
        let terminal = self.follow.printer.terminal;
        let frame = Frame {
            view: &self.view,
            last_lines: &self.last_lines,
            now: now(),
            tick: self.tick,
            // One column less: a full line would wrap in some terminals.
            width: super::terminal_width().unwrap_or(terminal.width).saturating_sub(1),
            color: terminal.color_err,
        };
        self.screen.draw(&std::mem::take(&mut self.above), &frame.lines());
    }

    /// Following goes on; said once for each time that it begins.
    fn trouble(&mut self, error: &BackendError) {
        if !std::mem::replace(&mut self.troubled, true) {
            self.say(&format!("{error}; following goes on once it answers"));
        }
    }

    fn done(&mut self) -> Box<RunView> {
        self.screen.draw_rest(&self.above);
        Box::new(self.view.clone())
    }
}

/// Not worth a line of its own above the live view: the view itself shows it.
fn routine(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::SetupStarted
            | EventKind::SetupProgress { .. }
            | EventKind::SetupFinished { .. }
            | EventKind::Joined { .. }
            | EventKind::Placed { .. }
            | EventKind::Waiting { .. }
            | EventKind::Submitted { .. }
    )
}

/// One line of output as `logs` prints it. The command's own bytes are never changed.
pub fn log_bytes(to: &mut Vec<u8>, line: &LogLine, printer: &Printer, prefix: bool, time: bool) {
    if time {
        to.extend(printer.paint_out(DIM, &clock(now())).bytes());
        to.push(b' ');
    }
    if prefix {
        let who = line.replica.to_string();
        to.extend(printer.paint_out(replica_style(&line.replica), &who).bytes());
        to.extend(b" | ");
    }
    to.extend(&line.line);
    to.push(b'\n');
}
