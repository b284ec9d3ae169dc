//! Why one request has no prediction.

use std::time::Duration;

use super::answered::{Answered, Unanswered};
use super::known::Unknown;
use super::reason::reason;

/// Why a server that was asked once gives no prediction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// No connection can be made.
    #[error("{place} can't be reached: {reason}")]
    Unreachable {
        /// What was asked.
        place: String,
        /// Why, in the system's words.
        reason: String,
    },
    /// The answer takes longer than it may.
    #[error("{place} has not answered within {} s", limit.as_secs_f64())]
    Timeout {
        /// What was asked.
        place: String,
        /// How long it may take.
        limit: Duration,
    },
    /// The connection ended before the answer did.
    #[error("{place} broke the connection off: {reason}")]
    Cut {
        /// What was asked.
        place: String,
        /// How it ended.
        reason: String,
    },
    /// The server answers with a status that is no success.
    #[error("{place} answers {code}: {words}")]
    Refused {
        /// What was asked.
        place: String,
        /// HTTP's status, or the equivalent of gRPC's.
        code: u16,
        /// Its own words.
        words: String,
    },
    /// The answer has no predictions that can be the rows'.
    #[error("{place} answers what is no prediction: {reason}")]
    Garbage {
        /// What was asked.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The model has no such signature.
    #[error("the model has no signature `{signature}`")]
    NoSignature {
        /// The one that was asked for.
        signature: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// Nothing was sent: the row doesn't fit the model's inputs.
    #[error("{0}")]
    Row(String),
    /// The server, or the question, can't be dealt with.
    #[error("{0}")]
    Wrong(String),
}

impl CallError {
    /// What has no answer from `place`.
    pub(super) fn unanswered(place: &str, error: Unanswered, limit: Duration) -> Self {
        let place = place.to_owned();
        match error {
            Unanswered::Timeout => Self::Timeout { place, limit },
            Unanswered::Connect(reason) => Self::Unreachable { place, reason: short(&reason) },
            Unanswered::Cut(reason) => Self::Cut { place, reason: short(&reason) },
            Unanswered::Broken(reason) => Self::Garbage { place, reason },
        }
    }

    /// A refusal of `place`.
    pub(super) fn refused(place: &str, answered: &Answered) -> Self {
        Self::Refused {
            place: place.to_owned(),
            code: answered.status.as_u16(),
            words: reason(&answered.body),
        }
    }

    /// Nothing is known of the model.
    pub(super) fn unknown(error: Unknown, limit: Duration) -> Self {
        match error {
            Unknown::Refused { place, answered } => Self::refused(&place, &answered),
            Unknown::Unanswered { place, error } => Self::unanswered(&place, error, limit),
            Unknown::NoSignature { signature, known } => Self::NoSignature { signature, known },
            Unknown::Wrong(reason) => Self::Wrong(reason),
        }
    }

    /// The kind of the error in a word or two, for counting: at most a status differs within a kind.
    pub fn kind(&self) -> String {
        match self {
            Self::Unreachable { .. } => "unreachable".to_owned(),
            Self::Timeout { .. } => "timeout".to_owned(),
            Self::Cut { .. } => "cut off".to_owned(),
            Self::Refused { code, .. } => format!("status {code}"),
            Self::Garbage { .. } => "no prediction".to_owned(),
            Self::NoSignature { .. } | Self::Row(_) | Self::Wrong(_) => "not sent".to_owned(),
        }
    }

    /// Other rows may be answered: this one's content may be the reason.
    pub fn is_of_row(&self) -> bool {
        match self {
            Self::Refused { code, .. } => !matches!(code, 301..=308 | 401 | 403..=405),
            Self::Garbage { .. } | Self::Row(_) | Self::Timeout { .. } => true,
            _ => false,
        }
    }
}

/// The cause at the end of a chain: hyper's own words before it say no more than the message.
fn short(reason: &str) -> String {
    let known = ["client error (Connect): ", "client error (SendRequest): ", "tcp connect error: "];
    let mut text = reason;
    while let Some(rest) = known.iter().find_map(|words| text.strip_prefix(words)) {
        text = rest;
    }
    text.to_owned()
}
