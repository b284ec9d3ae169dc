//! Text of others made safe for a terminal: what a terminal would obey or hide is written out, as
//! `\x1b` or `\u202e`. Making it safe twice changes nothing.

use std::fmt::{self, Write};

/// A line is cut near this length, so that one line of a megabyte is not a screen of a megabyte.
const LONGEST: usize = 16 * 1024;
/// A line that is longer by no more than this is left whole: it may have been cut already.
const SLACK: usize = 64;

/// A character that a terminal obeys or doesn't show: controls, C1 and DEL among them, marks that turn
/// the direction of writing, separators of lines, and characters without a shape of their own.
pub fn is_unseen(c: char) -> bool {
    if c < '\u{a0}' {
        return c.is_control();
    }
    is_joiner(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0e}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{110bd}'
            | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// What holds an emoji or the letters of some scripts together. It stays behind what it can belong to,
/// which no ASCII character is: in a name of ASCII letters it can only deceive.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0f}')
}

/// One line of a text: its line breaks are written out too, a tab is a space, and what is longer than
/// a page is cut, with the number of bytes that are missing.
pub fn line_of(text: &str) -> String {
    let mut shown = Shown::default();
    for (at, c) in text.char_indices() {
        if shown.is_full(text.len() - at) {
            break;
        }
        shown.push(c);
    }
    shown.text
}

/// A text of several lines: its line breaks and tabs stay, and nothing is cut.
pub fn lines_of(text: &str) -> String {
    if text.bytes().all(|b| matches!(b, b'\n' | b'\t' | b' '..=b'~')) {
        return text.to_owned();
    }
    let mut shown = Shown { text: String::with_capacity(text.len()), last: None };
    for c in text.chars() {
        if matches!(c, '\n' | '\t') { shown.keep(c) } else { shown.push(c) }
    }
    shown.text
}

/// One line of a command's output. Colours are dropped, and of a progress bar that wrote over itself
/// only the last state is left, as on a terminal; bytes that are no text are written out.
pub fn plain(line: &[u8]) -> String {
    let end = line.iter().rposition(|b| *b != b'\r').map_or(0, |last| last + 1);
    let line = &line[..end];
    let begin = line.iter().rposition(|b| *b == b'\r').map_or(0, |at| at + 1);
    let mut rest = &line[begin..];
    let mut shown = Shown::default();
    while !rest.is_empty() && !shown.is_full(rest.len()) {
        if let Some(length) = color(rest) {
            rest = &rest[length..];
            continue;
        }
        if let Some(c) = first_char(rest) {
            shown.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            shown.write(format_args!("\\x{:02x}", rest[0]));
            rest = &rest[1..];
        }
    }
    shown.text
}

/// The length of a sequence at the beginning that only sets colours or wipes the rest of the line.
fn color(bytes: &[u8]) -> Option<usize> {
    let sequence = bytes.strip_prefix(b"\x1b[")?;
    let last = sequence.iter().position(|b| !matches!(b, b'0'..=b'9' | b';' | b':'))?;
    matches!(sequence[last], b'm' | b'K').then_some(last + 3)
}

/// The character that the bytes begin with; `None` where they are no UTF-8.
fn first_char(bytes: &[u8]) -> Option<char> {
    let head = &bytes[..bytes.len().min(4)];
    match std::str::from_utf8(head) {
        Ok(text) => text.chars().next(),
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?.chars().next(),
    }
}

/// A text that is being made.
#[derive(Default)]
struct Shown {
    text: String,
    /// The last character, if it can be seen.
    last: Option<char>,
}

impl Shown {
    /// Ends a text that is long enough, of which `rest` bytes are left.
    fn is_full(&mut self, rest: usize) -> bool {
        let full = self.text.len() >= LONGEST && rest > SLACK;
        if full {
            self.write(format_args!("… ({rest} bytes more)"));
        }
        full
    }

    fn push(&mut self, c: char) {
        let joins = is_joiner(c) && self.last.is_some_and(|last| !last.is_ascii());
        match c {
            '\t' => self.keep(' '),
            '\n' => self.write(format_args!("\\n")),
            '\r' => self.write(format_args!("\\r")),
            c if joins => {
                self.text.push(c);
                // Two of them in a row would be a place to hide.
                self.last = None;
            }
            c if !is_unseen(c) => self.keep(c),
            c => match u32::from(c) {
                code @ ..0x100 => self.write(format_args!("\\x{code:02x}")),
                code @ ..0x1_0000 => self.write(format_args!("\\u{code:04x}")),
                code => self.write(format_args!("\\u{{{code:x}}}")),
            },
        }
    }

    fn keep(&mut self, c: char) {
        self.text.push(c);
        self.last = Some(c);
    }

    fn write(&mut self, escape: fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = self.text.write_fmt(escape);
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        let cases = [
            ("\x1b]52;c;ZXZpbA==\x07", "\\x1b]52;c;ZXZpbA==\\x07"),
            ("a\u{9b}2J\u{7f}\0", "a\\x9b2J\\x7f\\x00"),
            ("x\u{202e}y\u{2066}\u{61c}", "x\\u202ey\\u2066\\u061c"),
            ("a\nb\r\tc", "a\\nb\\r c"),
            ("pay\u{200d}pal\u{ad}\u{feff}", "pay\\u200dpal\\xad\\ufeff"),
            ("\u{e0041}\u{2028}", "\\u{e0041}\\u2028"),
            ("plain, größe, 東京, C:\\x", "plain, größe, 東京, C:\\x"),
            ("👩\u{200d}💻 ❤\u{fe0f}", "👩\u{200d}💻 ❤\u{fe0f}"),
            ("❤\u{fe0f}\u{fe0f}", "❤\u{fe0f}\\ufe0f"),
        ];
        for (foreign, shown) in cases {
            assert_eq!(line_of(foreign), shown);
        }
        assert_eq!(lines_of("a\n\tb\u{9d}\r\n"), "a\n\tb\\x9d\\r\n");
    }

    #[test]
    fn output_is_one_line_without_colours() {
        assert_eq!(plain(b"10%\r50%\r\x1b[32m100%\x1b[0m\tok\r"), "100% ok");
        assert_eq!(plain(b"\x1b]0;title\x07a\x08b\xff"), "\\x1b]0;title\\x07a\\x08b\\xff");
        assert_eq!(plain(b"\x1b\x1b[0m[2J\x1b[38:5:1m\x1b[?25l"), "\\x1b[2J\\x1b[?25l");
        assert_eq!(plain(b"\x9b31m\xe2\x80\xae\xe2\x80"), "\\x9b31m\\u202e\\xe2\\x80");
        assert_eq!(plain(b"\r\r"), "");
    }

    #[test]
    fn a_long_line_is_cut_once() {
        let long = "y".repeat(1 << 20);
        let shown = line_of(&long);
        assert!(shown.len() < LONGEST + SLACK && shown.ends_with("… (1032192 bytes more)"));
        assert_eq!(plain(long.as_bytes()), shown);
        assert_eq!(line_of(&shown), shown);
    }

    proptest! {
        #[test]
        fn nothing_unseen_is_left(bytes in prop::collection::vec(any::<u8>(), 0..200), text: String) {
            let both = [plain(&bytes), line_of(&text), line_of(&String::from_utf8_lossy(&bytes))];
            for shown in both {
                prop_assert!(shown.chars().all(|c| !is_unseen(c) || is_joiner(c)), "{shown:?}");
                prop_assert_eq!(line_of(&shown), shown.clone());
                prop_assert_eq!(lines_of(&shown), shown);
            }
        }
    }
}
