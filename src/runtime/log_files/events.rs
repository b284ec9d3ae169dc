//! What a replica's agent has told: in a file of its own, or in lines of its own within the log.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::agent::stream::{Item, PlacedEvent, StreamReader};
use crate::event::Event;
use crate::gang::ReplicaId;
use crate::store::RunPaths;
use crate::sys;

/// How much is read at once.
const CHUNK: usize = 256 * 1024;
/// The first event of an agent stands within so many bytes of its log.
const HEAD: u64 = 64 * 1024;

/// Opens a file of the run's own; `None` where it is not there.
pub(super) fn opened(path: &Path) -> io::Result<Option<File>> {
    match sys::open_own(path, OpenOptions::new().read(true)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The events that a replica's agent has told since `offset`, which moves behind them. `nonce` marks its
/// lines where they stand in the log.
pub(crate) fn tell(
    run: &RunPaths,
    nonce: &str,
    replica: &ReplicaId,
    offset: &mut u64,
) -> io::Result<Vec<Event>> {
    if let Some(file) = opened(&run.own_events(replica))? {
        let mut events = Vec::new();
        let mut lines = Lines::at(file, *offset)?;
        while let Some(placed) = lines.next()? {
            events.push(placed.event);
        }
        *offset = lines.offset;
        return Ok(events);
    }
    let Some(mut file) = opened(&run.log(replica))? else { return Ok(Vec::new()) };
    file.seek(SeekFrom::Start(*offset))?;
    let mut reader = StreamReader::new(nonce);
    let mut events = Vec::new();
    let mut bytes = vec![0; CHUNK];
    loop {
        let count = file.read(&mut bytes)?;
        let items = reader.push(&bytes[..count]);
        events.extend(items.into_iter().filter_map(|item| match item {
            Item::Event(event) => Some(event),
            Item::Line(_) => None,
        }));
        *offset += count as u64;
        if count == 0 {
            break;
        }
    }
    // A last line without its end is still being written: it is read again next time.
    *offset -= (reader.pending() as u64).min(*offset);
    Ok(events)
}

/// Whether a replica's agent has told anything. What can't be read may be something.
pub(crate) fn has_told(run: &RunPaths, nonce: &str, replica: &ReplicaId) -> bool {
    let told = || -> io::Result<bool> {
        if let Some(file) = opened(&run.own_events(replica))? {
            return Ok(file.metadata()?.len() > 0);
        }
        let Some(file) = opened(&run.log(replica))? else { return Ok(false) };
        let mut head = Vec::new();
        file.take(HEAD).read_to_end(&mut head)?;
        let items = StreamReader::new(nonce).push(&head);
        Ok(items.iter().any(|item| matches!(item, Item::Event(_))))
    };
    told().unwrap_or(true)
}

/// The whole lines of a file of events, one after the other.
pub(super) struct Lines {
    file: File,
    /// Behind the last line that was given.
    pub(super) offset: u64,
    bytes: Vec<u8>,
    taken: usize,
}

impl Lines {
    pub(super) fn at(mut file: File, offset: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { file, offset, bytes: Vec::new(), taken: 0 })
    }

    /// The next event; `None` when there is no further whole line now.
    pub(super) fn next(&mut self) -> io::Result<Option<PlacedEvent>> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.bytes[self.taken..]) {
                let line = &self.bytes[self.taken..self.taken + end];
                // One of a newer mlctl may be of a kind that this one doesn't know.
                let placed = serde_json::from_slice(line).ok();
                self.taken += end + 1;
                self.offset += end as u64 + 1;
                if placed.is_some() {
                    return Ok(placed);
                }
                continue;
            }
            self.bytes.drain(..std::mem::take(&mut self.taken));
            let before = self.bytes.len();
            self.bytes.resize(before + CHUNK, 0);
            let count = self.file.read(&mut self.bytes[before..]);
            self.bytes.truncate(before + count.as_ref().copied().unwrap_or_default());
            if count? == 0 {
                return Ok(None);
            }
        }
    }
}
