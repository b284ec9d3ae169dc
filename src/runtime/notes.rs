//! What the loop of a study writes down, where its successor and other machines find it.

use super::RuntimeError;
use crate::store::StudyPaths;

/// Lines that are only ever added. Each study has notes of its own, in the runtime that its loop runs in.
pub trait Notes {
    /// All bytes behind the first `from` ones. The last line may not be whole yet.
    fn read_notes(&self, study: &StudyPaths, from: u64) -> Result<Vec<u8>, RuntimeError>;

    /// Adds whole lines, all or none, so that they outlive this process and its machine. What a writer
    /// that was killed has left of a line is cut off.
    fn add_notes(&self, study: &StudyPaths, lines: &[u8]) -> Result<(), RuntimeError>;
}
