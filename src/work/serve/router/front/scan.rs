//! Looking at a head of HTTP/1.1 before it is parsed.

/// Enough of a line to know a name and its colon.
const ENOUGH: usize = b"transfer-encoding:".len();

/// Finds heads with `Content-Length` twice or beside `Transfer-Encoding`, of which a parser shows only
/// one, though such a request may be an attempt to smuggle another one (RFC 9112, 6.1 and 6.3).
pub(crate) struct HeadScan {
    /// How the line begins that is being read.
    line: [u8; ENOUGH],
    filled: usize,
    lengths: u8,
    encoding: bool,
    /// Whether the head has ended, with an empty line.
    ended: bool,
}

impl Default for HeadScan {
    fn default() -> Self {
        Self { line: [0; ENOUGH], filled: 0, lengths: 0, encoding: false, ended: false }
    }
}

impl HeadScan {
    /// Takes in the next bytes; true once the length was there in two ways.
    pub(crate) fn is_doubtful(&mut self, mut bytes: &[u8]) -> bool {
        while !self.ended && !bytes.is_empty() {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let room = part.len().min(ENOUGH - self.filled);
            self.line[self.filled..self.filled + room].copy_from_slice(&part[..room]);
            self.filled += room;
            let Some(end) = end else { break };
            self.line_ended();
            bytes = &bytes[end + 1..];
        }
        self.lengths > 1 || (self.lengths == 1 && self.encoding)
    }

    fn line_ended(&mut self) {
        let line = &self.line[..self.filled];
        let is = |name: &[u8]| {
            line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        match line.first() {
            None | Some(b'\r') => self.ended = true,
            Some(b'c' | b'C') => {
                self.lengths += u8::from(self.lengths < 2 && is(b"content-length:"));
            }
            Some(b't' | b'T') => self.encoding |= is(b"transfer-encoding:"),
            Some(_) => {}
        }
        self.filled = 0;
    }
}
