//! What a runtime needs of the caller's terminal to run a command elsewhere as if it ran here.

use std::io;
use std::sync::Arc;

/// The caller's standard streams. A runtime never reaches for them itself.
pub trait Terminal: Send + Sync {
    /// Input and output are a terminal, so that the command may have one too.
    fn is_interactive(&self) -> bool;

    /// Columns and rows; `None` where there is no terminal.
    fn size(&self) -> Option<(u16, u16)>;

    /// Lets every key go to the command instead of this machine, until the guard is dropped.
    fn raw(&self) -> io::Result<Box<dyn RawMode>>;

    /// What is typed, or comes through a pipe.
    fn input(&self) -> Box<dyn io::Read + Send>;

    /// Where the command's output goes.
    fn output(&self) -> Box<dyn io::Write + Send>;

    /// Where the command's errors go.
    fn errors(&self) -> Box<dyn io::Write + Send>;
}

/// While this lives the terminal is raw; dropped, it is as it was before.
pub trait RawMode {}

/// A command to run beside a replica's.
#[derive(Clone)]
pub struct ExecRequest {
    /// The program and its arguments, run without a shell.
    pub argv: Vec<String>,
    /// Where it reads from and writes to.
    pub terminal: Arc<dyn Terminal>,
}
