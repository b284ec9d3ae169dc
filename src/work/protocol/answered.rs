//! What becomes of one request, whichever way it travelled.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// The longest answer that is taken in, in bytes: more than the largest batch of embeddings has, and
/// less than would endanger a machine.
pub(super) const ANSWER_LIMIT: usize = 512 << 20;

/// A secret that requests carry; no text shows it.
#[derive(Clone, Default)]
pub struct Token(pub Option<String>);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Token(***)" } else { "Token(none)" })
    }
}

/// What a server answered.
#[derive(Debug)]
pub(in crate::work) struct Answered {
    /// Its status: HTTP's, or gRPC's by its HTTP equivalent.
    pub(in crate::work) status: StatusCode,
    /// How long it asks to wait before the next request, as `Retry-After` has it.
    pub(super) retry_after: Option<String>,
    /// Bytes of JSON at the start of the body, where the rest is binary.
    pub(super) json_length: Option<usize>,
    /// Its headers; of gRPC the metadata, those at the end where it refuses.
    pub(in crate::work) headers: HeaderMap,
    /// The whole body: of gRPC the message, or its words where it refuses.
    pub(in crate::work) body: Bytes,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::work) enum Unanswered {
    /// The time for one request is over.
    #[error("no answer came in time")]
    Timeout,
    /// No connection could be made.
    #[error("{0}")]
    Connect(String),
    /// The connection broke while the answer was waited for.
    #[error("{0}")]
    Cut(String),
    /// The answer, or what was asked, can't be dealt with, and would not be another time.
    #[error("{0}")]
    Broken(String),
}

/// An error with what caused it: hyper's own says "client error (Connect)" and no more.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
