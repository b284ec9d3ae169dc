//! What a router says by itself.

use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};

use super::headers;
use crate::route::{Call, Dialect, Outcome, Refusal, grpc_message, grpc_status, is_grpc};

fn all() -> Vec<Refusal> {
    let name = || "v\"1".to_owned();
    vec![
        Refusal::Malformed("it is"),
        Refusal::Expectation,
        Refusal::Upgrade("h2c".to_owned()),
        Refusal::NoToken,
        Refusal::BadToken,
        Refusal::UnknownRevision { asked: name(), known: "`v1`".to_owned() },
        Refusal::UnknownVersion { model: name(), version: 3, status: false },
        Refusal::UnknownVersion { model: name(), version: 3, status: true },
        Refusal::UnknownEndpoint { asked: name(), here: "digits".to_owned() },
        Refusal::NoPredictRoute(name()),
        Refusal::NoGrpc(name()),
        Refusal::NoTraffic,
        Refusal::NoReplica(name()),
        Refusal::TooMany(7),
        Refusal::QueueFull(name()),
        Refusal::TimedOut { revision: name(), millis: 5 },
        Refusal::Unreachable(name()),
        Refusal::BadAnswer { revision: name(), reason: "half a line\n".to_owned() },
        Refusal::BodyTooLarge(10),
        Refusal::BodyTooSlow(10),
        Refusal::HeadTooSlow(10),
    ]
}

#[test]
fn each_has_its_form_in_each_dialect() {
    for refusal in all() {
        let status = refusal.status();
        assert!(status.is_client_error() || status.is_server_error(), "{refusal:?}");

        let plain = refusal.answer(Dialect::Plain);
        assert_eq!((plain.status(), &plain.headers()[CONTENT_TYPE]), (status, &json()));
        let body: serde_json::Value = serde_json::from_slice(plain.body()).unwrap();
        assert_eq!(body, serde_json::json!({ "error": refusal.to_string() }));

        let google = refusal.answer(Dialect::Google);
        assert_eq!((google.status(), &google.headers()[CONTENT_TYPE]), (status, &json()));
        let body: serde_json::Value = serde_json::from_slice(google.body()).unwrap();
        let error = &body["error"];
        assert_eq!(error["code"], status.as_u16());
        assert_eq!(error["message"], refusal.to_string());
        assert_eq!(error["status"], refusal.grpc().1);

        let grpc = refusal.answer(Dialect::Grpc);
        assert_eq!((grpc.status(), grpc.body().len()), (StatusCode::OK, 0));
        assert!(is_grpc(grpc.headers()));
        assert_eq!(grpc_status(grpc.headers()), Some(refusal.grpc().0));
        assert_eq!(grpc_message(grpc.headers()).unwrap(), refusal.to_string());
    }
}

fn json() -> http::HeaderValue {
    http::HeaderValue::from_static("application/json")
}

#[test]
fn who_may_try_again_is_told_when() {
    for refusal in all() {
        let later = matches!(
            refusal,
            Refusal::NoTraffic
                | Refusal::NoReplica(_)
                | Refusal::TooMany(_)
                | Refusal::QueueFull(_)
                | Refusal::Unreachable(_)
        );
        for dialect in [Dialect::Plain, Dialect::Google, Dialect::Grpc] {
            let answer = refusal.answer(dialect);
            assert_eq!(answer.headers().contains_key(RETRY_AFTER), later, "{refusal:?}");
        }
        let status = refusal.status().as_u16();
        assert_eq!(later, matches!(status, 429 | 503), "{refusal:?}");
    }
}

#[test]
fn a_caller_without_a_token_is_told_which_kind() {
    let challenge = |refusal: Refusal| {
        let answer = refusal.answer(Dialect::Plain);
        answer.headers()[WWW_AUTHENTICATE].to_str().unwrap().to_owned()
    };
    assert_eq!(challenge(Refusal::NoToken), "Bearer");
    assert_eq!(challenge(Refusal::BadToken), "Bearer error=\"invalid_token\"");
}

#[test]
fn only_what_a_revision_did_counts_for_it() {
    for refusal in all() {
        let expected = match refusal.status().as_u16() {
            _ if refusal == Refusal::NoTraffic => None,
            503 if matches!(refusal, Refusal::Unreachable(_)) => Some(Outcome::ServerError),
            429 | 503 => Some(Outcome::Shed),
            502 | 504 => Some(Outcome::ServerError),
            413 => Some(Outcome::ClientError),
            _ if matches!(refusal, Refusal::BodyTooSlow(_) | Refusal::NoGrpc(_)) => {
                Some(Outcome::ClientError)
            }
            _ => None,
        };
        assert_eq!(refusal.outcome(), expected, "{refusal:?}");
    }
}

#[test]
fn errors_are_in_the_callers_dialect() {
    let grpc = headers(&[("content-type", "application/grpc+proto")]);
    let json = headers(&[("content-type", "application/json")]);
    assert_eq!(Dialect::of(&grpc, Call::Plain), Dialect::Grpc);
    assert_eq!(Dialect::of(&json, Call::Plain), Dialect::Plain);
    assert_eq!(Dialect::of(&json, Call::Predict), Dialect::Google);
    assert_eq!(Dialect::of(&json, Call::RawPredict), Dialect::Google);
}
