//! The two streams themselves. Only what makes text safe writes to them: the printer, the screen, and
//! the output of commands. A test holds the rest of the code off.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Something was written to standard output.
static HAS_WRITTEN: AtomicBool = AtomicBool::new(false);

/// Whether this process has written anything to standard output.
pub fn has_written() -> bool {
    HAS_WRITTEN.load(Ordering::Relaxed)
}

/// Writes to standard output.
pub(super) fn out(bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    HAS_WRITTEN.store(true, Ordering::Relaxed);
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Writes to standard error. A stream that can't be written to is no error: the command's work doesn't
/// depend on it, and its terminal may have been closed.
pub(super) fn err(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// Whether standard output and standard error are terminals.
pub fn are_terminals() -> (bool, bool) {
    (io::stdout().is_terminal(), io::stderr().is_terminal())
}

/// Columns of the terminal on standard error as it is now, which its user may have resized; `None`
/// when it is no terminal or doesn't say.
pub fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col as usize)
}
