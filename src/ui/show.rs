//! What a follower sees: events and output as lines, as a live block, or as data.

use std::collections::HashMap;
use std::io;

use super::batch::BatchGoal;
use super::frame::Frame;
use super::lines::{clock, event_text, replica_style};
use super::output::OutputLook;
use super::screen::Screen;
use super::{BOLD, DIM, Printer, Text, Verbosity, json_line};
use crate::event::{Event, EventKind};
use crate::gang::{ReplicaId, RunId};
use crate::run::{RunView, Watcher};
use crate::runtime::LogLine;
use crate::store::now;
use crate::text::plain;

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
    Logs(OutputLook),
    /// Nothing at all: only the end of the run is awaited.
    Silent,
}

/// Shows a run that is followed.
pub struct Show<'a> {
    printer: &'a Printer,
    mode: FollowMode,
    screen: Screen,
    above: Vec<Text>,
    last_lines: HashMap<ReplicaId, String>,
    frames: usize,
    goal: Option<BatchGoal>,
    /// Which run each line is of, where several are followed.
    name: Option<RunId>,
}

impl<'a> Show<'a> {
    /// Nothing is shown before something happens.
    pub fn new(printer: &'a Printer, mode: FollowMode) -> Self {
        Self {
            printer,
            mode,
            screen: Screen::new(printer),
            above: Vec::new(),
            last_lines: HashMap::new(),
            frames: 0,
            goal: None,
            name: None,
        }
    }

    /// The same for one of several runs: each line begins with its name.
    #[must_use]
    pub fn named(self, run: RunId) -> Self {
        Self { name: Some(run), ..self }
    }

    /// The same for a batch prediction, of which the live view says how far it is.
    #[must_use]
    pub fn towards(self, goal: BatchGoal) -> Self {
        Self { goal: Some(goal), ..self }
    }

    fn line(&mut self, line: Text) {
        if self.is_quiet() {
            return;
        }
        let line = match &self.name {
            Some(name) => Text::styled(BOLD, name.as_str()).then("  ").then(line),
            None => line,
        };
        if self.mode == FollowMode::Live {
            self.above.push(line);
        } else {
            self.printer.say(line);
        }
    }

    fn is_quiet(&self) -> bool {
        self.printer.verbosity < Verbosity::Normal
    }
}

impl Watcher for Show<'_> {
    fn wants_output(&self) -> bool {
        !matches!(self.mode, FollowMode::Events | FollowMode::Silent)
    }

    fn shows_events(&self) -> bool {
        matches!(self.mode, FollowMode::Live | FollowMode::Plain)
    }

    fn event(&mut self, event: &Event, _view: &RunView) -> io::Result<()> {
        match self.mode {
            FollowMode::Events => return self.printer.data(&json_line(event)?),
            FollowMode::Live if routine(&event.kind) => return Ok(()),
            FollowMode::Live | FollowMode::Plain => {}
            FollowMode::Logs(_) | FollowMode::Silent => return Ok(()),
        }
        // The summary says how it ended.
        if !matches!(event.kind, EventKind::Finished { .. })
            && let Some(text) = event_text(event)
        {
            self.line(Text::styled(DIM, &clock(event.time)).then(" ").then(text));
        }
        Ok(())
    }

    fn output(&mut self, lines: Vec<LogLine>, view: &RunView) -> io::Result<()> {
        let printer = self.printer;
        if let FollowMode::Logs(look) = self.mode {
            return printer.output(&lines, look);
        }
        let talkative = printer.verbosity > Verbosity::Normal;
        let scroll = self.mode == FollowMode::Plain || talkative || view.replicas.len() <= 1;
        for line in lines {
            // Its progress is an event; `logs` and a talkative follower have all of it.
            if line.installer && !talkative {
                continue;
            }
            let text = plain(&line.line);
            if scroll {
                let who = Text::styled(replica_style(&line.replica), &line.replica.to_string());
                let time = Text::styled(DIM, &clock(now())).then(" ");
                self.line(time.then(who).then(" | ").then(text.as_str()));
            }
            if !text.trim().is_empty() {
                self.last_lines.insert(line.replica, text);
            }
        }
        Ok(())
    }

    fn say(&mut self, text: &str) {
        if self.mode != FollowMode::Silent {
            self.line(text.into());
        }
    }

    fn redraw(&mut self, view: &RunView) {
        self.frames += 1;
        if self.mode != FollowMode::Live || self.is_quiet() {
            return;
        }
        let frame = Frame {
            view,
            last_lines: &self.last_lines,
            now: now(),
            tick: self.frames,
            width: self.screen.width(),
            goal: self.goal,
        };
        self.screen.draw(&std::mem::take(&mut self.above), &frame.lines());
    }

    fn end(&mut self) {
        self.screen.draw_rest(&self.above);
    }
}

/// Not worth a line of its own above the live view: the view itself shows it.
fn routine(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::SetupStarted
            | EventKind::SetupFinished { .. }
            | EventKind::InstallStarted { .. }
            | EventKind::InstallFinished { .. }
            | EventKind::Joined { .. }
            | EventKind::Placed { .. }
            | EventKind::Waiting { .. }
            | EventKind::Submitted { .. }
    )
}
