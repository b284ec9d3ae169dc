//! Rows that end with a line break: lines, and whatever has lines within it.

use bytes::{Buf, Bytes};
use memchr::{memchr, memrchr};

use super::row::{Row, Split, shown_of};

/// Short rows are cut from copies of about so many bytes: those of one batch pass through several
/// threads, which would all count references to one large chunk, and the chunk need not be held for a
/// few of them.
const BLOCK: usize = 16 << 10;

/// Where a row ends.
pub(crate) trait Frame: Send + Default {
    /// Rows can have line breaks within them.
    const SPANS_LINES: bool;
    /// The line break that ends the row, which goes on with these bytes; it remembers where it stands.
    fn end(&mut self, bytes: &[u8]) -> Option<usize>;
    /// Why the row can't end here.
    fn open(&self) -> Option<&'static str>;
}

/// A row is a line.
#[derive(Default)]
pub(crate) struct LineFrame;

impl Frame for LineFrame {
    const SPANS_LINES: bool = false;

    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        memchr(b'\n', bytes)
    }

    fn open(&self) -> Option<&'static str> {
        None
    }
}

/// The rows that begin in a shard. A `\r` before the line break is not the row's, a byte-order mark at
/// the file's begin is nobody's, and an empty line is no row. A row that is too long is skipped without
/// being held.
pub(crate) struct Records<F> {
    frame: F,
    begin: u64,
    end: u64,
    limit: usize,
    /// What is cut into rows now.
    chunk: Bytes,
    /// What has come and lies behind it.
    rest: Bytes,
    /// What came of the row in chunks before this one, or its begin once it is too long.
    carry: Vec<u8>,
    /// Bytes of the row in chunks before this one.
    carried: u64,
    /// The row's first byte in the file.
    at: u64,
    /// The row began before the shard, so it is not the shard's.
    foreign: bool,
    lines: u64,
    /// Lines that ended before the row.
    line: u64,
    finished: bool,
    broken: Option<String>,
    done: bool,
}

impl<F: Frame> Records<F> {
    /// The rows that begin from `begin` to before `end`, of at most `limit` bytes each. The first
    /// bytes that are pushed are those from [`first_byte`](Self::first_byte) on.
    pub(crate) fn new(begin: u64, end: u64, limit: u64) -> Self {
        Self {
            frame: F::default(),
            begin,
            end,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            chunk: Bytes::new(),
            rest: Bytes::new(),
            carry: Vec::new(),
            carried: 0,
            at: Self::first_byte(begin),
            foreign: begin > 0,
            lines: 0,
            line: 0,
            finished: false,
            broken: None,
            done: begin >= end,
        }
    }

    /// The byte before the shard tells whether a row begins with the shard's first one.
    pub(crate) fn first_byte(begin: u64) -> u64 {
        begin.saturating_sub(1)
    }

    /// Goes on to the next lines of what has come; `false` when all of it is used up.
    fn advance(&mut self) -> bool {
        let near = &self.rest[..self.rest.len().min(BLOCK)];
        self.chunk = if let Some(last) = memrchr(b'\n', near) {
            let block = Bytes::copy_from_slice(&near[..=last]);
            self.rest.advance(block.len());
            block
        } else {
            let end = memchr(b'\n', &self.rest).map_or(self.rest.len(), |last| last + 1);
            self.rest.split_to(end)
        };
        !self.chunk.is_empty()
    }

    fn too_long(&self, more: usize) -> bool {
        self.carried + more as u64 > self.limit as u64
    }

    /// Takes all bytes that have come: the row goes on.
    fn carry(&mut self) {
        let chunk = std::mem::take(&mut self.chunk);
        self.count(&chunk);
        // Of a row that is too long only the begin is kept, the same one however it arrives.
        if !self.foreign && !self.too_long(0) {
            let room = if self.too_long(chunk.len()) { self.limit } else { usize::MAX };
            let more = chunk.len().min(room.saturating_sub(self.carry.len()));
            self.carry.extend_from_slice(&chunk[..more]);
        }
        self.carried += chunk.len() as u64;
    }

