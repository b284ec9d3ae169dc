//! Why a request got no answer's head.

use std::io;

use crate::route::Refusal;

/// What went wrong before the first byte of an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendFault {
    /// No connection could be made.
    #[error("it can't be reached: {0}")]
    Connect(#[source] io::Error),
    /// The connection broke. `reused` ones may have been closed by the other side before it saw
    /// anything of the request, which says nothing about the replica.
    #[error("it closed the connection before it answered: {error}")]
    Broken {
        /// Whether the connection had carried a request before.
        reused: bool,
        /// What the connection said.
        #[source]
        error: hyper::Error,
    },
}

impl SendFault {
    /// Whether it says something about the replica's health.
    pub(crate) fn blames_replica(&self) -> bool {
        !matches!(self, Self::Broken { reused: true, error } if !error.is_parse())
    }

    /// Whether nothing of an answer was there, so that the request may be sent again.
    pub(crate) fn came_before_answer(&self) -> bool {
        !matches!(self, Self::Broken { error, .. } if error.is_parse())
    }

    /// What the caller is told.
    pub(crate) fn refusal(&self, revision: &str) -> Refusal {
        let revision = revision.to_owned();
        match self {
            Self::Connect(_) => Refusal::Unreachable(revision),
            Self::Broken { error, .. } => {
                let reason = if error.is_parse() {
                    "what came is no HTTP"
                } else {
                    "it closed the connection before it answered"
                };
                Refusal::BadAnswer { revision, reason: reason.to_owned() }
            }
        }
    }
}
