//! The part of the terminal that is drawn again and again.

use std::io::{self, Write};

/// A block of lines at the end of standard error; other lines scroll by above it.
#[derive(Debug, Default)]
pub struct Screen {
    drawn: usize,
}

impl Screen {
    /// Draws the block anew, with `above` printed once over it. One write, so nothing flickers.
    pub fn draw(&mut self, above: &[String], block: &[String]) {
        let mut text = String::from("\x1b[?2026h");
        if self.drawn > 0 {
            text.extend(["\x1b[", &self.drawn.to_string(), "A"]);
        }
        text += "\r\x1b[J";
        for line in above.iter().chain(block) {
            text += line;
            // A style that a command left open ends with its line.
            text += "\x1b[0m\r\n";
        }
        text += "\x1b[?2026l";
        self.drawn = block.len();
        let mut err = io::stderr().lock();
        // Whoever closed the terminal doesn't look at it.
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// Takes the block away and prints the last lines in its place.
    pub fn draw_rest(&mut self, above: &[String]) {
        if self.drawn > 0 || !above.is_empty() {
            self.draw(above, &[]);
        }
    }

    /// Takes the block away.
    pub fn clear(&mut self) {
        if self.drawn > 0 {
            self.draw(&[], &[]);
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.clear();
    }
}
