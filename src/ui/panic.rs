//! A fault of mlctl's own, which may quote what others have written.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic;

use super::{Printer, Text};

/// From now on a panic says where and why in safe text, instead of Rust's words; with `RUST_BACKTRACE`
/// also on which way it came there.
pub fn report_panics() {
    panic::set_hook(Box::new(|info| {
        let printer = Printer::default();
        let place = info.location().map_or_else(String::new, |place| format!(" at {place}"));
        let reason = info.payload_as_str().unwrap_or("no reason is known");
        printer.error(format!("mlctl failed by a fault of its own{place}: {reason}"));
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            printer.line(Text::block(&backtrace.to_string()));
        }
    }));
}
