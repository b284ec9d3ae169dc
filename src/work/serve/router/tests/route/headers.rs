//! What goes on to the next connection, and what does not.

use http::{HeaderMap, HeaderValue, Version};
use proptest::prelude::*;

use super::{headers, pairs};
use crate::route::{
    Refusal, answer_headers, expects, forwarded, framing, request_headers, upgrade,
};

#[test]
fn what_is_for_one_connection_stays_there() {
    let mut head = headers(&[
        ("connection", "keep-alive, X-Secret"),
        ("connection", "upgrade,host, content-length"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("proxy-authorization", "Basic x"),
        ("x-secret", "1"),
        ("x-secret", "2"),
        ("te", "gzip, Trailers;q=0.5"),
        ("upgrade", "websocket"),
        ("expect", "100-continue"),
        ("trailer", "x-sum"),
        ("host", "digits"),
        ("content-length", "3"),
        ("authorization", "Bearer x"),
        ("x-mlctl-revision", "v1"),
        ("accept", "a"),
        ("accept", "b"),
    ]);
    request_headers(&mut head);
    let expected = [
        ("accept", "a"),
        ("accept", "b"),
        ("authorization", "Bearer x"),
        ("content-length", "3"),
        ("host", "digits"),
        ("te", "trailers"),
        ("trailer", "x-sum"),
    ];
    assert_eq!(pairs(&head), expected);
}

#[test]
fn trailers_are_only_asked_for_if_the_caller_did() {
    let mut head = headers(&[("te", "gzip"), ("accept", "a")]);
    request_headers(&mut head);
    assert_eq!(pairs(&head), [("accept", "a")]);
}

#[test]
fn crumbs_of_cookies_become_one() {
    let mut head = headers(&[("cookie", "a=b"), ("cookie", "c=d"), ("cookie", "e=f; g=h")]);
    request_headers(&mut head);
    assert_eq!(pairs(&head), [("cookie", "a=b; c=d; e=f; g=h")]);
}

#[test]
fn an_answer_says_who_gave_it_and_nobody_else_does() {
    let mut head = headers(&[
        ("x-mlctl-revision", "inner"),
        ("x-mlctl-replica", "inner-0"),
        ("x-mlctl-other", "x"),
        ("connection", "close, x-hop"),
        ("x-hop", "1"),
        ("transfer-encoding", "chunked"),
        ("set-cookie", "a=b"),
        ("set-cookie", "c=d"),
    ]);
    let (revision, replica) = (HeaderValue::from_static("v1"), HeaderValue::from_static("v1-0"));
    answer_headers(&mut head, revision, replica);
    let expected = [
        ("set-cookie", "a=b"),
        ("set-cookie", "c=d"),
        ("x-mlctl-replica", "v1-0"),
        ("x-mlctl-revision", "v1"),
    ];
    assert_eq!(pairs(&head), expected);
}

#[test]
fn one_length_is_left() {
    for (lengths, left) in [
        (&[("content-length", "4"), ("content-length", "4")][..], &[("content-length", "4")][..]),
        (&[("content-length", "4, 4")], &[("content-length", "4")]),
        (&[("content-length", "4"), ("transfer-encoding", "chunked")], &[]),
    ] {
        let mut head = headers(lengths);
        request_headers(&mut head);
        assert_eq!(pairs(&head), left);
    }
}

#[test]
fn who_passes_a_request_on_says_for_whom() {
    let mut head = headers(&[("x-forwarded-for", "10.0.0.1"), ("x-forwarded-for", "10.0.0.2")]);
    let host = HeaderValue::from_static("digits.example");
    forwarded(&mut head, "::ffff:192.0.2.7".parse().unwrap(), "https", Some(&host));
    let expected = [
        ("x-forwarded-for", "10.0.0.1, 10.0.0.2, 192.0.2.7"),
        ("x-forwarded-host", "digits.example"),
        ("x-forwarded-proto", "https"),
    ];
    assert_eq!(pairs(&head), expected);
    forwarded(&mut head, "2001:db8::1".parse().unwrap(), "http", None);
    assert_eq!(head["x-forwarded-for"], "10.0.0.1, 10.0.0.2, 192.0.2.7, 2001:db8::1");
    assert_eq!(head["x-forwarded-proto"], "https", "the first one knows what its caller spoke");
}

#[test]
fn two_ends_of_one_request_are_refused() {
    let refused = |version, pairs: &[(&'static str, &str)]| {
        framing(version, &headers(pairs)).unwrap_err().to_string()
    };
    let one = Version::HTTP_11;
    let same = [("content-length", "3"), ("content-length", "3")];
    assert!(refused(one, &same).ends_with("it has two Content-Length headers"));
    let both = [("content-length", "3"), ("transfer-encoding", "chunked")];
    assert!(refused(one, &both).ends_with("it has Content-Length beside Transfer-Encoding"));
    for length in ["3, 3", "+3", "-3", "0x3", "", " ", "3 3", "99999999999999999999"] {
        let words = refused(one, &[("content-length", length)]);
        assert!(words.ends_with("its Content-Length is not one number"), "{length}: {words}");
    }
    for encoding in ["identity", "gzip, chunked", "chunked, chunked", "xchunked", "chunked\t,"] {
        let words = refused(one, &[("transfer-encoding", encoding)]);
        assert!(words.ends_with("its Transfer-Encoding is not `chunked`"), "{encoding}: {words}");
    }
    let twice = [("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")];
    assert!(refused(one, &twice).ends_with("is not `chunked`"));
    for version in [Version::HTTP_10, Version::HTTP_2] {
        let words = refused(version, &[("transfer-encoding", "chunked")]);
        assert!(words.ends_with("only HTTP/1.1 has Transfer-Encoding"), "{words}");
    }
}

#[test]
fn one_end_is_enough() {
    for head in [
        headers(&[]),
        headers(&[("content-length", "0")]),
        headers(&[("content-length", "1234567890123456789")]),
        headers(&[("transfer-encoding", "Chunked")]),
    ] {
        assert_eq!(framing(Version::HTTP_11, &head), Ok(()));
    }
}

#[test]
fn only_a_wait_for_the_body_can_be_expected() {
    assert_eq!(expects(&headers(&[])), Ok(false));
    assert_eq!(expects(&headers(&[("expect", "100-Continue")])), Ok(true));
    assert_eq!(expects(&headers(&[("expect", "200-ok")])), Err(Refusal::Expectation));
}

#[test]
fn another_protocol_is_asked_for_in_two_places() {
    let asked = headers(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")]);
    assert_eq!(upgrade(&asked).unwrap(), "websocket");
    assert_eq!(upgrade(&headers(&[("upgrade", "h2c")])), None);
    assert_eq!(upgrade(&headers(&[("connection", "upgrade")])), None);
}

proptest! {
    /// Whatever a caller writes into `Connection`, the rest passes in order and byte for byte.
    #[test]
    fn what_is_not_named_passes_as_it_is(
        names in prop::collection::vec("[a-z][a-z0-9-]{0,8}", 0..8),
        values in prop::collection::vec(prop::collection::vec(0x20_u8..=0xff, 0..20), 8),
        listed in prop::collection::vec(any::<bool>(), 8),
        junk in "[ ,;a-zA-Z0-9\"-]{0,20}",
    ) {
        let names: Vec<String> = names.into_iter().map(|name| format!("y-{name}")).collect();
        let mut head = HeaderMap::new();
        let mut kept = Vec::new();
        let mut connection = junk;
        for (index, name) in names.iter().enumerate() {
            let value: Vec<u8> = values[index].iter().copied().filter(|byte| *byte != 0x7f).collect();
            let value = HeaderValue::from_bytes(&value).unwrap();
            head.append(http::HeaderName::try_from(name.as_str()).unwrap(), value.clone());
            if listed[index] {
                connection.push_str(", ");
                connection.push_str(&name.to_ascii_uppercase());
            } else {
                kept.push((name.clone(), value));
            }
        }
        let gone = |name: &str| names.iter().zip(&listed).any(|(other, is)| *is && name == other);
        kept.retain(|(name, _)| !gone(name));
        head.append("connection", HeaderValue::from_str(&connection).unwrap());
        request_headers(&mut head);
        let mut found: Vec<(String, HeaderValue)> =
            head.iter().map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
        found.sort_by(|one, two| one.0.cmp(&two.0));
        kept.sort_by(|one, two| one.0.cmp(&two.0));
        prop_assert_eq!(found, kept);
    }
}
