//! The bar that is shown while bytes move to or from a store.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Printer, Verbosity};
use crate::storage::Progress;
use crate::text::line_of;

/// Shows how far a transfer is, at the end of standard error; nothing where that is no terminal or
/// with `--quiet`. The bar is removed when this is dropped.
#[derive(Debug)]
pub struct Moving {
    bar: ProgressBar,
}

impl Moving {
    /// A bar that says what moves, such as `fetching s3://bucket/model`.
    pub fn new(printer: &Printer, what: &str) -> Self {
        let is_shown = printer.terminal.stderr && printer.verbosity >= Verbosity::Normal;
        let target =
            if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template(
            "{msg} {bytes} of {total_bytes} ({bytes_per_sec}, {eta} left)",
        );
        // The template is this one; without it the bar is indicatif's own.
        let bar = match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        };
        // The name may be anybody's.
        bar.set_message(line_of(what));
        Self { bar }
    }
}

impl Progress for Moving {
    fn expect(&self, bytes: u64, _objects: u64) {
        self.bar.set_length(bytes);
    }

    fn moved(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn arrived(&self) {}
}

impl Drop for Moving {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
