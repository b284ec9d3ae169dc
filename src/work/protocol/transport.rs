//! The ways in which requests travel.

use super::answered::{Answered, Unanswered};
use super::dialect::Asked;
use super::grpc::Channel;
use super::rest::Http;

/// How one server is reached.
pub(super) enum Transport {
    /// JSON over HTTP.
    Http(Http),
    /// Messages over gRPC.
    Grpc(Channel),
}

impl Transport {
    /// Sends a request once.
    pub(super) async fn send(&self, asked: &Asked) -> Result<Answered, Unanswered> {
        match self {
            Self::Http(http) => http.post(&asked.url, asked.body.clone(), asked.json_length).await,
            Self::Grpc(channel) => channel.post(&asked.url, asked.body.clone()).await,
        }
    }
}
