//! The journal of a study: what was decided and what came of it, one line of JSON each. What stands in
//! it counts; whatever is not in it has not been decided, and is decided again.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::StudyDocument;
use super::error::StudyError;
use super::trial::{Point, StopReason, TrialEnd};
use crate::gang::RunId;
use crate::runtime::{Notes, NotesReader, add_lines};
use crate::spec::Word;
use crate::store::StudyPaths;

/// Version of a line's format (`v`): the one that is written, and the newest that can be read.
pub(super) const JOURNAL_VERSION: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Version of the line's format, [`JOURNAL_VERSION`].
    pub v: u32,
    /// When it was written, by the clock of whoever did.
    pub time: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub enum Entry {
    /// What the study is. The first line in a cluster, for machines that have not begun it.
    Begun {
        /// Its document.
        study: Box<StudyDocument>,
    },
    /// A run has taken over the decisions. What a trial that was being submitted has come to is to be
    /// looked up.
    Session {
        /// The run whose command is the loop.
        run: RunId,
    },
    /// A trial has its parameters.
    Suggested {
        /// Its number, from 1 on.
        trial: u32,
        /// Its parameters; those that don't count in it are left out.
        params: IndexMap<String, Word>,
        /// How they were found: `model`, `start`, `random`, `grid`, `quasirandom` or `baseline`.
        found: String,
    },
    /// A run of this id is about to be made for a trial.
    Submitting {
        /// The trial.
        trial: u32,
        /// The run.
        run: RunId,
    },
    /// The run is with its runtime, which goes on with it by itself.
    Submitted {
        /// The trial.
        trial: u32,
    },
    /// The run was refused, or lost before its command ran to an end: another one takes its place.
    Again {
        /// The trial.
        trial: u32,
        /// Why.
        reason: String,
    },
    /// The trial's run is being ended.
    Stopping {
        /// The trial.
        trial: u32,
        /// Why.
        reason: StopReason,
    },
    /// The trial is over.
    Ended {
        /// The trial.
        trial: u32,
        /// How.
        end: TrialEnd,
        /// What it has reported on the way.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        curve: Vec<Point>,
    },
    /// The study may have this many trials from here on.
    Raised {
        /// How many in all.
        max_trials: u32,
    },
    /// The study is over.
    Finished {
        /// At least one trial has a result.
        succeeded: bool,
        /// Why it is over, in one sentence.
        reason: String,
    },
}

/// Reads a journal on from where it was read last.
#[derive(Debug, Default)]
pub struct JournalReader(NotesReader);

impl JournalReader {
    /// The lines that have come since the last call. A last line without its end is read once it has
    /// one; of another format than this mlctl knows is an error. `notes` is the runtime that the study's
    /// loop runs in.
    pub fn read(&mut self, notes: &dyn Notes, paths: &StudyPaths) -> Result<Vec<Line>, StudyError> {
        Ok(self.0.read(notes, &paths.notes(), JOURNAL_VERSION)?)
    }
}

/// Appends entries, all or none, so that they outlive this process.
pub fn append(
    notes: &dyn Notes,
    paths: &StudyPaths,
    time: Timestamp,
    entries: &[Entry],
) -> Result<(), StudyError> {
    let line = |entry: &Entry| Line { v: JOURNAL_VERSION, time, entry: entry.clone() };
    let lines: Vec<Line> = entries.iter().map(line).collect();
    Ok(add_lines(notes, &paths.notes(), &lines)?)
}
