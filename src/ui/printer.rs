//! The two streams. Standard output has the data that was asked for, so that it can be piped;
//! standard error has everything that is said beside it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use serde_json::Value as Json;

use super::{Text, streams, terminal_width};
use crate::text::lines_of;

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only (`--quiet`).
    Quiet,
    /// Warnings, hints, progress and results too.
    #[default]
    Normal,
    /// Details of what is done as well (`--verbose`).
    Verbose,
}

/// What the two streams are, decided once from the command line and the environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// Standard output is a terminal.
    pub stdout: bool,
    /// Standard error is a terminal that can be redrawn.
    pub stderr: bool,
    /// Text on standard output has colours.
    pub color_out: bool,
    /// Text on standard error has colours.
    pub color_err: bool,
    /// It shows ASCII only: the locale says so.
    pub ascii: bool,
    /// Columns of a line at the start of the command; [`terminal_width`](super::terminal_width) says what they are now.
    pub width: usize,
}

/// Writes to the two streams as the command line wants it.
#[derive(Clone, Debug, Default)]
pub struct Printer {
    /// How much is said on standard error.
    pub verbosity: Verbosity,
    /// Which of the streams are terminals, and what these can show.
    pub terminal: Terminal,
    /// What programs are told, until it is printed as one document.
    pub told: Told,
}

/// Documents that wait for the end of their command, which prints them as one.
#[derive(Clone, Debug, Default)]
pub struct Told(Arc<Mutex<Vec<Json>>>);

impl Told {
    /// Adds one.
    pub fn add(&self, document: Json) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(document);
    }

    /// All that wait.
    pub fn take(&self) -> Vec<Json> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Of the word `error`, and of states and names of what has failed.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Of the word `warning`, and of states that need a look.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Of the word `hint`, and of other words before what to do next.
pub const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// Of states and levels that are well.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Of text that is there to be looked up, such as times.
pub const DIM: Style = Style::new().dimmed();
/// Of titles and of the run that is spoken of.
pub const BOLD: Style = Style::new().bold();

impl Printer {
    /// What was asked for, as people read it: on standard output, with a line end.
    pub fn show(&self, text: impl Into<Text>) -> io::Result<()> {
        let text = text.into();
        if text.is_empty() {
            return Ok(());
        }
        streams::out(format!("{}\n", text.painted_if(self.terminal.color_out)).as_bytes())
    }

    /// What was asked for, as programs read it: on standard output, with a line end if there is none.
    /// Documents are made by [`json_text`](super::json_text) and its like, which escape what a
    /// terminal would obey; of any other text it is written out here.
    pub fn data(&self, text: &str) -> io::Result<()> {
        let mut text = lines_of(text);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        streams::out(text.as_bytes())
    }

    /// A line on standard error, not with `--quiet`.
    pub fn say(&self, text: impl Into<Text>) {
        if self.verbosity >= Verbosity::Normal {
            self.line(text);
        }
    }

    /// A line on standard error, with `--verbose` only.
    pub fn detail(&self, text: impl Into<Text>) {
        if self.verbosity >= Verbosity::Verbose {
            self.line(text);
        }
    }

    /// `warning: ...` on standard error, not with `--quiet`: the command goes on.
    pub fn warn(&self, text: impl Into<Text>) {
        if self.verbosity >= Verbosity::Normal {
            self.fault(text);
        }
    }

    /// `warning: ...` on standard error, with `--quiet` too: the command goes on, and its exit code will say
    /// that not all was done.
    pub fn fault(&self, text: impl Into<Text>) {
        self.labelled(WARNING, "warning:", text.into());
    }

    /// `hint: ...` on standard error, not with `--quiet`: what to do next.
    pub fn hint(&self, text: impl Into<Text>) {
        if self.verbosity >= Verbosity::Normal {
            self.labelled(HINT, "hint:", text.into());
        }
    }

    /// Asks a question on standard error and waits for a line on standard input. Only `y` and `yes`
    /// are a yes; a closed input is a no.
    pub fn confirm(&self, question: impl Into<Text>) -> bool {
        let question = self.fitted(question.into().then(" [y/N]"), 0);
        streams::err(&format!("{} ", question.painted_if(self.terminal.color_err)));
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// `error: ...` on standard error, with `--quiet` too: the command has failed.
    pub fn error(&self, text: impl Into<Text>) {
        self.labelled(ERROR, "error:", text.into());
    }

    /// What has become of something: a line on standard error, with `--quiet` only where it went wrong.
    pub fn outcome(&self, is_good: bool, text: impl Into<Text>) {
        if is_good && self.verbosity < Verbosity::Normal {
            return;
        }
        let text = text.into();
        self.as_it_is(if self.terminal.stderr { text.in_columns(self.columns()) } else { text });
    }

    /// A report for standard output: a terminal gets lines that fit it.
    pub fn report(&self, text: Text) -> Text {
        if self.terminal.stdout { text.in_columns(self.terminal.width) } else { text }
    }

    /// A line on standard error whatever the verbosity. A terminal gets as many as it takes without breaking a
    /// word; what has line breaks of its own is printed as it is.
    pub fn line(&self, text: impl Into<Text>) {
        let text = text.into();
        let plain = text.to_string();
        self.hanging(text, plain.len() - plain.trim_start_matches(' ').len());
    }

    /// The same; the second line and those that follow have so many blanks before them.
    pub fn hanging(&self, text: Text, hang: usize) {
        self.as_it_is(self.fitted(text, hang));
    }

    /// A line on standard error whatever the verbosity and the terminal's width: what others have printed, and
    /// places in files, which marks below point into.
    pub fn as_it_is(&self, text: impl Into<Text>) {
        streams::err(&format!("{}\n", text.into().painted_if(self.terminal.color_err)));
    }

    /// A line that begins with its kind, below which the rest of it hangs.
    fn labelled(&self, style: Style, label: &str, text: Text) {
        self.hanging(Text::styled(style, label).then(" ").then(text), label.len() + 1);
    }

    /// Lines that fit the terminal on standard error; one line anywhere else.
    fn fitted(&self, text: Text, hang: usize) -> Text {
        if !self.terminal.stderr {
            return text;
        }
        text.wrapped(self.columns(), hang)
    }

    /// Columns of a line on standard error now.
    fn columns(&self) -> usize {
        terminal_width().unwrap_or(self.terminal.width).max(40)
    }
}
