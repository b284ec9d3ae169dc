//! What a follower sees: events and output as lines, as a live block, or as data.

use std::collections::HashMap;

use super::frame::Frame;
use super::human::plain;
use super::lines::{clock, event_text, replica_style};
use super::screen::Screen;
use super::{DIM, Printer};
use crate::event::{Event, EventKind};
use crate::gang::ReplicaId;
use crate::run::RunView;
use crate::runtime::{LogLine, LogReader, RuntimeError};
use crate::store::{JournalReader, RunRecord, now};
use crate::ui::{Follow, FollowError, FollowMode};

/// What has been shown so far.
pub(super) struct Show<'a> {
    follow: &'a Follow<'a>,
    view: RunView,
    journal: JournalReader,
    screen: Screen,
    above: Vec<String>,
    last_lines: HashMap<ReplicaId, String>,
    /// How often the run was looked at.
    pub(super) tick: usize,
    /// The runtime doesn't answer just now.
    pub(super) troubled: bool,
}

impl<'a> Show<'a> {
    pub(super) fn new(follow: &'a Follow<'a>) -> Self {
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

    pub(super) fn events(&mut self, record: &RunRecord) -> Result<(), FollowError> {
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

    pub(super) fn output(
        &mut self,
        logs: &mut Option<Box<dyn LogReader>>,
    ) -> Result<(), FollowError> {
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

    pub(super) fn say(&mut self, text: &str) {
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

    pub(super) fn redraw(&mut self) {
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
    pub(super) fn trouble(&mut self, error: &RuntimeError) {
        if !std::mem::replace(&mut self.troubled, true) {
            self.say(&format!("{error}; following goes on once it answers"));
        }
    }

    pub(super) fn done(&mut self) -> Box<RunView> {
        self.screen.draw_rest(&self.above);
        Box::new(self.view.clone())
    }
}

/// Not worth a line of its own above the live view: the view itself shows it.
fn routine(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::SetupStarted
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
        to.extend(printer.paint_out(DIM, &clock(line.time.unwrap_or_else(now))).bytes());
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
