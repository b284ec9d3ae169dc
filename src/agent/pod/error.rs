//! Why an agent can't be what its pod says.

use std::io;
use std::path::PathBuf;

/// A pod that mlctl didn't make like this.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PodError {
    /// The document isn't where pods have it.
    #[error("{0}: the agent of a pod reads config/pod.json below mlctl's own folder")]
    Place(PathBuf),
    /// The document or a secret can't be understood.
    #[error("{path}: {reason}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A variable that the pod's template fills in isn't there.
    #[error("the variable {0} is not set: the pod's template fills it in by the downward API")]
    Missing(&'static str),
    /// A variable that should be a number isn't one.
    #[error("the variable {name} is `{value}`: a number is needed")]
    NotANumber {
        /// Which variable.
        name: &'static str,
        /// What it is.
        value: String,
    },
    /// No replica belongs to this pod.
    #[error("index {index} of Job {job} is no replica of this run: the Job was changed by hand")]
    Nobody {
        /// The Job.
        job: String,
        /// The pod's index in it.
        index: usize,
    },
    /// A file can't be read: it may be there the next time.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl PodError {
    /// The next pod would meet the same.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Io(_))
    }
}
