//! What a follower sees: events and output as lines, as a live block, or as data.

use std::collections::HashMap;
use std::io;
use std::time::Instant;

use jiff::Timestamp;

use super::batch::BatchGoal;
use super::frame::{Frame, standing_line};
use super::kept::Kept;
use super::keys::Keys;
use super::lines::{clock, event_text, replica_style};
use super::news::News;
use super::output::OutputLook;
use super::screen::Screen;
use super::silence::Silence;
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
    /// A block on the terminal that is redrawn, below the commands' output and the events. A key leaves
    /// the output out, and brings it back.
    Live,
    /// Output and events as lines on standard error.
    Plain,
    /// The commands' output on standard output, and events as lines on standard error.
    Split(OutputLook),
    /// The journal as JSON Lines on standard output, nothing else.
    Events,
    /// The commands' output on standard output, and on standard error why there is none.
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
    keys: Option<Keys>,
    /// The output is shown, not the block alone.
    lines: bool,
    /// What is seen until following ends.
    standing: Option<String>,
    /// Whoever read standard output has closed it.
    closed: bool,
    /// Why a log has no new lines.
    silence: Silence,
    /// Some lines have come.
    has_output: bool,
    /// Which events the live view leaves to itself.
    news: News,
    /// What is brought back with the output.
    kept: Kept,
}

/// Leaves the output out of the live view, and brings it back with what was left out.
const LINES_KEY: u8 = b'l';

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
            keys: (mode == FollowMode::Live).then(Keys::new).flatten(),
            lines: true,
            standing: None,
            closed: false,
            silence: Silence::default(),
            has_output: false,
            news: News::default(),
            kept: Kept::default(),
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

    /// Some lines of the commands have come so far.
    pub fn has_output(&self) -> bool {
        self.has_output
    }

    /// A line of what commands have printed, which is never broken.
    fn line(&mut self, line: Text) {
        if self.is_quiet() {
            return;
        }
        let line = self.head().then(line);
        if self.mode == FollowMode::Live {
            self.above.push(line);
        } else {
            self.printer.as_it_is(line);
        }
    }

    /// A sentence of mlctl's with its time, which a terminal gets in lines that fit it.
    fn told(&mut self, time: Timestamp, text: &str) {
        if self.is_quiet() {
            return;
        }
        let head = self.head().then(Text::styled(DIM, &clock(time))).then(" ");
        let (hang, line) = (head.width(), head.then(text));
        if self.mode == FollowMode::Live {
            self.above.extend(line.wrapped(self.screen.width(), hang).split());
        } else {
            self.printer.hanging(line, hang);
        }
    }

    /// What a line begins with: the run, where it is one of several.
    fn head(&self) -> Text {
        let name = self.name.as_ref();
        name.map_or_else(Text::default, |name| Text::styled(BOLD, name.as_str()).then("  "))
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
        matches!(self.mode, FollowMode::Live | FollowMode::Plain | FollowMode::Split(_))
    }

    fn event(&mut self, event: &Event, _view: &RunView) -> io::Result<()> {
        match self.mode {
            FollowMode::Events => return self.printer.data(&json_line(event)?),
            FollowMode::Live => {
                if !self.news.has(&event.kind) {
                    return Ok(());
                }
            }
            FollowMode::Plain | FollowMode::Split(_) => {}
            FollowMode::Logs(_) | FollowMode::Silent => return Ok(()),
        }
        // The summary says how it ended.
        if !matches!(event.kind, EventKind::Finished { .. })
            && let Some(text) = event_text(event)
        {
            self.told(event.time, &text);
        }
        Ok(())
    }

    fn output(&mut self, lines: Vec<LogLine>, _view: &RunView) -> io::Result<()> {
        let printer = self.printer;
        self.has_output |= !lines.is_empty();
        if let FollowMode::Logs(look) = self.mode {
            return printer.output(&lines, look);
        }
        // An installer's progress is an event; `logs` and a talkative follower have all of it.
        let talkative = printer.verbosity > Verbosity::Normal;
        let lines = lines.into_iter().filter(|line| talkative || !line.installer);
        if let FollowMode::Split(look) = self.mode {
            // What was installed is no output of the command.
            let (installed, own): (Vec<_>, Vec<_>) = lines.partition(|line| line.installer);
            for line in &installed {
                self.line(printed(line, &plain(&line.line)));
            }
            if self.closed {
                return Ok(());
            }
            return match printer.output_of(self.name.as_ref(), &own, look) {
                // Ctrl-C in a pipeline ends the reader too, and then the run must still be cancelled or left
                // as was asked. The exit code of the run is waited for as well.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    self.closed = true;
                    self.line(
                        "nobody reads the output any more; the run is followed without it".into(),
                    );
                    Ok(())
                }
                written => written,
            };
        }
        for line in lines {
            let text = plain(&line.line);
            let shown = printed(&line, &text);
            if self.lines {
                self.line(shown);
            } else {
                self.kept.push(shown);
            }
            if !text.trim().is_empty() {
                self.last_lines.insert(line.replica, text);
            }
        }
        Ok(())
    }

    fn say(&mut self, text: &str) {
        if self.mode != FollowMode::Silent {
            self.told(now(), text);
        }
    }

    fn stand(&mut self, text: &str) {
        match self.mode {
            FollowMode::Live => self.standing = Some(text.to_owned()),
            FollowMode::Silent => {}
            // It is of all runs that are followed.
            _ => self.printer.say(text),
        }
    }

    fn redraw(&mut self, view: &RunView) {
        self.frames += 1;
        if matches!(self.mode, FollowMode::Logs(_))
            && let Some(text) = self.silence.says(view, Instant::now())
        {
            self.say(&text);
        }
        if self.mode != FollowMode::Live || self.is_quiet() {
            return;
        }
        for key in self.keys.iter().flat_map(Keys::pressed) {
            self.lines ^= key.to_ascii_lowercase() == LINES_KEY;
        }
        if self.lines {
            self.above.extend(self.kept.take(&view.run));
        }
        let keys = if self.lines { "l: this table only" } else { "l: what is printed, too" };
        let frame = Frame {
            view,
            last_lines: &self.last_lines,
            now: now(),
            tick: self.frames,
            width: self.screen.width(),
            goal: self.goal,
            keys: self.keys.as_ref().map(|_| keys),
            standing: self.standing.as_deref(),
        };
        self.screen.draw(&std::mem::take(&mut self.above), &frame.lines());
    }

    fn end(&mut self) {
        self.above.extend(self.standing.take().as_deref().map(standing_line));
        self.screen.draw_rest(&std::mem::take(&mut self.above));
        self.keys = None;
    }
}

/// A line of output beside events: with the time at which it was printed, which no event before it is later
/// than, and who printed it.
fn printed(line: &LogLine, text: &str) -> Text {
    let who = Text::styled(replica_style(&line.replica), &line.replica.to_string());
    let time = clock(line.time.unwrap_or_else(now));
    Text::styled(DIM, &time).then(" ").then(who).then(" | ").then(text)
}
