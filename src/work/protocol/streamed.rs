//! An answer that is given on as it comes, for whoever wants its bytes alone.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::answered::chain;
use super::call_error::CallError;
use super::caller::{Caller, Prepared, revision};
use super::transport::Transport;

/// What stands before an answer's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawHead {
    /// HTTP's status.
    pub status: u16,
    /// The revision of the endpoint, where the answer names it.
    pub revision: Option<String>,
}

/// An answer on its way.
#[derive(Debug)]
pub struct Streamed {
    /// What stands before its body.
    pub head: RawHead,
    place: String,
    body: Incoming,
    /// No two pieces of it are further apart.
    limit: Duration,
}

impl Caller {
    /// Sends a request over HTTP; the time limit is that of the answer's head, and then of each piece.
    pub async fn stream(&self, prepared: &Prepared) -> Result<Streamed, CallError> {
        let place = self.place_of(prepared).to_owned();
        let Transport::Http(http) = &self.transport else {
            let reason = "answers over gRPC are messages, which are no text to pass on";
            return Err(CallError::Wrong(reason.to_owned()));
        };
        let asked = &prepared.asked;
        let response = http.open(&asked.url, asked.body.clone()).await;
        let response =
            response.map_err(|error| CallError::unanswered(&place, error, self.timeout))?;
        let head =
            RawHead { status: response.status().as_u16(), revision: revision(response.headers()) };
        Ok(Streamed { head, place, body: response.into_body(), limit: self.timeout })
    }
}

impl Streamed {
    /// The next bytes; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        loop {
            let frame = tokio::time::timeout(self.limit, self.body.frame()).await;
            let Ok(frame) = frame else {
                return Err(CallError::Timeout { place: self.place.clone(), limit: self.limit });
            };
            match frame.map(|frame| frame.map(hyper::body::Frame::into_data)) {
                None => return Ok(None),
                Some(Ok(Ok(data))) => return Ok(Some(data)),
                // Trailers.
                Some(Ok(Err(_))) => {}
                Some(Err(error)) => {
                    let reason = chain(&error);
                    return Err(CallError::Cut { place: self.place.clone(), reason });
                }
            }
        }
    }
}
