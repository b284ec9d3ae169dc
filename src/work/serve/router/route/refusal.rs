//! What a router says by itself.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::outcome::{grpc_escape, is_grpc};
use super::{Call, Outcome};

/// In which form a caller understands an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `{"error": "..."}`, as TensorFlow Serving writes it.
    Plain,
    /// `{"error": {"code", "message", "status"}}`, as Google's APIs write it.
    Google,
    /// An answer of headers alone that has `grpc-status` and `grpc-message` (`Trailers-Only` in
    /// gRPC's `PROTOCOL-HTTP2.md`).
    Grpc,
}

impl Dialect {
    /// That of a request, by its headers and by what it calls.
    pub(crate) fn of(headers: &HeaderMap, call: Call) -> Self {
        match call {
            _ if is_grpc(headers) => Self::Grpc,
            Call::Predict | Call::RawPredict => Self::Google,
            Call::Plain => Self::Plain,
        }
    }
}

/// A request that was not passed on, or whose answer could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// What came is no HTTP that can be passed on without doubt.
    #[error("the request is malformed: {0}")]
    Malformed(&'static str),
    /// `Expect` with something else than `100-continue`.
    #[error("the header Expect can only be `100-continue`")]
    Expectation,
    /// Another protocol was asked for that can't be tunnelled.
    #[error("this connection can't be upgraded to `{0}`: send the request without Upgrade")]
    Upgrade(String),
    /// No token.
    #[error("a token is needed: send `Authorization: Bearer TOKEN`")]
    NoToken,
    /// A token that is none of the configuration's.
    #[error("the token is not one of this endpoint's")]
    BadToken,
    /// `x-mlctl-revision` names nothing.
    #[error("there is no revision `{asked}`: x-mlctl-revision can be {known}")]
    UnknownRevision {
        /// What was asked for.
        asked: String,
        /// Names, as a list in words.
        known: String,
    },
    /// A version in a path that no revision has, in the words of TensorFlow Serving: its servable
    /// manager's for a call, those of `GetModelStatus` for a state.
    #[error("{}", match status {
        true => format!("Could not find version {version} of model {model}"),
        false => format!("Servable not found for request: Specific({model}, {version})"),
    })]
    UnknownVersion {
        /// The model.
        model: String,
        /// The version.
        version: u64,
        /// Whether its state was asked for.
        status: bool,
    },
    /// A call of Vertex AI for another endpoint.
    #[error("there is no endpoint `{asked}` here: this is `{here}`")]
    UnknownEndpoint {
        /// Which one was called.
        asked: String,
        /// Which one this is.
        here: String,
    },
    /// A call of Vertex AI for a revision that does not say where it predicts.
    #[error("revision `{0}` has no route for predictions: call its server's own paths")]
    NoPredictRoute(String),
    /// A gRPC call for a revision that does not speak it.
    #[error("revision `{0}` has no gRPC: call it by REST")]
    NoGrpc(String),
    /// Nothing has weight.
    #[error("no revision of this endpoint has traffic: name one by x-mlctl-revision, or try later")]
    NoTraffic,
    /// A revision without replicas that is not held for.
    #[error("revision `{0}` has no replica that is ready: try again")]
    NoReplica(String),
    /// `limits.maxInFlight`.
    #[error("too many requests at once ({0} are the limit): try again")]
    TooMany(usize),
    /// `limits.queue`.
    #[error("too many requests wait for revision `{0}`: try again")]
    QueueFull(String),
    /// `limits.timeout`, with a replica.
    #[error("revision `{revision}` gave no answer within {millis} ms")]
    TimedOut {
        /// Who gave none.
        revision: String,
        /// The limit.
        millis: u64,
    },
    /// No replica could be connected to.
    #[error("no replica of revision `{0}` can be reached: try again")]
    Unreachable(String),
    /// A connection that broke, or an answer that is no HTTP, before anything was passed on.
    #[error("revision `{revision}` gave no valid answer: {reason}")]
    BadAnswer {
        /// Whose answer.
        revision: String,
        /// What was wrong with it.
        reason: String,
    },
    /// `limits.maxBody`.
    #[error(
        "the request's body has more than {0} bytes, the limit of this endpoint: send less at once"
    )]
    BodyTooLarge(u64),
    /// `limits.idleTimeout` for a request's body.
    #[error("the request's body did not go on for {0} ms")]
    BodyTooSlow(u64),
    /// `limits.headerTimeout`.
    #[error("the request's head was not there within {0} ms")]
    HeadTooSlow(u64),
}

