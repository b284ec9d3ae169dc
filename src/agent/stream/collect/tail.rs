//! The lines of a file that grows, each once.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

use crate::storage::{ReadError, open};

/// How many bytes are read at once.
const CHUNK: usize = 1 << 16;
/// A longer line is no report.
const LONGEST: usize = 1 << 16;
/// So many bytes before the position are known, to see that a file is still the one that was read.
const WINDOW: usize = 1 << 12;

/// A place in a file of lines.
#[derive(Debug, Default)]
pub(super) struct Tail {
    path: PathBuf,
    at: u64,
    /// What is in the file before `at`.
    before: Vec<u8>,
    /// The device and number of a file that was there before the command; another one is the command's.
    foreign: Option<(u64, u64)>,
    /// The start of a line whose end has not come yet.
    line: Vec<u8>,
    /// That line is too long, and its rest is passed over.
    is_long: bool,
}

impl Tail {
    /// Behind what the file has now, which another command has written. It need not be there.
    pub(super) fn at_end(path: PathBuf) -> Self {
        let mut tail = Self { path, ..Self::default() };
        // What is wrong with the file is said when it is read.
        let _ = tail.pass();
        tail
    }

    fn pass(&mut self) -> Result<(), ReadError> {
        let file = open(&self.path)?;
        let failed = |error| ReadError::Io { path: self.path.clone(), error };
        let metadata = file.metadata().map_err(failed)?;
        let mut before = vec![0; WINDOW.min(usize::try_from(metadata.len()).unwrap_or(WINDOW))];
        let start = metadata.len() - before.len() as u64;
        file.read_exact_at(&mut before, start).map_err(failed)?;
        self.foreign = Some((metadata.dev(), metadata.ino()));
        self.at = metadata.len();
        self.before = before;
        Ok(())
    }

    /// Gives the lines that have come since the last call, reading at most `budget` bytes, and tells how
    /// many it has read. A carriage return ends a line too. A file that was truncated or replaced is
    /// read from its start; one that is not there has no lines.
    pub(super) fn read(
        &mut self,
        budget: u64,
        sink: &mut dyn FnMut(&str),
    ) -> Result<u64, ReadError> {
        let file = match open(&self.path) {
            Ok(file) => file,
            Err(error) if error.is_missing() => {
                self.restart();
                return Ok(0);
            }
            Err(error) => return Err(error),
        };
        self.read_open(&file, budget, sink)
            .map_err(|error| ReadError::Io { path: self.path.clone(), error })
    }

    /// The last line, when the file has come to its end without a line end.
    pub(super) fn finish(&mut self, sink: &mut dyn FnMut(&str)) {
        self.end_line(sink);
    }

    fn read_open(
        &mut self,
        file: &File,
        budget: u64,
        sink: &mut dyn FnMut(&str),
    ) -> io::Result<u64> {
        if !self.is_same(file)? {
            self.restart();
        }
        let mut buffer = vec![0; CHUNK];
        let mut read = 0;
        while read < budget {
            let room = CHUNK.min(usize::try_from(budget - read).unwrap_or(CHUNK));
            let count = match file.read_at(&mut buffer[..room], self.at) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.take(&buffer[..count], sink);
            self.at += count as u64;
            read += count as u64;
        }
        Ok(read)
    }

    /// Whether the file still has before the position what was read there. Its number alone would say
    /// nothing: that of a removed file is given to the next one.
    fn is_same(&self, file: &File) -> io::Result<bool> {
        let metadata = file.metadata()?;
        let id = (metadata.dev(), metadata.ino());
        if metadata.len() < self.at || self.foreign.is_some_and(|foreign| foreign != id) {
            return Ok(false);
        }
        let mut before = vec![0; self.before.len()];
        let start = self.at - before.len() as u64;
        match file.read_exact_at(&mut before, start) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            read => read.map(|()| before == self.before),
        }
    }

    fn restart(&mut self) {
        let path = std::mem::take(&mut self.path);
        *self = Self { path, ..Self::default() };
    }

    fn take(&mut self, bytes: &[u8], sink: &mut dyn FnMut(&str)) {
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            if self.line.len() + piece.len() > LONGEST {
                self.is_long = true;
            }
            if !self.is_long {
                self.line.extend_from_slice(piece);
            }
            if piece.ends_with(b"\n") || piece.ends_with(b"\r") {
                self.end_line(sink);
            }
        }
        self.before.extend_from_slice(bytes);
        self.before.drain(..self.before.len().saturating_sub(WINDOW));
    }

    fn end_line(&mut self, sink: &mut dyn FnMut(&str)) {
        let line = String::from_utf8_lossy(&self.line);
        if !self.is_long && !line.trim().is_empty() {
            sink(&line);
        }
        self.line.clear();
        self.is_long = false;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn lines(tail: &mut Tail, budget: u64) -> String {
        let mut found = Vec::new();
        tail.read(budget, &mut |line| found.push(line.trim().to_owned())).unwrap();
        found.join(",")
    }

    fn append(path: &std::path::Path, text: &str) {
        let mut file = fs_err::OpenOptions::new().append(true).create(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn a_file_that_grows_is_read_once_in_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut tail = Tail::at_end(path.clone());
        assert_eq!(lines(&mut tail, 100), "");
        append(&path, "one\ntw");
        assert_eq!(lines(&mut tail, 100), "one");
        append(&path, "o\r\nthree\rfo");
        assert_eq!(lines(&mut tail, 4), "two");
        assert_eq!(lines(&mut tail, 100), "three");
        let mut last = Vec::new();
        tail.finish(&mut |line| last.push(line.to_owned()));
        tail.finish(&mut |line| last.push(line.to_owned()));
        assert_eq!(last, ["fo"]);
        append(&path, &format!("{}\nfive\n", "x".repeat(3 * LONGEST)));
        assert_eq!(lines(&mut tail, 1 << 20), "five");
    }

    #[test]
    fn a_file_that_is_truncated_or_replaced_is_read_from_its_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        append(&path, "one\ntwo\n");
        let mut tail = Tail { path: path.clone(), ..Tail::default() };
        assert_eq!(lines(&mut tail, 100), "one,two");
        fs_err::write(&path, "x\n").unwrap();
        assert_eq!(lines(&mut tail, 100), "x");
        fs_err::write(&path, "longer than before\n").unwrap();
        assert_eq!(lines(&mut tail, 100), "longer than before");
        let other = folder.path().join("other");
        // Written whole with more at its end: only that is new.
        fs_err::write(&other, "longer than before\nnew\n").unwrap();
        fs_err::rename(&other, &path).unwrap();
        assert_eq!(lines(&mut tail, 100), "new");
        fs_err::remove_file(&path).unwrap();
        assert_eq!(lines(&mut tail, 100), "");
        fs_err::write(&path, "longer than before\n").unwrap();
        assert_eq!(lines(&mut tail, 100), "longer than before");
    }

    #[test]
    fn what_was_there_before_the_command_is_not_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        append(&path, "old\n");
        let mut tail = Tail::at_end(path.clone());
        append(&path, "new\n");
        assert_eq!(lines(&mut tail, 100), "new");
        let mut tail = Tail::at_end(path.clone());
        let other = folder.path().join("other");
        fs_err::write(&other, "old\nnew\nmore\n").unwrap();
        fs_err::rename(&other, &path).unwrap();
        assert_eq!(lines(&mut tail, 100), "old,new,more");
        assert!(Tail::at_end(folder.path().into()).read(9, &mut |_| {}).is_err());
    }
}
