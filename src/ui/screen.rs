//! The lines at the end of a terminal that are drawn again and again, such as the live view.

use super::{Printer, Text, streams, terminal_width};

/// A block of lines at the end of standard error; other lines scroll by above it. Use it only where
/// standard error is a terminal. Lines of the block that are wider are cut. The block is removed when
/// this is dropped.
#[derive(Debug)]
pub struct Screen {
    color: bool,
    /// Columns when the terminal doesn't say.
    width: usize,
    /// Lines of the block that are on the screen now.
    drawn: usize,
}

impl Screen {
    /// A screen without a block.
    pub fn new(printer: &Printer) -> Self {
        let terminal = printer.terminal;
        Self { color: terminal.color_err, width: terminal.width, drawn: 0 }
    }

    /// Columns that a line of the block may have now. One less than the terminal has: a full line
    /// would wrap in some terminals.
    pub fn width(&self) -> usize {
        terminal_width().unwrap_or(self.width).saturating_sub(1)
    }

    /// Draws the block in place of the last one, with the lines of `above` over it, which stay. It is
    /// one write between the marks of a synchronized update, so that nothing flickers.
    pub fn draw(&mut self, above: &[Text], block: &[Text]) {
        let mut text = String::from("\x1b[?2026h");
        if self.drawn > 0 {
            text.extend(["\x1b[", &self.drawn.to_string(), "A"]);
        }
        text += "\r\x1b[J";
        for line in above {
            text.extend([&line.painted_if(self.color), "\r\n"]);
        }
        let width = self.width();
        for line in block {
            // A line that wraps would be more lines than are counted, and a part of it would stay.
            text.extend([&line.clip(width).painted_if(self.color), "\r\n"]);
        }
        text += "\x1b[?2026l";
        self.drawn = block.len();
        streams::err(&text);
    }

    /// Removes the block and prints `above` in its place.
    pub fn draw_rest(&mut self, above: &[Text]) {
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
