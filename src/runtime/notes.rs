//! What decides over a study or an endpoint writes down, where its successor and other machines find it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::RuntimeError;
use crate::store::{EndpointPaths, NotesPaths};

/// Lines that are only ever added. Each study and each endpoint has notes of its own, in the runtime in
/// which what decides over it runs.
pub trait Notes {
    /// All bytes behind the first `from` ones. The last line may not be whole yet.
    fn read_notes(&self, of: &NotesPaths, from: u64) -> Result<Vec<u8>, RuntimeError>;

    /// Adds whole lines, all or none, so that they outlive this process and its machine. What a writer
    /// that was killed has left of a line is cut off.
    fn add_notes(&self, of: &NotesPaths, lines: &[u8]) -> Result<(), RuntimeError>;

    /// The documents of an endpoint that were applied last, by the names of their files, where they are kept
    /// outside of this machine; empty where its folder of the state has them alone.
    fn applied(&self, endpoint: &EndpointPaths) -> Result<BTreeMap<String, String>, RuntimeError> {
        let _ = endpoint;
        Ok(BTreeMap::new())
    }

    /// How an endpoint is, in the words of its controller; `None` where it has said nothing yet.
    fn shown(&self, endpoint: &EndpointPaths) -> Result<Option<Vec<u8>>, RuntimeError>;
}

/// Notes can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum NotesError {
    /// The runtime that has them could not be asked.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A line can't be understood.
    #[error("{path}: {reason}")]
    Damaged {
        /// The file that has them on this machine.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// Reads notes of JSON lines on from where they were read last. Each line has the number of its format,
/// `v`.
#[derive(Debug, Default)]
pub struct NotesReader {
    at: u64,
    /// Lines that have been read.
    count: usize,
}

impl NotesReader {
    /// The lines that have come since the last call. A last line without its end is read once it has
    /// one; of a format beyond `newest` is an error.
    pub fn read<L: DeserializeOwned>(
        &mut self,
        notes: &dyn Notes,
        of: &NotesPaths,
        newest: u32,
    ) -> Result<Vec<L>, NotesError> {
        let bytes = notes.read_notes(of, self.at)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let damaged = |reason: String| NotesError::Damaged { path: of.journal.clone(), reason };
        let mut lines = Vec::new();
        for line in bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            #[derive(serde::Deserialize)]
            struct Version {
                v: u32,
            }
            if let Ok(Version { v }) = serde_json::from_slice(line)
                && v > newest
            {
                return Err(damaged(format!("it is of format {v}, which a newer mlctl wrote")));
            }
            let line = serde_json::from_slice(line);
            self.count += 1;
            let place = self.count;
            lines.push(line.map_err(|error| damaged(format!("line {place}: {error}")))?);
        }
        self.at += whole as u64;
        Ok(lines)
    }
}

/// Adds lines to notes, all or none, so that they outlive this process.
pub fn add_lines<L: Serialize>(
    notes: &dyn Notes,
    of: &NotesPaths,
    lines: &[L],
) -> Result<(), RuntimeError> {
    let mut bytes = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut bytes, line).map_err(std::io::Error::from)?;
        bytes.push(b'\n');
    }
    notes.add_notes(of, &bytes)
}
