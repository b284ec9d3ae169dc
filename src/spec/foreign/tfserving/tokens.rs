//! The text form of protocol buffers in pieces.
//!
//! Source: <https://protobuf.dev/reference/protobuf/textformat-spec/>.

use std::ops::Range;

/// A piece of the text and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) at: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// A field's name, a word such as `true`, or a number.
    Word(String),
    /// A text in quotes, unescaped.
    Text(String),
    /// One of `{ } < > [ ] : , ; /`.
    Mark(char),
}

/// What can't be a piece of such a text: where, and why.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BadToken {
    pub(super) at: Range<usize>,
    pub(super) why: &'static str,
}

/// The pieces of a text from a place on, one after the other.
pub(super) struct Tokens<'a> {
    text: &'a str,
    next: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        // Editors of Windows begin a file with it.
        let next = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, next }
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token>, BadToken> {
        self.pass_blanks();
        let start = self.next;
        let rest = &self.text[start..];
        let Some(first) = rest.chars().next() else { return Ok(None) };
        let kind = if "{}<>[]:,;/".contains(first) {
            self.next += first.len_utf8();
            TokenKind::Mark(first)
        } else if first == '"' || first == '\'' {
            let (text, length) = quoted(rest, first).map_err(|why| {
                let line = rest.find('\n').unwrap_or(rest.len());
                BadToken { at: start..start + line, why }
            })?;
            self.next += length;
            TokenKind::Text(text)
        } else if is_word(first) {
            let length = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
            self.next += length;
            TokenKind::Word(rest[..length].to_owned())
        } else {
            let at = start..start + first.len_utf8();
            return Err(BadToken { at, why: "this character has no meaning here" });
        };
        Ok(Some(Token { kind, at: start..self.next }))
    }

    /// Blanks, line ends, and comments, which go to the end of their line.
    fn pass_blanks(&mut self) {
        loop {
            let rest = &self.text[self.next..];
            let blank = rest.len() - rest.trim_start().len();
            self.next += blank;
            let rest = &rest[blank..];
            if !rest.starts_with('#') {
                return;
            }
            self.next += rest.find('\n').unwrap_or(rest.len());
        }
    }
}

/// Characters of names and numbers; a sign is a part of its number.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '+')
}

/// A text in quotes at the start of `rest`: what it says, and its length with the quotes.
fn quoted(rest: &str, quote: char) -> Result<(String, usize), &'static str> {
    const OPEN: &str = "the quote that begins here is not closed on its line";
    let mut bytes: Vec<u8> = Vec::new();
    let mut at = 1;
    loop {
        let c = rest[at..].chars().next().ok_or(OPEN)?;
        at += c.len_utf8();
        match c {
            '\n' => return Err(OPEN),
            '\\' => at += escaped(&rest[at..], &mut bytes)?,
            c if c == quote => break,
            c => bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| "this text is not UTF-8")?;
    Ok((text, at))
}

/// What stands behind a backslash: its bytes are added, its length is given.
fn escaped(rest: &str, bytes: &mut Vec<u8>) -> Result<usize, &'static str> {
    const BAD: &str = "there is an escape in this text that has no meaning";
    let c = rest.chars().next().ok_or(BAD)?;
    let digits = |from: usize, most: usize, radix: u32| {
        let found = rest[from..].chars().take(most).take_while(|c| c.is_digit(radix)).count();
        let number = u32::from_str_radix(&rest[from..from + found], radix);
        number.map(|number| (number, from + found)).map_err(|_| BAD)
    };
    let simple = match c {
        'n' => b'\n',
        't' => b'\t',
        'r' => b'\r',
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'v' => 11,
        '\\' | '\'' | '"' | '?' => u8::try_from(c).map_err(|_| BAD)?,
        '0'..='7' => {
            let (number, length) = digits(0, 3, 8)?;
            bytes.push(u8::try_from(number).map_err(|_| BAD)?);
            return Ok(length);
        }
        'x' | 'X' => {
            let (number, length) = digits(1, 2, 16)?;
            bytes.push(u8::try_from(number).map_err(|_| BAD)?);
            return Ok(length);
        }
        'u' | 'U' => {
            let wanted = if c == 'u' { 4 } else { 8 };
            let (number, length) = digits(1, wanted, 16)?;
            let c = char::from_u32(number).filter(|_| length == wanted + 1).ok_or(BAD)?;
            bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(length);
        }
        _ => return Err(BAD),
    };
    bytes.push(simple);
    Ok(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<TokenKind>, BadToken> {
        let mut tokens = Tokens::new(text);
        let mut all = Vec::new();
        while let Some(token) = tokens.next()? {
            all.push(token.kind);
        }
        Ok(all)
    }

    #[test]
    fn pieces() {
        let text = |text: &str| TokenKind::Text(text.to_owned());
        let word = |text: &str| TokenKind::Word(text.to_owned());
        assert_eq!(
            all("\u{feff}# a { comment\r\nname:'a\\'b' # c\n-1.5e3f").unwrap(),
            [word("name"), TokenKind::Mark(':'), text("a'b"), word("-1.5e3f")]
        );
        assert_eq!(
            all(r#""\x41\101\n\u00e9\\" '\303\251'"#).unwrap(),
            [text("AA\né\\"), text("é")]
        );
        assert_eq!(all("").unwrap(), []);
    }

    #[test]
    fn what_is_none() {
        for (broken, at) in
            [("a: \"b\nc", 3..5), ("a: '\\q'", 3..7), ("a = 1", 2..3), ("a: '\\377'", 3..9)]
        {
            assert_eq!(all(broken).unwrap_err().at, at, "{broken}");
        }
        for broken in ["'", "'\\", "'\\x'", "'\\u12'", "'\\U00110000'", "é"] {
            assert!(all(broken).is_err(), "{broken}");
        }
    }
}
