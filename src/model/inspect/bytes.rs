//! The bytes of a model's files, read where they are wanted: a model may have gigabytes, and what it says of
//! itself is a few kilobytes of them.

use std::ops::Range;

use tokio::runtime::Handle;

use super::InspectError;
use crate::storage::{Object, Stores};

/// So much is read at once where little is asked for: what stands beside it is asked for next.
const WINDOW: u64 = 64 << 10;

/// One file, wherever it is.
pub trait Bytes {
    /// How many there are.
    fn len(&self) -> u64;

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
    fn len(&self) -> u64 {
        self.object.size
    }

    fn read(&self, range: Range<u64>) -> Result<Vec<u8>, InspectError> {
        Ok(self.handle.block_on(self.stores.read_range(self.object, range))?.to_vec())
    }
}

impl Bytes for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read(&self, range: Range<u64>) -> Result<Vec<u8>, InspectError> {
        let at = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let part = self.get(at(range.start)..at(range.end));
        part.map(<[u8]>::to_vec).ok_or(InspectError::Truncated { at: range.start })
    }
}

/// A file with the part of it that was read last.
pub(super) struct Window<'a> {
    bytes: &'a dyn Bytes,
    start: u64,
    part: Vec<u8>,
}

impl<'a> Window<'a> {
    /// Nothing is read before it is asked for.
    pub(super) fn new(bytes: &'a dyn Bytes) -> Self {
        Self { bytes, start: 0, part: Vec::new() }
    }

    /// How long the file is.
    pub(super) fn len(&self) -> u64 {
        self.bytes.len()
    }

    /// The bytes of a range, which the caller has bounded.
    ///
    /// # Errors
    /// The file ends before that, or can't be read.
    pub(super) fn get(&mut self, range: Range<u64>) -> Result<&[u8], InspectError> {
        if range.start > range.end || range.end > self.len() {
            return Err(InspectError::Truncated { at: range.start });
        }
        let end = self.start + self.part.len() as u64;
        if range.start < self.start || range.end > end {
            let until = range.end.max(range.start.saturating_add(WINDOW)).min(self.len());
            self.part = self.bytes.read(range.start..until)?;
            self.start = range.start;
        }
        let from = usize::try_from(range.start - self.start).unwrap_or(usize::MAX);
        let count = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        self.part
            .get(from..)
            .and_then(|rest| rest.get(..count))
            .ok_or(InspectError::Truncated { at: range.start })
    }
}
