//! CSV: where a record ends, and its cells with whether they were quoted.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::records::Frame;

/// A record ends with a line break that is not within quotes. A quote within a cell that does not begin
/// with one is an ordinary character.
#[derive(Default)]
pub(crate) struct CsvFrame {
    state: State,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// A cell begins.
    #[default]
    Begin,
    Plain,
    Quoted,
    /// Behind a quote within quotes: the first of two, or the last.
    Quote,
}

impl Frame for CsvFrame {
    const SPANS_LINES: bool = true;

    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            self.state = match (self.state, byte) {
                (State::Begin | State::Plain | State::Quote, b'\n') => {
                    self.state = State::Begin;
                    return Some(at);
                }
                (State::Begin | State::Plain | State::Quote, b',') => State::Begin,
                (State::Begin | State::Quote, b'"') => State::Quoted,
                (State::Quoted, _) => {
                    at += memchr(b'"', &bytes[at..])?;
                    State::Quote
                }
                (_, _) => {
                    let rest = memchr2(b',', b'\n', &bytes[at..]);
                    self.state = State::Plain;
                    at += rest?;
                    continue;
                }
            };
            at += 1;
        }
        None
    }

    fn open(&self) -> Option<&'static str> {
        (self.state == State::Quoted)
            .then_some("a quote is opened in this row and never closed: all lines to the end of the file are in it")
    }
}

/// One cell of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell<'a> {
    /// Its text, without quotes.
    pub(crate) text: Cow<'a, [u8]>,
    /// It was written in quotes.
    pub(crate) quoted: bool,
}

/// The cells of a record.
pub(crate) fn cells(record: &[u8]) -> Vec<Cell<'_>> {
    let mut all = Vec::new();
    let mut rest = record;
    loop {
        let (cell, length) = if rest.first() == Some(&b'"') {
            quoted(rest)
        } else {
            let length = memchr(b',', rest).unwrap_or(rest.len());
            (Cell { text: Cow::Borrowed(&rest[..length]), quoted: false }, length)
        };
        all.push(cell);
        match rest.get(length) {
            Some(_) => rest = &rest[length + 1..],
            None => return all,
        }
    }
}

/// A cell that begins with a quote, and how long it is. What stands behind the closing quote belongs to
/// it, as most readers have it.
fn quoted(rest: &[u8]) -> (Cell<'_>, usize) {
    let mut text = Vec::new();
    let mut at = 1;
    loop {
        let Some(length) = memchr(b'"', &rest[at..]) else {
            text.extend_from_slice(&rest[at..]);
            return (Cell { text: Cow::Owned(text), quoted: true }, rest.len());
        };
        let part = &rest[at..at + length];
        at += length + 1;
        if rest.get(at) == Some(&b'"') {
            text.extend_from_slice(part);
            text.push(b'"');
            at += 1;
            continue;
        }
        let behind = memchr(b',', &rest[at..]).unwrap_or(rest.len() - at);
        let text = if text.is_empty() && behind == 0 {
            Cow::Borrowed(part)
        } else {
            text.extend_from_slice(part);
            text.extend_from_slice(&rest[at..at + behind]);
            Cow::Owned(text)
        };
        return (Cell { text, quoted: true }, at + behind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_say_whether_they_were_quoted() {
        let all = cells(b"1,\"2\",,\"a \"\"b\"\", c\",5\" d,\"e\" f,\"\"");
        let all: Vec<_> =
            all.iter().map(|cell| (str::from_utf8(&cell.text).unwrap(), cell.quoted)).collect();
        let expected = [
            ("1", false),
            ("2", true),
            ("", false),
            ("a \"b\", c", true),
            ("5\" d", false),
            ("e f", true),
            ("", true),
        ];
        assert_eq!(all, expected);
        assert_eq!(cells(b"a,").len(), 2);
        assert_eq!(cells(b"a").len(), 1);
    }
}
