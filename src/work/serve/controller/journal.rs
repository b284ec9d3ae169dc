//! Reading and writing the journal of an endpoint.

use jiff::Timestamp;

use crate::runtime::{Notes, NotesReader, add_lines};
use crate::store::EndpointPaths;
use crate::work::serve::endpoint::ServeError;
use crate::work::serve::rollout::{Entry, JOURNAL_VERSION, Line};

/// Reads a journal on from where it was read last.
#[derive(Debug, Default)]
pub struct EndpointJournal(NotesReader);

impl EndpointJournal {
    /// The lines that have come since the last call. A last line without its end is read once it has
    /// one; of another format than this mlctl knows is an error. `notes` is the runtime that the
    /// endpoint's controller runs in.
    pub fn read(
        &mut self,
        notes: &dyn Notes,
        paths: &EndpointPaths,
    ) -> Result<Vec<Line>, ServeError> {
        Ok(self.0.read(notes, &paths.notes(), JOURNAL_VERSION)?)
    }
}

/// Appends entries in the name of `by`, all or none, so that they outlive this process.
pub fn append(
    notes: &dyn Notes,
    paths: &EndpointPaths,
    time: Timestamp,
    by: &str,
    entries: Vec<Entry>,
) -> Result<(), ServeError> {
    let line = |entry| Line { v: JOURNAL_VERSION, time, by: by.to_owned(), entry };
    let lines: Vec<Line> = entries.into_iter().map(line).collect();
    Ok(add_lines(notes, &paths.notes(), &lines)?)
}
