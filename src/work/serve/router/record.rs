//! What is told of single requests.

use std::time::Duration;

use bytes::Bytes;

/// Something about one request, handed out by a channel that never makes a request wait: what finds
/// it full is dropped and counted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Record {
    /// One line of the access log.
    Access(Access),
    /// A sampled request with its answer.
    Sample(Box<Sample>),
}

/// A request that has ended.
#[derive(Clone, Debug)]
pub struct Access {
    /// When its head was there, in milliseconds since 1970.
    pub at_millis: u64,
    /// Whose connection it came by.
    pub client: std::net::SocketAddr,
    /// Its method.
    pub method: http::Method,
    /// Its path and query as they came: foreign text.
    pub path: String,
    /// The answer's status. 499 if the caller went away before there was one.
    pub status: u16,
    /// The number that a gRPC answer ended with.
    pub grpc_status: Option<u32>,
    /// Who answered, if anybody did.
    pub revision: Option<String>,
    /// Which replica of it.
    pub replica: Option<String>,
    /// How often it was sent to a replica.
    pub attempts: u32,
    /// Bytes of the answer's body.
    pub sent: u64,
    /// From the head to the answer's last byte.
    pub duration: Duration,
    /// What came of it: `ok`, `clientError`, `serverError`, `cut`, `cancelled` or `shed`.
    pub outcome: &'static str,
}

/// A request and its answer.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What the access log says of it.
    pub access: Access,
    /// The request's content type.
    pub request_type: Option<String>,
    /// The request's body, up to the configuration's `log.maxBody`.
    pub request: Bytes,
    /// Whether there was more of the request.
    pub request_cut: bool,
    /// The answer's content type.
    pub answer_type: Option<String>,
    /// The answer's body, up to the configuration's `log.maxBody`.
    pub answer: Bytes,
    /// Whether there was more of the answer.
    pub answer_cut: bool,
}
