//! Why a replica or a run waits, in the cluster's words.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the reasons of ends say that came before `startTimeout`: more time would not have helped.
pub const FOR_GOOD: &str = "waiting would not change that";

/// The cluster's word for what keeps something from starting. In events it is the plain word, so a
/// word that this version doesn't know is kept as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum WaitingReason {
    /// No node has room for the pod, or its node selector and tolerations match none.
    Unschedulable,
    /// The Job controller may not make its pods: a quota or an admission refuses them. This holds
    /// for the pods that are missing, and says nothing about those that are there.
    FailedCreate,
    /// Kueue has not let the Job in yet, or others of this machine come before it.
    Queued,
    /// The Job is suspended, and no queue decides when it starts.
    Suspended,
    /// The node of the pod is silent, and no new pod is made before that one is gone.
    NodeLost,
    /// The init container, which brings mlctl into the pod, has failed.
    InitFailed,
    /// The init containers still run.
    PodInitializing,
    /// The node has taken the pod on and pulls its images or makes its containers.
    ContainerCreating,
    /// An image could not be pulled; the message has the registry's words.
    ErrImagePull,
    /// The kubelet waits before it tries to pull an image again.
    ImagePullBackOff,
    /// The name of an image can't be parsed.
    InvalidImageName,
    /// The image is not on the node, and its pull policy forbids to pull it.
    ErrImageNeverPull,
    /// All replicas are ready, and something of an earlier attempt that nobody can reach may still run.
    EarlierAttempt,
    /// Any other word of the cluster.
    Other(String),
}

impl WaitingReason {
    /// The word as the cluster writes it and as events hold it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unschedulable => "Unschedulable",
            Self::FailedCreate => "FailedCreate",
            Self::Queued => "Queued",
            Self::Suspended => "Suspended",
            Self::NodeLost => "NodeLost",
            Self::InitFailed => "InitFailed",
            Self::PodInitializing => "PodInitializing",
            Self::ContainerCreating => "ContainerCreating",
            Self::ErrImagePull => "ErrImagePull",
            Self::ImagePullBackOff => "ImagePullBackOff",
            Self::InvalidImageName => "InvalidImageName",
            Self::ErrImageNeverPull => "ErrImageNeverPull",
            Self::EarlierAttempt => "EarlierAttempt",
            Self::Other(word) => word,
        }
    }

    /// The pod goes its usual way: nothing is wrong yet.
    pub fn is_progress(&self) -> bool {
        matches!(self, Self::PodInitializing | Self::ContainerCreating)
    }

    /// An image can't be had.
    pub fn is_about_image(&self) -> bool {
        matches!(
            self,
            Self::ErrImagePull
                | Self::ImagePullBackOff
                | Self::InvalidImageName
                | Self::ErrImageNeverPull
        )
    }
}

impl From<&str> for WaitingReason {
    fn from(word: &str) -> Self {
        match word {
            "Unschedulable" => Self::Unschedulable,
            "FailedCreate" => Self::FailedCreate,
            "Queued" => Self::Queued,
            "Suspended" => Self::Suspended,
            "NodeLost" => Self::NodeLost,
            "InitFailed" => Self::InitFailed,
            "PodInitializing" => Self::PodInitializing,
            "ContainerCreating" => Self::ContainerCreating,
            "ErrImagePull" => Self::ErrImagePull,
            "ImagePullBackOff" => Self::ImagePullBackOff,
            "InvalidImageName" => Self::InvalidImageName,
            "ErrImageNeverPull" => Self::ErrImageNeverPull,
            "EarlierAttempt" => Self::EarlierAttempt,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl From<String> for WaitingReason {
    fn from(word: String) -> Self {
        Self::from(word.as_str())
    }
}

impl From<WaitingReason> for String {
    fn from(reason: WaitingReason) -> Self {
        reason.as_str().to_owned()
    }
}

impl fmt::Display for WaitingReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_written_as_it_was_read() {
        for word in [
            "Unschedulable",
            "FailedCreate",
            "Queued",
            "Suspended",
            "NodeLost",
            "InitFailed",
            "PodInitializing",
            "ContainerCreating",
            "ErrImagePull",
            "ImagePullBackOff",
            "InvalidImageName",
            "ErrImageNeverPull",
            "CreateContainerConfigError",
            "",
        ] {
            let text = format!("\"{word}\"");
            let reason: WaitingReason = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&reason).unwrap(), text);
            let is_known = !matches!(reason, WaitingReason::Other(_));
            assert_eq!(is_known, !matches!(word, "" | "CreateContainerConfigError"), "{word}");
        }
    }
}
