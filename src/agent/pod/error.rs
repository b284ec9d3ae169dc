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
        /// The path of the file in the pod.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The mlctl that submitted is newer than this one.
    #[error("{path}: {}", older_image(*known, *found))]
    Newer {
        /// The path of the file in the pod.
        path: PathBuf,
        /// The format that the document says it has.
        found: u32,
        /// The newest format that this agent knows.
        known: u32,
    },
    /// A variable that the pod's template fills in isn't there.
    #[error("the variable {0} is not set: the pod's template fills it in by the downward API")]
    Missing(&'static str),
    /// A variable that should be a number isn't one.
    #[error("the variable {name} is `{value}`: a number is needed")]
    NotANumber {
        /// The name of the variable.
        name: &'static str,
        /// What it is.
        value: String,
    },
    /// No replica belongs to this pod.
    #[error("index {index} of Job {job} is no replica of this run: the Job was changed by hand")]
    Nobody {
        /// The name of the pod's Job.
        job: String,
        /// The pod's index in it.
        index: usize,
    },
    /// A file can't be read: it may be there the next time.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Why pods of an image whose mlctl knows document format `known` can't run what is written in format
/// `found`, and what to do: said by such a pod, and by whoever sees it before.
pub fn older_image(known: u32, found: u32) -> String {
    format!(
        "this run is described in format {found}, and the mlctl of the runner image knows {known}: \
         the setting `runnerImage` names an image with an older mlctl than the one that submits; \
         make it anew with `mlctl cluster image`"
    )
}

impl PodError {
    /// The next pod would meet the same.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Io(_))
    }
}
