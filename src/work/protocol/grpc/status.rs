//! What a status of gRPC means, in the terms of HTTP that the rest of the client knows.

use bytes::Bytes;
use http::StatusCode;
use tonic::{Code, Status};

use crate::work::protocol::answered::{Answered, Unanswered, chain};

/// How servers say that a message was larger than they take or send: gRPC's libraries for C++ (and
/// Python), Go, and Java. The status is the one for too many requests, and waiting doesn't help.
const TOO_LARGE: [&str; 3] =
    ["message larger than max", "exceeds maximum size", "message length too large"];
/// How tonic says that the answer ended before its status came: the stream was cut off.
const NO_STATUS: &str = "missing grpc-status trailer";

/// A status other than OK.
pub(super) fn refusal(status: Status) -> Result<Answered, Unanswered> {
    // What the server says has no cause; what happened to the connection has one.
    if let Some(cause) = std::error::Error::source(&status) {
        let text = chain(cause);
        return Err(match cause.downcast_ref::<hyper_util::client::legacy::Error>() {
            Some(error) if error.is_connect() => Unanswered::Connect(text),
            _ => Unanswered::Cut(text),
        });
    }
    let message = status.message();
    let cut = status.code() == Code::Unknown && message.contains(NO_STATUS);
    // Nobody here has cancelled it, so the server has: it is ending, or was cut off from its own.
    if cut || status.code() == Code::Cancelled {
        return Err(Unanswered::Cut(message.to_owned()));
    }
    let too_large = TOO_LARGE.iter().any(|words| message.contains(words));
    let words = if message.is_empty() { status.code().description() } else { message };
    Ok(Answered {
        status: equivalent(status.code(), too_large),
        retry_after: pushback(&status),
        json_length: None,
        headers: status.metadata().clone().into_headers(),
        body: Bytes::copy_from_slice(words.as_bytes()),
    })
}

/// The status of HTTP that is treated alike (<https://github.com/googleapis/googleapis>,
/// google/rpc/code.proto); a method that is not there is a place that is not there.
fn equivalent(code: Code, too_large: bool) -> StatusCode {
    match code {
        Code::ResourceExhausted | Code::OutOfRange if too_large => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => {
            StatusCode::BAD_REQUEST
        }
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound | Code::Unimplemented => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Cancelled | Code::Unknown | Code::Internal | Code::DataLoss => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// How long the server asks to wait, in seconds
/// (<https://github.com/grpc/proposal/blob/master/A6-client-retries.md#pushback>).
fn pushback(status: &Status) -> Option<String> {
    let milliseconds = status.metadata().get("grpc-retry-pushback-ms")?.to_str().ok()?;
    let milliseconds: u32 = milliseconds.parse().ok()?;
    Some((f64::from(milliseconds) / 1000.0).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(code: Code, message: &str) -> (u16, String) {
        let answered = refusal(Status::new(code, message)).unwrap();
        (answered.status.as_u16(), String::from_utf8(answered.body.to_vec()).unwrap())
    }

    #[test]
    fn a_status_is_treated_like_its_equivalent() {
        for (grpc, http) in [
            (Code::Unavailable, 503),
            (Code::ResourceExhausted, 429),
            (Code::DeadlineExceeded, 504),
            (Code::Unauthenticated, 401),
            (Code::PermissionDenied, 403),
            (Code::NotFound, 404),
            (Code::Unimplemented, 404),
            (Code::InvalidArgument, 400),
            (Code::Internal, 500),
        ] {
            assert_eq!(code(grpc, "words"), (http, "words".to_owned()), "{grpc:?}");
        }
        assert!(!code(Code::Unavailable, "").1.is_empty());
    }

    #[test]
    fn a_message_that_is_too_large_is_no_reason_to_wait() {
        for message in [
            "Received message larger than max (5000000 vs. 4194304)",
            "SERVER: Received message larger than max (8 vs. 4)",
            "grpc: received message larger than max (8 vs. 4)",
            "gRPC message exceeds maximum size 4194304: 8000000",
        ] {
            assert_eq!(code(Code::ResourceExhausted, message).0, 413, "{message}");
        }
        let message = "Error, decoded message length too large: found 8 bytes, the limit is: 4";
        assert_eq!(code(Code::OutOfRange, message).0, 413);
        assert_eq!(code(Code::ResourceExhausted, "out of memory").0, 429);
    }

    #[test]
    fn a_stream_that_ended_early_was_cut_off() {
        let cut = |code, message: &str| refusal(Status::new(code, message)).unwrap_err();
        let message = format!("protocol error: {NO_STATUS}, stream was terminated");
        assert!(matches!(cut(Code::Unknown, &message), Unanswered::Cut(_)));
        assert!(matches!(cut(Code::Cancelled, "Cancelling all calls"), Unanswered::Cut(_)));
    }

    #[test]
    fn a_server_may_say_how_long_to_wait() {
        let mut status = Status::unavailable("busy");
        status.metadata_mut().insert("grpc-retry-pushback-ms", "1500".parse().unwrap());
        assert_eq!(refusal(status).unwrap().retry_after.unwrap(), "1.5");
    }
}
