//! What a claim says, and how one may be taken over.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The newest format of [`OutputClaim`] that this mlctl knows.
pub const OUTPUT_CLAIM_VERSION: u32 = 1;
/// Where the documents are, below an output.
pub(super) const FOLDER: &str = "_mlctl/claims";

/// What a run that finds another one's work in its output does with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClaimMode {
    /// It is refused: nothing of another run is gone on with, or written over, by accident.
    #[default]
    New,
    /// It goes on from the checkpoints that are there.
    Resume,
    /// It starts anew: model, checkpoints and logs that are there are removed first.
    Overwrite,
}

/// A run has claimed an output. One document is never changed: who takes an output over writes the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputClaim {
    /// The format of this document, [`OUTPUT_CLAIM_VERSION`].
    pub schema_version: u32,
    /// The run's id.
    pub run: String,
    /// When, by the clock of who claimed it.
    pub at: Timestamp,
    /// A word that no other writer has, by which a writer knows its own document.
    pub word: String,
}

/// No place was ever taken over so often: a larger number is no claim, but somebody's joke, behind which
/// there would be no next one.
const MOST: u64 = 999_999_999;

/// The number of a document by its place; `None` for anything else that lies there, and for another way to
/// write a number, since a document is found by the one that [`name_of`] writes.
pub(super) fn number_of(place: &str) -> Option<u64> {
    let name = place.rsplit('/').next()?.strip_suffix(".json")?;
    let number = name.parse().ok().filter(|number| *number <= MOST)?;
    place.ends_with(&name_of(number)).then_some(number)
}

/// The name of a document below an output.
pub(super) fn name_of(number: u64) -> String {
    format!("{FOLDER}/{number:05}.json")
}
