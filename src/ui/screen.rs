//! The lines at the end of a terminal that are drawn again and again, such as the live view.

use std::io::{self, Write};

/// A block of lines at the end of standard error; other lines scroll by above it. Use it only where
/// standard error is a terminal, and let no line be wider. The block is removed when this is dropped.
#[derive(Debug, Default)]
pub struct Screen {
    /// Lines of the block that are on the screen now.
    drawn: usize,
}

impl Screen {
    /// Draws the block in place of the last one, with the lines of `above` over it, which stay. It is
    /// one write between the marks of a synchronized update, so that nothing flickers.
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
        // The command goes on when its terminal has been closed.
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// Removes the block and prints `above` in its place.
    pub fn draw_rest(&mut self, above: &[String]) {
        if self.drawn > 0 || !above.is_empty() {
            self.draw(above, &[]);
        }
    }

    /// Removes the block.
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
