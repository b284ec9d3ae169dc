//! One row of an input, and what every format does.

use bytes::Bytes;

use crate::work::batch::RowError;

/// So many bytes of a row that can't be used are shown.
const SHOWN: usize = 4096;

/// One row of an input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Its first byte in the file, after unpacking.
    pub(crate) offset: u64,
    /// Lines (of a TFRecord file: records) that end in the shard before the row begins.
    pub(crate) line: u64,
    /// Its bytes without the line's end; the begin of them where it can't be used.
    pub(crate) text: Bytes,
    /// Why it can't be used.
    pub(crate) fault: Option<RowError>,
}

impl Row {
    /// A row that can't be used.
    pub(crate) fn faulty(offset: u64, line: u64, text: Bytes, code: u16, message: String) -> Self {
        Self { offset, line, text, fault: Some(RowError { code, message }) }
    }
}

/// Makes rows from the bytes of a shard. It does no I/O: whoever reads pushes bytes until it has no
/// row without more of them.
pub(crate) trait Split: Send {
    /// The next bytes of the file.
    fn push(&mut self, chunk: Bytes);
    /// There are no more bytes: the file is over, or nothing behind this can be read, for this reason.
    fn finish(&mut self, broken: Option<String>);
    /// The next row; `None` when it needs more bytes, or [`is_done`](Self::is_done).
    fn next(&mut self) -> Option<Row>;
    /// The shard has no more rows, whatever comes.
    fn is_done(&self) -> bool;
    /// Lines that have ended in the shard so far.
    fn lines(&self) -> u64;
}

/// The begin of a text, as much of it as is shown of a row that can't be used.
pub(crate) fn shown_of(text: &[u8]) -> Bytes {
    let mut end = text.len().min(SHOWN);
    // Not within a character, where it is text at all.
    while end < text.len() && end > SHOWN - 4 && text[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    Bytes::copy_from_slice(&text[..end])
}
