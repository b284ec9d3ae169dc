//! The lines of a file from its end on.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::agent::stream::LINE_LIMIT;

/// How much is read at once.
const BLOCK: u64 = 64 * 1024;

/// Gives the lines of a file, the last one first, each with the place where it begins and without its end.
pub(super) struct Backward<'a> {
    file: &'a File,
    /// Where what was read and not given yet begins, and ends.
    begin: u64,
    bytes: Vec<u8>,
}

impl<'a> Backward<'a> {
    /// The lines before `end`. What stands between the last line end and `end` is a line, unless it is
    /// empty.
    pub(super) fn before(file: &'a File, end: u64) -> Self {
        Self { file, begin: end, bytes: Vec::new() }
    }

    /// The line before those that were given; `None` at the start of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Vec<u8>)>> {
        if self.bytes.is_empty() {
            // At first, and behind a piece of a long line, which may have begun just here.
            if self.begin == 0 {
                return Ok(None);
            }
            self.fill()?;
        }
        if self.bytes.ends_with(b"\n") {
            self.bytes.pop();
        }
        loop {
            if let Some(end) = memchr::memrchr(b'\n', &self.bytes) {
                let line = self.bytes.split_off(end + 1);
                return Ok(Some((self.begin + end as u64 + 1, line)));
            }
            if self.begin == 0 || self.bytes.len() >= LINE_LIMIT {
                return Ok(Some((self.begin, std::mem::take(&mut self.bytes))));
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let size = BLOCK.min(self.begin);
        let mut bytes = vec![0; size as usize];
        self.file.read_exact_at(&mut bytes, self.begin - size)?;
        self.begin -= size;
        bytes.append(&mut self.bytes);
        self.bytes = bytes;
        Ok(())
    }
}
