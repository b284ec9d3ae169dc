//! The two streams. Standard output has the data that was asked for, so that it can be piped;
//! standard error has everything that is said beside it.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

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
    /// Columns of a line at the start of the command; [`terminal_width`] says what they are now.
    pub width: usize,
}

/// Writes to the two streams as the command line wants it.
#[derive(Clone, Debug, Default)]
pub struct Printer {
    /// How much is said on standard error.
    pub verbosity: Verbosity,
    /// Which of the streams are terminals, and what these can show.
    pub terminal: Terminal,
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
    /// Text in a style, if standard error has colour.
    pub fn paint(&self, style: Style, text: &str) -> String {
        paint(self.terminal.color_err, style, text)
    }

    /// Text in a style, if standard output has colour.
    pub fn paint_out(&self, style: Style, text: &str) -> String {
        paint(self.terminal.color_out, style, text)
    }

    /// Data: written as it is to standard output, with a line end if there is none.
    pub fn data(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// Data that need not be text: written to standard output byte for byte, no line end added.
    pub fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// A line on standard error, not with `--quiet`.
    pub fn say(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            Self::line(text);
        }
    }

    /// A line on standard error, with `--verbose` only.
    pub fn detail(&self, text: &str) {
        if self.verbosity >= Verbosity::Verbose {
            Self::line(text);
        }
    }

    /// `warning: ...` on standard error, not with `--quiet`: the command goes on.
    pub fn warn(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            Self::line(&format!("{} {text}", self.paint(WARNING, "warning:")));
        }
    }

    /// `hint: ...` on standard error, not with `--quiet`: what to do next.
    pub fn hint(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            Self::line(&format!("{} {text}", self.paint(HINT, "hint:")));
        }
    }

    /// Asks a question on standard error and waits for a line on standard input. Only `y` and `yes`
    /// are a yes; a closed input is a no.
    pub fn confirm(&self, question: &str) -> bool {
        {
            let mut err = io::stderr().lock();
            let _ = write!(err, "{question} [y/N] ");
            let _ = err.flush();
        }
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// `error: ...` on standard error, with `--quiet` too: the command has failed.
    pub fn error(&self, text: &str) {
        Self::line(&format!("{} {text}", self.paint(ERROR, "error:")));
    }

    /// A line on standard error whatever the verbosity. A stream that can't be written to is no error:
    /// the command's work doesn't depend on it.
    pub fn line(text: &str) {
        let mut err = io::stderr().lock();
        let _ = writeln!(err, "{text}");
    }
}

/// Columns of the terminal on standard error as it is now, which its user may have resized; `None`
/// when it is no terminal or doesn't say.
pub fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col as usize)
}

/// Text in a style, or as it is without `color`.
pub fn paint(color: bool, style: Style, text: &str) -> String {
    if color { format!("{style}{text}{style:#}") } else { text.into() }
}
