//! This process's standard streams as a terminal for a command that runs elsewhere.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use crate::runtime::{RawMode, Terminal};

/// The streams that this process was started with.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnTerminal;

impl Terminal for OwnTerminal {
    fn is_interactive(&self) -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    fn size(&self) -> Option<(u16, u16)> {
        let size = tcgetwinsize(io::stdout().as_fd()).ok()?;
        Some((size.ws_col, size.ws_row))
    }

    fn raw(&self) -> io::Result<Box<dyn RawMode>> {
        let before = tcgetattr(io::stdin().as_fd())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin().as_fd(), OptionalActions::Now, &raw)?;
        Ok(Box::new(Raw(before)))
    }

    fn input(&self) -> Box<dyn io::Read + Send> {
        Box::new(io::stdin())
    }

    fn output(&self) -> Box<dyn io::Write + Send> {
        Box::new(io::stdout())
    }

    fn errors(&self) -> Box<dyn io::Write + Send> {
        Box::new(io::stderr())
    }
}

/// What the terminal was like before.
struct Raw(Termios);

impl RawMode for Raw {}

impl Drop for Raw {
    fn drop(&mut self) {
        // The terminal may be gone.
        let _ = tcsetattr(io::stdin().as_fd(), OptionalActions::Now, &self.0);
    }
}