    fn count(&mut self, within: &[u8]) {
        if F::SPANS_LINES && !self.foreign {
            self.lines += memchr::memchr_iter(b'\n', within).count() as u64;
        }
    }

    /// The row, whose last bytes these are; `None` for one that is not the shard's, or empty.
    fn take(&mut self, last: Bytes, length: u64) -> Option<Row> {
        let (offset, line) = (self.at, self.line);
        let foreign = std::mem::take(&mut self.foreign);
        let long = length > self.limit as u64;
        let mut carry = std::mem::take(&mut self.carry);
        self.carried = 0;
        if foreign {
            return None;
        }
        let mut text = if long {
            let more = self.limit.saturating_sub(carry.len()).min(last.len());
            carry.extend_from_slice(&last[..more]);
            shown_of(&carry)
        } else if carry.is_empty() {
            last
        } else {
            carry.extend_from_slice(&last);
            carry.into()
        };
        if offset == 0 && text.starts_with(b"\xef\xbb\xbf") {
            text.advance(3);
        }
        if long {
            let message = format!(
                "the row is longer than maxLineBytes, {} bytes, and was not sent",
                self.limit
            );
            return Some(Row::faulty(offset, line, text, 413, message));
        }
        if text.last() == Some(&b'\r') {
            text.truncate(text.len() - 1);
        }
        (!text.is_empty()).then_some(Row { offset, line, text, fault: None })
    }

    /// The last row, which no line break ends.
    fn last(&mut self) -> Option<Row> {
        self.done = true;
        if let Some(reason) = self.broken.take() {
            let shown = shown_of(&self.carry);
            return Some(Row::faulty(
                self.at,
                self.line,
                shown,
                400,
                format!("from byte {} on the file can't be read: {reason}", self.at),
            ));
        }
        if self.carried == 0 {
            return None;
        }
        let open = self.frame.open();
        let row = self.take(Bytes::new(), self.carried)?;
        Some(match open {
            Some(reason) if row.fault.is_none() => {
                Row::faulty(row.offset, row.line, shown_of(&row.text), 400, reason.to_owned())
            }
            _ => row,
        })
    }
}

impl<F: Frame> Split for Records<F> {
    fn push(&mut self, chunk: Bytes) {
        debug_assert!(self.rest.is_empty(), "the chunk before has been used up");
        self.rest = chunk;
    }

    fn finish(&mut self, broken: Option<String>) {
        self.finished = true;
        self.broken = broken;
    }

