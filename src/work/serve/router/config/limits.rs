//! Bounds. Durations are whole milliseconds in the document.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What is too long, too large and too many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// From a request's head to its answer's head: waiting for a replica, sending, all tries. Then
    /// 504 (DEADLINE_EXCEEDED), or 503 if no replica was there. An answer that has begun may go on
    /// for ever, as streams of tokens do, as long as it does not pause for `idle_timeout`.
    #[serde(rename = "timeoutMillis", with = "millis")]
    pub timeout: Duration,
    /// How long a request or an answer that has begun may pause, and a connection be unused.
    #[serde(rename = "idleTimeoutMillis", with = "millis")]
    pub idle_timeout: Duration,
    /// How long a client may take for a request's head, or for TLS.
    #[serde(rename = "headerTimeoutMillis", with = "millis")]
    pub header_timeout: Duration,
    /// Requests at once, over all revisions; more are shed.
    pub max_in_flight: usize,
    /// Requests that wait for a replica, for each revision; more are shed.
    pub queue: usize,
    /// Bytes of a request's body.
    pub max_body: u64,
    /// Bytes of a request's head. A larger one is answered with 431.
    pub max_headers: usize,
    /// Connections of clients at once. Beyond them, new ones wait in the kernel's queue.
    pub max_connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_mins(1),
            idle_timeout: Duration::from_mins(5),
            header_timeout: Duration::from_secs(10),
            max_in_flight: 4096,
            queue: 1024,
            max_body: 64 << 20,
            max_headers: 64 << 10,
            max_connections: 8192,
        }
    }
}

/// When a request is tried again on another replica.
///
/// What a model answers is a function of the question, so a `POST` is as safe to repeat as a `GET`.
/// Only failures before the first byte of an answer count: a refused connection, one that breaks
/// before the answer's head, a 503 of a replica that has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Retries {
    /// How often a request is sent at most, the first time included.
    pub attempts: u32,
    /// How many retries may come on a hundred requests, over ten seconds, on top of ten a second.
    pub percent: u32,
    /// How many bytes of a body are kept to be sent again (or to be copied to a shadow). A request
    /// of which more has been sent is not tried again.
    pub max_body: usize,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 3, percent: 20, max_body: 64 << 10 }
    }
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
