//! Single keys of whoever looks at a live view, without a line end behind them.

use std::io;
use std::os::fd::AsFd;

use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcgetpgrp, tcsetattr,
};

/// Standard input as a terminal that gives every key as it is pressed and shows none. Ctrl-C and its like
/// stay signals. The terminal is as it was once this is dropped.
#[derive(Debug)]
pub(super) struct Keys {
    before: Termios,
}

impl Keys {
    /// `None` where standard input is no terminal.
    pub(super) fn new() -> Option<Self> {
        let input = io::stdin();
        if !isatty(&input) {
            return None;
        }
        let keys = Self { before: tcgetattr(&input).ok()? };
        Self::prepare()?;
        Some(keys)
    }

    /// The keys that were pressed since the last call.
    #[expect(clippy::unused_self, reason = "keys are read while the terminal is prepared for it")]
    pub(super) fn pressed(&self) -> Vec<u8> {
        let mut keys = [0; 64];
        let read =
            Self::prepare().and_then(|()| rustix::io::read(io::stdin().as_fd(), &mut keys).ok());
        keys[..read.unwrap_or_default()].to_vec()
    }

    /// Makes reads give single keys, without waiting for any. The terminal is left alone while another job of
    /// the shell has it: whoever changes it or reads from it in the background is stopped. A shell gives it its
    /// own modes back while this process is stopped, so they are looked at each time.
    fn prepare() -> Option<()> {
        let input = io::stdin();
        // A terminal that controls no job has no background.
        if tcgetpgrp(&input).is_ok_and(|foreground| foreground != getpgrp()) {
            return None;
        }
        let mut modes = tcgetattr(&input).ok()?;
        let lines = LocalModes::ICANON | LocalModes::ECHO;
        let is_ready = !modes.local_modes.intersects(lines)
            && modes.special_codes[SpecialCodeIndex::VMIN] == 0;
        if !is_ready {
            modes.local_modes.remove(lines);
            modes.special_codes[SpecialCodeIndex::VMIN] = 0;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            tcsetattr(&input, OptionalActions::Now, &modes).ok()?;
        }
        Some(())
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let input = io::stdin();
        if tcgetpgrp(&input).is_ok_and(|foreground| foreground != getpgrp()) {
            return;
        }
        // The terminal may be gone.
        let _ = tcsetattr(&input, OptionalActions::Now, &self.before);
    }
}