    fn next(&mut self) -> Option<Row> {
        while !self.done {
            let Some(length) = self.frame.end(&self.chunk) else {
                self.carry();
                if self.finished {
                    return self.last();
                }
                let over = self.at + self.carried >= self.end;
                // Nothing behind the shard is the shard's, so the row's end need not be looked for.
                if over && self.foreign {
                    self.done = true;
                } else if over && self.too_long(0) {
                    self.done = true;
                    return self.take(Bytes::new(), self.carried);
                } else if self.advance() {
                    continue;
                }
                return None;
            };
            let last = self.chunk.split_to(length);
            self.chunk.advance(1);
            self.count(&last);
            let whole = self.carried + length as u64;
            let row = self.take(last, whole);
            let line_break = self.at + whole;
            self.lines += u64::from(line_break >= self.begin && line_break < self.end);
            self.line = self.lines;
            self.at = line_break + 1;
            self.done = self.at >= self.end;
            if row.is_some() {
                return row;
            }
        }
        None
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn lines(&self) -> u64 {
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::work::batch::input::CsvFrame;

    fn rows<F: Frame>(
        text: &[u8],
        begin: usize,
        end: usize,
        limit: u64,
        step: usize,
    ) -> (Vec<Row>, u64) {
        let mut split = Records::<F>::new(begin as u64, end as u64, limit);
        let first = Records::<F>::first_byte(begin as u64) as usize;
        let mut chunks = text[first..].chunks(step);
        let mut all = Vec::new();
        loop {
            while let Some(row) = split.next() {
                all.push(row);
            }
            if split.is_done() {
                return (all, split.lines());
            }
            match chunks.next() {
                Some(chunk) => split.push(Bytes::copy_from_slice(chunk)),
                None => split.finish(None),
            }
        }
    }

    fn texts(rows: &[Row]) -> Vec<&[u8]> {
        rows.iter().map(|row| &row.text[..]).collect()
    }

    #[test]
    fn lines_end_as_files_of_all_systems_do() {
        let text = b"\xef\xbb\xbf{}\r\n\n[1]\n\r\n\xe2\x80\xa8\nlast";
        for step in 1..text.len() {
            let (all, lines) = rows::<LineFrame>(text, 0, text.len(), 100, step);
            let expected: [&[u8]; 4] = [b"{}", b"[1]", b"\xe2\x80\xa8", b"last"];
            assert_eq!(texts(&all), expected);
            assert_eq!(all.iter().map(|row| row.line).collect::<Vec<_>>(), [0, 2, 4, 5]);
            assert_eq!(lines, 5);
        }
    }

    #[test]
    fn a_long_line_is_one_error_and_is_not_held() {
        let text = [b"a\n".as_slice(), &[b'x'; 10_000], b"\nb\n"].concat();
        for step in [1, 7, 5000, 20_000] {
            let (all, _) = rows::<LineFrame>(&text, 0, text.len(), 5000, step);
            assert_eq!(all.len(), 3, "{step}");
            assert_eq!(all[1].fault.as_ref().unwrap().code, 413);
            assert!(all[1].text.len() <= 4096 && all[1].text.len() >= 4000.min(step));
            assert_eq!(&all[2].text[..], b"b");
        }
    }

    #[test]
    fn a_broken_file_is_one_error_from_there_on() {
        let mut split = Records::<LineFrame>::new(0, 100, 50);
        split.push(Bytes::from_static(b"a\nb"));
        assert_eq!(&split.next().unwrap().text[..], b"a");
        assert_eq!(split.next(), None);
        split.finish(Some("the checksum is wrong".into()));
        let row = split.next().unwrap();
        assert_eq!((row.offset, &row.text[..]), (2, b"b".as_slice()));
        assert!(row.fault.unwrap().message.contains("the checksum is wrong"));
        assert!(split.is_done());
    }

    #[test]
    fn quoted_fields_span_lines() {
        let text = b"a,b\r\n1,\"x\ny \"\"z\"\"\"\n2,5\" pipe\n3,\"open\n4,5\n";
        let (all, lines) = rows::<CsvFrame>(text, 0, text.len(), 100, 3);
        let expected: [&[u8]; 4] =
            [b"a,b", b"1,\"x\ny \"\"z\"\"\"", b"2,5\" pipe", b"3,\"open\n4,5\n"];
        assert_eq!(texts(&all), expected);
        assert_eq!(all.iter().map(|row| row.line).collect::<Vec<_>>(), [0, 1, 3, 4]);
        assert!(all[3].fault.is_some() && all[2].fault.is_none());
        assert_eq!(lines, 6);
    }

    proptest! {
        /// However a file is cut into shards and chunks, its rows are the same, each once, with the same
        /// line numbers.
        #[test]
        fn shards_have_every_row_once(
            text in "[ab\n\r]{0,60}",
            mut cuts in proptest::collection::vec(0_usize..60, 0..5),
            step in 1_usize..20,
            limit in 3_u64..70,
        ) {
            let text = text.as_bytes();
            cuts.extend([0, text.len()]);
            cuts.retain(|cut| *cut <= text.len());
            cuts.sort_unstable();
            let (whole, whole_lines) = rows::<LineFrame>(text, 0, text.len(), limit, 64);
            let (mut all, mut before) = (Vec::new(), 0);
            for cut in cuts.windows(2) {
                let (found, lines) = rows::<LineFrame>(text, cut[0], cut[1], limit, step);
                all.extend(found.into_iter().map(|row| Row { line: row.line + before, ..row }));
                before += lines;
            }
            prop_assert_eq!(&all, &whole);
            prop_assert_eq!(before, whole_lines);
        }
    }
}
