//! Why a runtime could not do what it was asked.

use std::io;

use super::ClusterError;

/// A runtime failed or refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// The plan can't run here as it is; every reason at once.
    #[error("this run can't start here: {}", .0.join("; "))]
    Refused(Vec<String>),
    /// The plan could run here, and something else runs in its place just now; the text says what.
    #[error("this run can't start here now: {0}")]
    Busy(String),
    /// As [`Self::Busy`], of a run that waits for its turn: its place in the queue is kept, and it is tried
    /// again.
    #[error("this run waits: {0}")]
    Queued(String),
    /// Somebody has cancelled the run while it waited; their name.
    #[error("cancelled by {0} while it waited")]
    Withdrawn(String),
    /// This runtime can't do what was asked, or can't do it now; the text says why.
    #[error("{0}")]
    Unsupported(String),
    /// The cluster can't be reached, or refuses.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A program could not be started.
    #[error("{0}: {1}")]
    NotRun(String, io::Error),
    /// A file or process failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl RuntimeError {
    /// True where the same request may succeed a moment later and the run itself is not affected:
    /// whoever follows a run then waits instead of giving up.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Cluster(
                ClusterError::Unreachable { .. } | ClusterError::Node(_) | ClusterError::Api(_)
            )
        )
    }
}
