//! How the main container of a pod ended.

use jiff::Timestamp;

use crate::gang::TerminationMessage;

/// The end of a pod's main container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Its exit code; above 128 it is 128 and the number of the signal that ended it.
    pub(crate) code: i32,
    /// The kubelet's word, such as `OOMKilled`.
    pub(crate) reason: String,
    /// The termination message; `None` when there is none, or when it is not an agent's.
    pub(crate) message: Option<TerminationMessage>,
    /// The termination message as it stands in the pod's status; may be empty.
    pub(crate) text: String,
    /// When it ended, by the node's clock.
    pub(crate) at: Option<Timestamp>,
}

impl Ended {
    /// The kernel killed it because it used more memory than its limit.
    pub(crate) fn is_killed_for_memory(&self) -> bool {
        self.reason == "OOMKilled"
    }
}
