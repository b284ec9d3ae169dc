//! The only text that the printer takes. A string becomes one by [`Text::from`], which makes it safe:
//! whatever others have written comes to a terminal as one line that can be seen. Colours and line
//! breaks are not made by strings but by [`Text::styled`] and [`Text::lines`].

use std::fmt;
use std::ops::Range;

use anstyle::Style;
use unicode_width::UnicodeWidthChar;

use crate::text::{line_of, lines_of};

/// What ends a style.
const RESET: &str = "\x1b[0m";

/// Text that is safe to print: in it are mlctl's own styles and line breaks and nothing else that a
/// terminal obeys. Its `Display` is the text without styles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    spans: Vec<Span>,
}

/// A part in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    /// The sequences that begin the style; empty for none.
    style: String,
    /// Safe already.
    text: String,
}

impl Text {
    /// One line in a style.
    pub fn styled(style: Style, text: &str) -> Self {
        Self::default().with(style.to_string(), line_of(text))
    }

    /// A string of several lines, such as an explanation: its line breaks stay.
    pub fn block(text: &str) -> Self {
        Self::default().with(String::new(), lines_of(text))
    }

    /// The same for what a library has painted, from parts that have been made safe before: sequences
    /// that set colours stay colours, any other is written out.
    pub fn painted(text: &str) -> Self {
        let (mut whole, mut style) = (Self::default(), String::new());
        let mut parts = text.split("\x1b[");
        whole = whole.with(String::new(), lines_of(parts.next().unwrap_or_default()));
        for part in parts {
            let end =
                part.find(|c: char| !matches!(c, '0'..='9' | ';' | ':')).unwrap_or(part.len());
            let (code, rest) = part.split_at(end);
            let Some(rest) = rest.strip_prefix('m') else {
                whole = whole.with(style.clone(), lines_of(&format!("\x1b[{part}")));
                continue;
            };
            if matches!(code, "" | "0") {
                style.clear();
            } else {
                style.extend(["\x1b[", code, "m"]);
            }
            whole = whole.with(style.clone(), lines_of(rest));
        }
        whole
    }

    /// These parts, each on a line of its own.
    pub fn lines<T: Into<Self>>(parts: impl IntoIterator<Item = T>) -> Self {
        let mut whole = Self::default();
        for (at, part) in parts.into_iter().enumerate() {
            if at > 0 {
                whole = whole.with(String::new(), "\n".into());
            }
            whole.push(part);
        }
        whole
    }

    /// This text with more behind it, on the same line.
    #[must_use]
    pub fn then(mut self, more: impl Into<Self>) -> Self {
        self.push(more);
        self
    }

    /// Puts more behind it, on the same line.
    pub fn push(&mut self, more: impl Into<Self>) {
        self.spans.extend(more.into().spans);
    }

    /// The lines, each as a text.
    pub fn split(&self) -> Vec<Self> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut lines = vec![Self::default()];
        for Span { style, text } in &self.spans {
            for (at, part) in text.split('\n').enumerate() {
                if at > 0 {
                    lines.push(Self::default());
                }
                if let Some(line) = lines.pop() {
                    lines.push(line.with(style.clone(), part.to_owned()));
                }
            }
        }
        lines
    }

    /// Columns of a line; styles have none.
    pub fn width(&self) -> usize {
        self.spans.iter().flat_map(|span| span.text.chars()).map(columns).sum()
    }

    /// One line of at most `width` columns, the last of them `…` where something is missing.
    #[must_use]
    pub fn clip(&self, width: usize) -> Self {
        if self.width() <= width {
            return self.clone();
        }
        let mut left = width.saturating_sub(1);
        let mut whole = Self::default();
        let mut last = String::new();
        for Span { style, text } in &self.spans {
            last.clone_from(style);
            let kept: String = text
                .chars()
                .take_while(|c| {
                    let fits = columns(*c) <= left;
                    left = if fits { left - columns(*c) } else { 0 };
                    fits
                })
                .collect();
            let cut = kept.len() < text.len();
            whole = whole.with(style.clone(), kept);
            if cut {
                break;
            }
        }
        if let Some(span) = whole.spans.last_mut() {
            span.text.truncate(span.text.trim_end().len());
        }
        if width > 0 { whole.with(last, "…".into()) } else { whole }
    }

    /// One line with blanks behind it, up to `width` columns.
    #[must_use]
    pub fn padded(self, width: usize) -> Self {
        let blanks = width.saturating_sub(self.width());
        self.with(String::new(), " ".repeat(blanks))
    }

    /// The bytes of this range, with their styles; it begins and ends between characters.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        let (mut whole, mut at) = (Self::default(), 0);
        for Span { style, text } in &self.spans {
            let inner = |place: usize| place.saturating_sub(at).min(text.len());
            let kept = &text[inner(range.start)..inner(range.end)];
            if !kept.is_empty() {
                whole = whole.with(style.clone(), kept.to_owned());
            }
            at += text.len();
        }
        whole
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.spans.iter().all(|span| span.text.is_empty())
    }

    /// The bytes for a stream, with styles if it can show them.
    pub(super) fn painted_if(&self, color: bool) -> String {
        let mut whole = String::new();
        for Span { style, text } in &self.spans {
            if color && !style.is_empty() && !text.is_empty() {
                whole.extend([style, text, RESET]);
            } else {
                whole += text;
            }
        }
        whole
    }

    /// Adds what is safe already.
    fn with(mut self, style: String, text: String) -> Self {
        self.spans.push(Span { style, text });
        self
    }
}

/// Columns that a character takes.
fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spans.iter().try_for_each(|span| f.write_str(&span.text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::styled(Style::new(), text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::ERROR;

    #[test]
    fn a_string_makes_no_line_and_no_colour() {
        let text = Text::from("a\nfake \x1b[31mred").then(Text::styled(ERROR, "x\x1b]0;t\x07"));
        assert_eq!(text.to_string(), "a\\nfake \\x1b[31mredx\\x1b]0;t\\x07");
        assert_eq!(text.split().len(), 1);
        let style = ERROR.to_string();
        let painted = format!("a\\nfake \\x1b[31mred{style}x\\x1b]0;t\\x07\x1b[0m");
        assert_eq!(text.painted_if(true), painted);
    }

    #[test]
    fn of_painted_text_only_colours_stay() {
        let text = Text::painted("\x1b[1m\x1b[91merror\x1b[0m: a\n\x1b[2Jb \x1b]0;t\x07 \x1b[");
        assert_eq!(text.to_string(), "error: a\n\\x1b[2Jb \\x1b]0;t\\x07 \\x1b[");
        assert!(text.painted_if(true).starts_with("\x1b[1m\x1b[91merror\x1b[0m: a\n"));
    }

    #[test]
    fn lines_are_cut_by_columns() {
        let clip = |text: &str, width| Text::from(text).clip(width).to_string();
        assert_eq!([clip("a long text", 6), clip("a long text", 11)], ["a lon…", "a long text"]);
        assert_eq!([clip("東京東京", 8), clip("東京東京", 7)], ["東京東京", "東京東…"]);
        let two = Text::styled(ERROR, "abc").then("defg");
        assert_eq!(two.clip(5).to_string(), "abcd…");
        assert_eq!(Text::from("ab").padded(4).then("|").to_string(), "ab  |");
        assert_eq!(Text::lines(["a", "", "b"]).split().len(), 3);
    }
}
