//! What is to be done so that the world becomes what the journal says.

use super::{RevisionId, Weights};

/// What is to be done. Each is safe to do again: it names a result, not a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Have every router route by these weights.
    SetWeights(Weights),
    /// Have so many replicas. Those that are too many get nothing new, finish what they have within
    /// the rules' `drain`, and are stopped.
    Scale {
        /// Of which revision.
        revision: RevisionId,
        /// How many.
        replicas: u32,
    },
    /// Have every router send nothing new to any of its replicas, also not what a header asks for: all
    /// of them are about to be stopped.
    Drain {
        /// Which revision.
        revision: RevisionId,
    },
    /// Start successors for replicas that have failed.
    Replace {
        /// Of which revision.
        revision: RevisionId,
        /// How many.
        count: u32,
    },
}
