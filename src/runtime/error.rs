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
    /// The runtime can't do that.
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
    /// It may be otherwise in a moment, while nothing of the run has changed.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Cluster(ClusterError::Unreachable { .. } | ClusterError::Api(_)))
    }
}
