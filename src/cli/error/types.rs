//! What went wrong, for a person and for a pipeline: message, hints, exit code.

use std::io;

use super::document::Problem;
use crate::sys::Untrusted;
use crate::ui::Printer;

/// The class of an error; each has an exit code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A fault of mlctl or of the machine.
    Internal,
    /// The command line or the settings.
    Usage,
    /// The spec can't be read, or says something that can't be run.
    Spec,
    /// No such run, file or replica.
    NotFound,
    /// Refused, or no permission.
    Refused,
    /// The runtime can't be reached.
    Unreachable,
    /// The run was cancelled before it had started.
    Cancelled,
    /// What was begun does not do what it is for: an endpoint that nothing answers for.
    Failed,
    /// It has taken longer than was asked for.
    TimedOut,
    /// Standard output was closed by its reader: not an error to speak of.
    ClosedPipe,
}

/// Exit codes of finished runs.
pub mod exit {
    /// Everything that was asked for was done; of a run: it succeeded.
    pub const OK: u8 = 0;
    /// The run ended by a failure of its own code.
    pub const RUN_FAILED: u8 = 10;
    /// The budget for infrastructure failures is spent.
    pub const INFRASTRUCTURE: u8 = 11;
    /// The run was cancelled.
    pub const CANCELLED: u8 = 12;
    /// The run took longer than its timeout.
    pub const TIMED_OUT: u8 = 13;
    /// The run could not start.
    pub const COULD_NOT_START: u8 = 14;
    /// A batch prediction is complete, and some rows failed.
    pub const ROWS_FAILED: u8 = 20;
    /// A batch prediction ended since more rows failed than may.
    pub const TOO_MANY_ROWS_FAILED: u8 = 21;
    /// Ctrl-C: the run goes on.
    pub const DETACHED: u8 = 130;
}

impl ErrorKind {
    /// The process exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Internal => 1,
            Self::Cancelled => exit::CANCELLED,
            Self::Failed => exit::RUN_FAILED,
            Self::TimedOut => exit::TIMED_OUT,
            Self::Usage => 2,
            Self::Spec => 3,
            Self::NotFound => 4,
            Self::Refused => 5,
            Self::Unreachable => 6,
        }
    }
}

/// An error on its way to the user.
#[derive(Clone, Debug)]
pub struct CliError {
    /// The class of the error, which chooses the exit code.
    pub kind: ErrorKind,
    /// The thing and the reason. Empty when everything has been said already.
    pub message: String,
    /// What belongs to the message, each on a line of its own below it.
    pub more: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
    /// What of it was found in files and has been printed already.
    pub found: Vec<Problem>,
}

impl CliError {
    /// An error without hints.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            more: Vec::new(),
            hints: Vec::new(),
            found: Vec::new(),
        }
    }

    /// An error whose message has several lines of its own, such as a place in a file of the user's.
    pub fn of_lines(kind: ErrorKind, message: &str) -> Self {
        let mut lines = message.lines().map(str::to_owned);
        Self::new(kind, lines.next().unwrap_or_default()).more(lines)
    }

    /// Everything has been printed; only the exit code is left.
    pub fn printed(kind: ErrorKind) -> Self {
        Self::new(kind, "")
    }

    /// Adds what was found and printed already, for programs.
    #[must_use]
    pub fn with(mut self, found: Vec<Problem>) -> Self {
        self.found.extend(found);
        self
    }

    /// Adds a line below the message.
    #[must_use]
    pub fn more(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.more.extend(lines);
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Prints the message and the hints on standard error; nothing for a closed pipe.
    pub fn print(&self, printer: &Printer) {
        if self.kind == ErrorKind::ClosedPipe {
            return;
        }
        if !self.message.is_empty() {
            printer.error(&self.message);
        }
        for line in &self.more {
            let line = format!("       {line}");
            // A mark stands below a place in a file, and both keep their columns.
            let is_place = self.more.iter().any(|line| line.trim_start().starts_with('|'));
            if is_place { printer.as_it_is(line) } else { printer.line(line) }
        }
        for hint in &self.hints {
            printer.hint(hint);
        }
    }
}

impl std::fmt::Display for CliError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        if let Some(reason) = Untrusted::of(&error) {
            return reason.clone().into();
        }
        let kind = match error.kind() {
            io::ErrorKind::BrokenPipe => ErrorKind::ClosedPipe,
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                ErrorKind::Refused
            }
            _ => ErrorKind::Internal,
        };
        let hint = match error.kind() {
            io::ErrorKind::StorageFull => {
                "the disk is full, or has no inodes left (df -h, df -i): `mlctl cleanup` removes old runs; \
                 then try again"
            }
            io::ErrorKind::QuotaExceeded => {
                "your quota is used up: `mlctl cleanup` removes old runs; then try again"
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                "nothing can be written there: mount it for writing, or name another folder for \
                 the state with XDG_STATE_HOME"
            }
            _ => return Self::new(kind, error.to_string()),
        };
        Self::new(kind, error.to_string()).hint(hint)
    }
}