/// After how many seconds a caller may try again. What is short is short for seconds at most, and a
/// replica that starts is waited for by `hold`.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("1");

impl Refusal {
    /// The status of HTTP.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NoToken | Self::BadToken => StatusCode::UNAUTHORIZED,
            Self::UnknownRevision { .. }
            | Self::UnknownVersion { .. }
            | Self::UnknownEndpoint { .. }
            | Self::NoPredictRoute(_) => StatusCode::NOT_FOUND,
            Self::BodyTooSlow(_) | Self::HeadTooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Upgrade(_) | Self::NoGrpc(_) => StatusCode::NOT_IMPLEMENTED,
            Self::BadAnswer { .. } => StatusCode::BAD_GATEWAY,
            Self::NoTraffic | Self::NoReplica(_) | Self::QueueFull(_) | Self::Unreachable(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::TimedOut { .. } => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// The number and the name of the status of gRPC (`google.rpc.Code`).
    pub(crate) fn grpc(&self) -> (u32, &'static str) {
        match self {
            Self::Malformed(_) | Self::Expectation => (3, "INVALID_ARGUMENT"),
            Self::TimedOut { .. } | Self::BodyTooSlow(_) | Self::HeadTooSlow(_) => {
                (4, "DEADLINE_EXCEEDED")
            }
            Self::UnknownRevision { .. }
            | Self::UnknownVersion { .. }
            | Self::UnknownEndpoint { .. }
            | Self::NoPredictRoute(_) => (5, "NOT_FOUND"),
            Self::TooMany(_) | Self::BodyTooLarge(_) => (8, "RESOURCE_EXHAUSTED"),
            Self::Upgrade(_) | Self::NoGrpc(_) => (12, "UNIMPLEMENTED"),
            Self::NoTraffic
            | Self::NoReplica(_)
            | Self::QueueFull(_)
            | Self::Unreachable(_)
            | Self::BadAnswer { .. } => (14, "UNAVAILABLE"),
            Self::NoToken | Self::BadToken => (16, "UNAUTHENTICATED"),
        }
    }

    /// How it counts for the revision that would have answered. None is what no revision is to
    /// blame for, whichever was meant.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::TooMany(_) | Self::NoReplica(_) | Self::QueueFull(_) => Some(Outcome::Shed),
            Self::TimedOut { .. } | Self::Unreachable(_) | Self::BadAnswer { .. } => {
                Some(Outcome::ServerError)
            }
            Self::BodyTooLarge(_) | Self::BodyTooSlow(_) | Self::NoGrpc(_) => {
                Some(Outcome::ClientError)
            }
            _ => None,
        }
    }

    /// Whether the same request may succeed a moment later.
    fn passes(&self) -> bool {
        matches!(
            self,
            Self::NoTraffic
                | Self::NoReplica(_)
                | Self::TooMany(_)
                | Self::QueueFull(_)
                | Self::Unreachable(_)
        )
    }

    /// The whole answer. One to a gRPC call has no body, and 200 as gRPC wants it.
    pub(crate) fn answer(&self, dialect: Dialect) -> Response<Bytes> {
        let message = self.to_string();
        let (code, name) = self.grpc();
        let status = self.status();
        let body = match dialect {
            Dialect::Grpc => Vec::new(),
            Dialect::Plain => {
                serde_json::to_vec(&serde_json::json!({ "error": message })).unwrap_or_default()
            }
            Dialect::Google => {
                let error = serde_json::json!({
                    "code": status.as_u16(), "message": message, "status": name,
                });
                serde_json::to_vec(&serde_json::json!({ "error": error })).unwrap_or_default()
            }
        };
        let mut answer = Response::new(Bytes::from(body));
        let headers = answer.headers_mut();
        if self.passes() {
            headers.insert(RETRY_AFTER, RETRY_SECONDS);
        }
        if dialect == Dialect::Grpc {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
            headers.insert("grpc-status", HeaderValue::from(code));
            if let Ok(message) = HeaderValue::try_from(grpc_escape(&message)) {
                headers.insert("grpc-message", message);
            }
            return answer;
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self {
            Self::NoToken => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::BadToken => {
                let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
            _ => {}
        }
        *answer.status_mut() = status;
        answer
    }
}
