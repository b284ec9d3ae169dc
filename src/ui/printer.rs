//! Standard output is data, standard error is talk.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

/// How much talk is wanted on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// What a person wants to know.
    #[default]
    Normal,
    /// And why.
    Verbose,
}

/// What the two streams are, decided once from the command line and the environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// Standard output is a terminal.
    pub stdout: bool,
    /// Standard error is a terminal that can be redrawn.
    pub stderr: bool,
    /// Colour on standard output.
    pub color_out: bool,
    /// Colour on standard error.
    pub color_err: bool,
    /// Columns.
    pub width: usize,
}

/// Writes to the two streams.
#[derive(Clone, Debug, Default)]
pub struct Printer {
    /// How much is said.
    pub verbosity: Verbosity,
    /// What the streams are.
    pub terminal: Terminal,
}

/// Colour of the word "error".
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Colour of the word "warning".
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Colour of the word "hint".
pub const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// Colour of a success.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Less important text.
pub const DIM: Style = Style::new().dimmed();
/// More important text.
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

    /// Data that is written as it is, bytes and all.
    pub fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Talk, on standard error. A closed stream is not an error.
    pub fn say(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            Self::line(text);
        }
    }

    /// Talk that only `--verbose` wants.
    pub fn detail(&self, text: &str) {
        if self.verbosity >= Verbosity::Verbose {
            Self::line(text);
        }
    }

    /// `warning: ...`
    pub fn warn(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            Self::line(&format!("{} {text}", self.paint(WARNING, "warning:")));
        }
    }

    /// `hint: ...`
    pub fn hint(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            Self::line(&format!("{} {text}", self.paint(HINT, "hint:")));
        }
    }

    /// Asks a question on standard error; only a clear yes is one.
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

    /// `error: ...`
    pub fn error(&self, text: &str) {
        Self::line(&format!("{} {text}", self.paint(ERROR, "error:")));
    }

    /// A line on standard error whatever the verbosity.
    pub fn line(text: &str) {
        let mut err = io::stderr().lock();
        // Nobody is left to tell when standard error itself is closed.
        let _ = writeln!(err, "{text}");
    }
}

/// Columns of the terminal on standard error, as it is now.
pub fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col as usize)
}

/// Text in a style, or plain.
pub fn paint(color: bool, style: Style, text: &str) -> String {
    if color { format!("{style}{text}{style:#}") } else { text.into() }
}
