//! TFRecord files: records framed by their length, with checksums.

use bytes::{Buf, Bytes, BytesMut};

use super::row::{Row, Split, shown_of};
use crate::storage::tfrecord::{HEAD, TAIL, is_sound, length};

/// The records of a file, which is not cut into shards: where one begins is known from the one before.
/// A record whose data is damaged is an error of its own. Where a length is damaged, or the file ends
/// within a record, all the rest is one error.
pub(crate) struct TfRecords {
    limit: u64,
    buffer: BytesMut,
    /// The next record's first byte in the file.
    at: u64,
    records: u64,
    /// Bytes of a record that is too long, still to be skipped.
    skip: u64,
    finished: bool,
    broken: Option<String>,
    done: bool,
}

impl TfRecords {
    /// Records of at most `limit` bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            limit,
            buffer: BytesMut::new(),
            at: 0,
            records: 0,
            skip: 0,
            finished: false,
            broken: None,
            done: false,
        }
    }

    fn fault(&mut self, reason: String) -> Row {
        self.done = true;
        let message = format!("from byte {} on the file can't be read: {reason}", self.at);
        Row::faulty(self.at, self.records, Bytes::new(), 400, message)
    }

    /// No more bytes come, and what there is is no whole record.
    fn ended(&mut self) -> Option<Row> {
        if !self.finished {
            return None;
        }
        if let Some(reason) = self.broken.take() {
            return Some(self.fault(reason));
        }
        if self.buffer.is_empty() && self.skip == 0 {
            self.done = true;
            return None;
        }
        Some(self.fault("it ends within a record".into()))
    }

    fn skipped(&mut self) {
        let there = usize::try_from(self.skip).unwrap_or(usize::MAX).min(self.buffer.len());
        self.buffer.advance(there);
        self.skip -= there as u64;
    }
}

impl Split for TfRecords {
    fn push(&mut self, chunk: Bytes) {
        self.buffer.extend_from_slice(&chunk);
    }

    fn finish(&mut self, broken: Option<String>) {
        self.finished = true;
        self.broken = broken;
    }

    fn next(&mut self) -> Option<Row> {
        if self.done {
            return None;
        }
        self.skipped();
        if self.skip > 0 || self.buffer.len() < HEAD {
            return self.ended();
        }
        let Some(length) = length(&self.buffer) else {
            return Some(self.fault("the checksum of a record's length is wrong".into()));
        };
        let (offset, record) = (self.at, self.records);
        let whole = length.saturating_add((HEAD + TAIL) as u64);
        if length > self.limit {
            self.skip = whole;
            self.at = self.at.saturating_add(whole);
            self.records += 1;
            self.skipped();
            let message = format!(
                "the record has {length} bytes, more than maxLineBytes, {}, and was not sent",
                self.limit
            );
            return Some(Row::faulty(offset, record, Bytes::new(), 413, message));
        }
        let end = HEAD + length as usize;
        if self.buffer.len() < end + TAIL {
            return self.ended();
        }
        let sound = is_sound(&self.buffer[HEAD..end], &self.buffer[end..end + TAIL]);
        let mut text = self.buffer.split_to(end + TAIL).freeze();
        text.truncate(end);
        text.advance(HEAD);
        self.at += whole;
        self.records += 1;
        if sound {
            return Some(Row { offset, line: record, text, fault: None });
        }
        let message = "the checksum of the record's data is wrong".to_owned();
        Some(Row::faulty(offset, record, shown_of(&[]), 400, message))
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn lines(&self) -> u64 {
        self.records
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::tfrecord::framed;

    fn rows(file: &[u8], step: usize) -> Vec<Row> {
        let mut split = TfRecords::new(10);
        let mut chunks = file.chunks(step);
        let mut all = Vec::new();
        loop {
            while let Some(row) = split.next() {
                all.push(row);
            }
            if split.is_done() {
                return all;
            }
            match chunks.next() {
                Some(chunk) => split.push(Bytes::copy_from_slice(chunk)),
                None => split.finish(None),
            }
        }
    }

    #[test]
    fn records_come_whole_and_damage_is_told() {
        let file = framed(&[&b"hello"[..], b"", b"longer than ten", b"end"]);
        for step in [1, 5, 1000] {
            let all = rows(&file, step);
            assert_eq!(all.len(), 4);
            assert_eq!(&all[0].text[..], b"hello");
            assert_eq!(all[2].fault.as_ref().unwrap().code, 413);
            assert_eq!((&all[3].text[..], all[3].line), (b"end".as_slice(), 3));
        }
        let mut damaged = file.clone();
        damaged[13] ^= 1;
        let all = rows(&damaged, 7);
        assert!(all[0].fault.is_some() && all.len() == 4);
        damaged[21] ^= 1;
        let all = rows(&damaged, 7);
        assert_eq!(all.len(), 2);
        assert_eq!(all[1].offset, 21);
        assert!(all[1].fault.as_ref().unwrap().message.contains("byte 21"));
        let cut = rows(&file[..file.len() - 1], 7);
        assert!(cut[3].fault.as_ref().unwrap().message.contains("ends within"));
    }
}
