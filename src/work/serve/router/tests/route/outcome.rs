//! What an answer means.

use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;

use super::headers;
use crate::Counts;
use crate::route::{Dialect, End, Outcome, Protocol, Refusal, grpc_message, grpc_status, is_grpc};

#[test]
fn a_status_says_whose_fault_it_is() {
    for (status, outcome) in [
        (101, Outcome::Ok),
        (200, Outcome::Ok),
        (204, Outcome::Ok),
        (304, Outcome::Ok),
        (400, Outcome::ClientError),
        (404, Outcome::ClientError),
        (429, Outcome::ClientError),
        (499, Outcome::ClientError),
        (500, Outcome::ServerError),
        (503, Outcome::ServerError),
        (599, Outcome::ServerError),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(Outcome::of(status, Protocol::Http, End::Whole), outcome, "{status}");
        assert_eq!(Outcome::of(status, Protocol::Http, End::Cut), Outcome::Cut);
        assert_eq!(Outcome::of(status, Protocol::Http, End::Cancelled), Outcome::Cancelled);
    }
}

#[test]
fn a_code_of_grpc_says_it_inside_of_200() {
    let fault = [2, 4, 12, 13, 14, 15, 17, 1000];
    for code in (0..=17).chain([1000]) {
        let outcome = Outcome::of(StatusCode::OK, Protocol::Grpc(Some(code)), End::Whole);
        let expected = match code {
            0 => Outcome::Ok,
            code if fault.contains(&code) => Outcome::ServerError,
            _ => Outcome::ClientError,
        };
        assert_eq!(outcome, expected, "{code}");
    }
    let missing = Outcome::of(StatusCode::OK, Protocol::Grpc(None), End::Whole);
    assert_eq!(missing, Outcome::ServerError);
    let proxy = Outcome::of(StatusCode::NOT_FOUND, Protocol::Grpc(None), End::Whole);
    assert_eq!(proxy, Outcome::ClientError);
    let cut = Outcome::of(StatusCode::OK, Protocol::Grpc(Some(0)), End::Cut);
    assert_eq!(cut, Outcome::Cut);
}

#[test]
fn grpc_is_known_by_its_content_type() {
    for value in [
        "application/grpc",
        "application/grpc+proto",
        "Application/GRPC; charset=x",
        "application/grpc;x",
    ] {
        assert!(is_grpc(&headers(&[("content-type", value)])), "{value}");
    }
    for value in ["application/grpc-web", "application/grpcx", "application/json", ""] {
        assert!(!is_grpc(&headers(&[("content-type", value)])), "{value}");
    }
    assert!(!is_grpc(&HeaderMap::new()));
}

#[test]
fn codes_and_messages_are_read_as_they_are_written() {
    assert_eq!(grpc_status(&headers(&[("grpc-status", "14")])), Some(14));
    for value in ["", "x", "-1", "4294967296"] {
        assert_eq!(grpc_status(&headers(&[("grpc-status", value)])), None, "{value}");
    }
    assert_eq!(grpc_status(&headers(&[])), None);
    for (written, read) in [
        ("no model", "no model"),
        ("a%20b%C3%A9", "a bé"),
        ("100%", "100%"),
        ("%zz%4", "%zz%4"),
        ("%ff", "\u{fffd}"),
    ] {
        let message = grpc_message(&headers(&[("grpc-message", written)]));
        assert_eq!(message.as_deref(), Some(read), "{written}");
    }
}

#[test]
fn each_outcome_counts_once_and_in_its_place() {
    let all = [
        Outcome::Ok,
        Outcome::ClientError,
        Outcome::ServerError,
        Outcome::Cut,
        Outcome::Cancelled,
        Outcome::Shed,
    ];
    let mut counts = Counts::default();
    for (times, outcome) in all.iter().enumerate() {
        (0..=times).for_each(|_| outcome.count(&mut counts));
    }
    let expected =
        Counts { ok: 1, client_error: 2, server_error: 3, cut: 4, cancelled: 5, shed: 6 };
    assert_eq!(counts, expected);
    let written = serde_json::to_value(counts).unwrap();
    for (times, outcome) in all.iter().enumerate() {
        assert_eq!(written[outcome.name()], times + 1);
        let failed = matches!(outcome, Outcome::ServerError | Outcome::Cut);
        assert_eq!(outcome.blames(), failed);
    }
}

proptest! {
    #[test]
    fn a_message_comes_back_whatever_is_in_it(revision in any::<String>()) {
        let refusal = Refusal::NoGrpc(revision);
        let answer = refusal.answer(Dialect::Grpc);
        prop_assert_eq!(grpc_message(answer.headers()).unwrap(), refusal.to_string());
        let visible = |value: &HeaderValue| value.to_str().is_ok();
        prop_assert!(answer.headers().values().all(visible));
    }
}
