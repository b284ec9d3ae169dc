//! The bytes of a model's files, read where they are wanted: a model may have gigabytes, and what it says of
//! itself is a few kilobytes of them.

use std::ops::Range;

use tokio::runtime::Handle;

use super::InspectError;
use crate::storage::{Object, Stores};

/// So much is read at once where little is asked for: what stands beside it is asked for next.
const WINDOW: u64 = 64 << 10;
/// So many parts are kept: those who read a table go to and fro between it, the list of its fields and its data.
const PARTS: usize = 8;
/// So often something is looked at, at most: graphs of a hundred thousand operators need a few millions.
const MOST_STEPS: u64 = 50_000_000;
/// So often the file is read, at most.
const MOST_READS: u64 = 50_000;
/// So many bytes are kept of it, at most.
const MOST_KEPT: u64 = 64 << 20;
/// What an entry of a list takes beside its bytes.
const ENTRY: u64 = 64;
/// No name of a tensor, an operation or a file is longer.
pub(super) const LONGEST_TEXT: u64 = 64 << 10;

/// One file, wherever it is.
pub trait Bytes {
    /// How many there are.
    fn size(&self) -> u64;

    /// Those of a range within the file.
    ///
    /// # Errors
    /// They can't be read.
    fn read(&self, range: Range<u64>) -> Result<Vec<u8>, InspectError>;
}

/// A file in a store, or a folder of this machine.
#[derive(Debug)]
pub struct Stored<'a> {
    /// The stores to read it with.
    pub stores: &'a Stores,
    /// Where reading waits.
    pub handle: &'a Handle,
    /// The file.
    pub object: &'a Object,
}

impl Bytes for Stored<'_> {
    fn size(&self) -> u64 {
        self.object.size
    }

    fn read(&self, range: Range<u64>) -> Result<Vec<u8>, InspectError> {
        Ok(self.handle.block_on(self.stores.read_range(self.object, range))?.to_vec())
    }
}

impl Bytes for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, range: Range<u64>) -> Result<Vec<u8>, InspectError> {
        let at = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let part = self.get(at(range.start)..at(range.end));
        part.map(<[u8]>::to_vec).ok_or(InspectError::Truncated { at: range.start })
    }
}

/// A file with the parts of it that were read last, and what may still be read of it. Whoever made the file may
/// have made it so that reading it never ends, or fills the memory: there are limits to both, which no model of
/// a tool comes near.
pub(super) struct Window<'a> {
    bytes: &'a dyn Bytes,
    /// The one that was used last is the first.
    parts: Vec<(u64, Vec<u8>)>,
    steps: u64,
    reads: u64,
    kept: u64,
}

impl<'a> Window<'a> {
    /// Nothing is read before it is asked for.
    pub(super) fn new(bytes: &'a dyn Bytes) -> Self {
        Self { bytes, parts: Vec::new(), steps: 0, reads: 0, kept: 0 }
    }

    /// How long the file is.
    pub(super) fn size(&self) -> u64 {
        self.bytes.size()
    }

    /// Counts what somebody keeps of the file, which can be many times as large as the file: its parts may be
    /// named again and again.
    ///
    /// # Errors
    /// It is too much.
    pub(super) fn keep(&mut self, bytes: u64) -> Result<(), InspectError> {
        self.kept = self.kept.saturating_add(bytes).saturating_add(ENTRY);
        if self.kept > MOST_KEPT { Err(InspectError::Endless) } else { Ok(()) }
    }

    /// The bytes of a range, which the caller has bounded.
    ///
    /// # Errors
    /// The file ends before that, can't be read, or leads to and fro without an end.
    pub(super) fn get(&mut self, range: Range<u64>) -> Result<&[u8], InspectError> {
        if range.start > range.end || range.end > self.size() {
            return Err(InspectError::Truncated { at: range.start });
        }
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(InspectError::Endless);
        }
        let has = |(start, part): &(u64, Vec<u8>)| {
            *start <= range.start && range.end <= start + part.len() as u64
        };
        match self.parts.iter().position(has) {
            Some(0) => {}
            Some(at) => self.parts[..=at].rotate_right(1),
            None => {
                self.reads += 1;
                if self.reads > MOST_READS {
                    return Err(InspectError::Endless);
                }
                let until = range.end.max(range.start.saturating_add(WINDOW)).min(self.size());
                self.parts.truncate(PARTS - 1);
                let part = self.bytes.read(range.start..until)?;
                self.parts.insert(0, (range.start, part));
            }
        }
        let (start, part) = self.parts.first().ok_or(InspectError::Endless)?;
        let from = usize::try_from(range.start - start).unwrap_or(usize::MAX);
        let count = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        part.get(from..)
            .and_then(|rest| rest.get(..count))
            .ok_or(InspectError::Truncated { at: range.start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_not_read_again() {
        let file: Vec<u8> = (0..1_000_000_u32).map(|at| (at / 1000) as u8).collect();
        let bytes = file.as_slice();
        let mut window = Window::new(&bytes);
        for round in 0..100 {
            for at in [0, 500_000, 900_000] {
                let wanted = file[at as usize];
                assert_eq!(window.get(at..at + 1).unwrap(), [wanted], "{round}");
            }
        }
        assert_eq!(window.reads, 3);
        assert!(window.get(999_999..1_000_001).is_err());
    }

    #[test]
    fn nobody_goes_on_for_ever_or_keeps_too_much() {
        let file = vec![0; 2 << 20];
        let bytes = file.as_slice();
        let mut window = Window::new(&bytes);
        let mut far = (0..100_000).map(|round: u64| round * 100_000 % (2 << 20));
        assert!(far.any(|at| window.get(at..at + 1).is_err()));
        let mut window = Window::new(&bytes);
        assert!((0..2000).any(|_| window.keep(LONGEST_TEXT).is_err()));
    }
}
