//! What came of a request, by the meaning of its answer.

#[cfg(test)]
use std::borrow::Cow;
use std::fmt::Write;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

#[cfg(test)]
use crate::Counts;

/// How an answer stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As it should: with the length that it said, its last chunk, or its trailers.
    Whole,
    /// The server broke it off, or it paused for too long.
    Cut,
    /// The caller went away.
    Cancelled,
}

/// Of which protocol an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP alone.
    Http,
    /// gRPC, with what [`grpc_status`] found in the answer's trailers, or in its head if that was
    /// all.
    Grpc(Option<u32>),
}

/// One of the words of [`Counts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Answered.
    Ok,
    /// The caller's fault.
    ClientError,
    /// The server's fault.
    ServerError,
    /// An answer that broke off.
    Cut,
    /// A caller that went away.
    Cancelled,
    /// Refused because too many were there, or nobody to answer.
    Shed,
}

impl Outcome {
    /// What an answer was that stopped like this.
    pub(crate) fn of(status: StatusCode, protocol: Protocol, end: End) -> Self {
        match (end, protocol) {
            (End::Cancelled, _) => Self::Cancelled,
            (End::Cut, _) => Self::Cut,
            // A status of HTTP that is not 200 is the answer of something that is no gRPC server.
            (End::Whole, Protocol::Grpc(code)) if status == StatusCode::OK => Self::of_grpc(code),
            (End::Whole, _) if status.is_server_error() => Self::ServerError,
            (End::Whole, _) if status.is_client_error() => Self::ClientError,
            (End::Whole, _) => Self::Ok,
        }
    }

    /// By the code of gRPC. The server's fault are those of `doc/statuscodes.md` of gRPC that do
    /// not speak of the request: UNKNOWN (2), DEADLINE_EXCEEDED (4), UNIMPLEMENTED (12), INTERNAL
    /// (13), UNAVAILABLE (14), DATA_LOSS (15), the same that OpenTelemetry's conventions call
    /// errors of a server. A code that does not exist, or none, is UNKNOWN by `PROTOCOL-HTTP2.md`.
    fn of_grpc(code: Option<u32>) -> Self {
        match code {
            Some(0) => Self::Ok,
            Some(1 | 3 | 5..=11 | 16) => Self::ClientError,
            _ => Self::ServerError,
        }
    }

    /// As the access log names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ClientError => "clientError",
            Self::ServerError => "serverError",
            Self::Cut => "cut",
            Self::Cancelled => "cancelled",
            Self::Shed => "shed",
        }
    }

    /// Whether it says that the replica is broken, for its ejection.
    pub(crate) const fn blames(self) -> bool {
        matches!(self, Self::ServerError | Self::Cut)
    }

    /// Counts it.
    #[cfg(test)]
    pub(crate) const fn count(self, counts: &mut Counts) {
        let count = match self {
            Self::Ok => &mut counts.ok,
            Self::ClientError => &mut counts.client_error,
            Self::ServerError => &mut counts.server_error,
            Self::Cut => &mut counts.cut,
            Self::Cancelled => &mut counts.cancelled,
            Self::Shed => &mut counts.shed,
        };
        *count += 1;
    }
}

/// Whether a message is one of gRPC, by its content type (`application/grpc`, also with
/// `+proto` and the like). gRPC-Web is not: it has its trailers in the body, which nobody reads here.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    const TYPE: &[u8] = b"application/grpc";
    let Some(value) = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes) else {
        return false;
    };
    value.get(..TYPE.len()).is_some_and(|start| start.eq_ignore_ascii_case(TYPE))
        && matches!(value.get(TYPE.len()), None | Some(b'+' | b';' | b' '))
}

/// The code that an answer's head (one without a body) or its trailers end with.
pub(crate) fn grpc_status(headers: &HeaderMap) -> Option<u32> {
    headers.get("grpc-status")?.to_str().ok()?.trim().parse().ok()
}

/// The words of the code, with their percent-encoding undone. What is no encoding stays as it is,
/// and what is no UTF-8 is replaced, as `PROTOCOL-HTTP2.md` wants no message lost.
#[cfg(test)]
pub(crate) fn grpc_message(headers: &HeaderMap) -> Option<String> {
    let mut bytes = headers.get("grpc-message")?.as_bytes();
    let mut message = Vec::with_capacity(bytes.len());
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|value| value as u8);
    while let [first, rest @ ..] = bytes {
        if let (b'%', [high, low, rest @ ..]) = (first, rest)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            message.push(high << 4 | low);
            bytes = rest;
        } else {
            message.push(*first);
            bytes = rest;
        }
    }
    Some(match String::from_utf8_lossy(&message) {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(text) => text,
    })
}

/// A message as gRPC writes it: visible ASCII and spaces, everything else and `%` percent-encoded.
pub(crate) fn grpc_escape(message: &str) -> String {
    let mut escaped = String::with_capacity(message.len());
    for byte in message.bytes() {
        if matches!(byte, b' '..=b'~') && byte != b'%' {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
