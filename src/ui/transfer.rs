//! How much has moved between here and a store, while somebody watches.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Printer, Screen, Text, Verbosity, human};
use crate::storage::Progress;

/// What is over sooner is not shown: it would only flicker.
const FIRST: Duration = Duration::from_secs(1);
/// From one drawing to the next.
const AGAIN: Duration = Duration::from_millis(200);

/// A line at the end of the terminal that says how much has moved, and how fast. It goes when nothing
/// more is expected, and when this is dropped.
#[derive(Debug)]
pub struct Transfer {
    what: &'static str,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    screen: Screen,
    began: Option<Instant>,
    drawn: Option<Instant>,
    moved: u64,
    expected: u64,
    /// Objects that have not arrived yet, of those that were announced.
    open: u64,
}

impl Transfer {
    /// Shows how much of `what`, such as `results`, has moved. `None` where nobody would see it.
    pub fn new(printer: &Printer, what: &'static str) -> Option<Self> {
        let seen = printer.terminal.stderr && printer.verbosity >= Verbosity::Normal;
        let screen = Screen::new(printer);
        let state = State { screen, began: None, drawn: None, moved: 0, expected: 0, open: 0 };
        seen.then(|| Self { what, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Transfer {
    fn expect(&self, bytes: u64, objects: u64) {
        let mut state = self.state();
        state.expected += bytes;
        state.open += objects;
    }

    fn moved(&self, bytes: u64) {
        let now = Instant::now();
        let state = &mut *self.state();
        let began = *state.began.get_or_insert(now);
        state.moved += bytes;
        let since = |then: Instant| now.duration_since(then);
        if since(began) >= FIRST && state.drawn.is_none_or(|drawn| since(drawn) >= AGAIN) {
            state.drawn = Some(now);
            state.screen.draw(&[], &[line(self.what, state.moved, state.expected, since(began))]);
        }
    }

    fn arrived(&self) {
        let state = &mut *self.state();
        state.open = state.open.saturating_sub(1);
        if state.open == 0 {
            state.screen.clear();
            (state.began, state.drawn, state.moved, state.expected) = (None, None, 0, 0);
        }
    }
}

fn line(what: &str, moved: u64, expected: u64, time: Duration) -> Text {
    let speed = human::bytes((moved as f64 / time.as_secs_f64().max(0.001)) as u64);
    let moved_text = human::bytes(moved);
    Text::from(if expected > 0 {
        let left = expected.saturating_sub(moved) as f64 / moved.max(1) as f64;
        let left = human::duration(time.mul_f64(left));
        format!("{what}: {moved_text} of {}, {speed}/s, {left} left", human::bytes(expected))
    } else {
        format!("{what}: {moved_text}, {speed}/s")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Terminal;

    #[test]
    fn a_line_says_how_much_how_fast_and_how_long() {
        let text = |moved, expected| {
            line("code", moved, expected, Duration::from_secs(4)).painted_if(false)
        };
        assert_eq!(text(8 << 20, 32 << 20), "code: 8.0 MiB of 32 MiB, 2.0 MiB/s, 12s left");
        assert_eq!(text(8 << 20, 0), "code: 8.0 MiB, 2.0 MiB/s");
        assert_eq!(text(0, 5), "code: 0 B of 5 B, 0 B/s, 20s left");
    }

    #[test]
    fn nothing_is_drawn_where_nobody_looks() {
        let printer = |stderr, verbosity| Printer {
            verbosity,
            terminal: Terminal { stderr, ..Terminal::default() },
            ..Printer::default()
        };
        for (stderr, verbosity, seen) in [
            (true, Verbosity::Normal, true),
            (false, Verbosity::Normal, false),
            (true, Verbosity::Quiet, false),
        ] {
            let made = Transfer::new(&printer(stderr, verbosity), "code");
            assert_eq!(made.is_some(), seen, "{stderr} {verbosity:?}");
        }
    }
}
