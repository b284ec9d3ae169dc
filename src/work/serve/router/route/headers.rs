//! What of a message's head is for the next connection only, and what a router adds.

use std::net::IpAddr;

use bytes::{BufMut, BytesMut};
use http::header::{
    CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Version};

use super::Refusal;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// What an answer names its replica by.
pub(crate) const REPLICA: HeaderName = HeaderName::from_static("x-mlctl-replica");
/// What all headers of this router begin with.
const OURS: &str = "x-mlctl-";

/// What a `Connection` header can't take away: it would change what the message is.
const KEPT: [HeaderName; 3] = [HOST, CONTENT_LENGTH, TRANSFER_ENCODING];

/// Whether a request's end is beyond doubt (RFC 9112, 6.3): one length, made of digits alone, and
/// none beside a transfer encoding, which must be `chunked` and nothing else.
pub(crate) fn framing(version: Version, headers: &HeaderMap) -> Result<(), Refusal> {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let length = lengths.next();
    if lengths.next().is_some() {
        return Err(Refusal::Malformed("it has two Content-Length headers"));
    }
    if let Some(length) = length {
        let bytes = length.as_bytes();
        if bytes.is_empty() || bytes.len() > 19 || !bytes.iter().all(u8::is_ascii_digit) {
            return Err(Refusal::Malformed("its Content-Length is not one number"));
        }
    }
    let mut encodings = headers.get_all(TRANSFER_ENCODING).iter();
    let Some(encoding) = encodings.next() else { return Ok(()) };
    if length.is_some() {
        return Err(Refusal::Malformed("it has Content-Length beside Transfer-Encoding"));
    }
    if version != Version::HTTP_11 {
        return Err(Refusal::Malformed("only HTTP/1.1 has Transfer-Encoding"));
    }
    if encodings.next().is_some() || !encoding.as_bytes().eq_ignore_ascii_case(b"chunked") {
        return Err(Refusal::Malformed("its Transfer-Encoding is not `chunked`"));
    }
    Ok(())
}

/// Whether a request waits for `100 Continue` before its body. Anything else that it may expect is
/// refused (RFC 9110, 10.1.1).
pub(crate) fn expects(headers: &HeaderMap) -> Result<bool, Refusal> {
    match headers.get(EXPECT) {
        None => Ok(false),
        Some(value) if value.as_bytes().eq_ignore_ascii_case(b"100-continue") => Ok(true),
        Some(_) => Err(Refusal::Expectation),
    }
}

/// Which protocol a request of HTTP/1.1 asks its connection to become.
pub(crate) fn upgrade(headers: &HeaderMap) -> Option<&HeaderValue> {
    let protocol = headers.get(UPGRADE)?;
    listed(headers).any(|name| name.eq_ignore_ascii_case(b"upgrade")).then_some(protocol)
}

/// Makes a request's head one for the next connection: without what concerned the caller's
/// connection, without the wish for a revision, which is fulfilled, and without `Expect`, which
/// the router answers itself. Crumbs of cookies, which HTTP/2 may send apart, become one (RFC 9113,
/// 8.2.3). `TE: trailers` stays: gRPC servers want it.
pub(crate) fn request_headers(headers: &mut HeaderMap) {
    let trailers = headers.get_all(TE).iter().any(|value| {
        value.as_bytes().split(|byte| *byte == b',').any(|coding| {
            let name = coding.split(|byte| *byte == b';').next().unwrap_or_default();
            name.trim_ascii().eq_ignore_ascii_case(b"trailers")
        })
    });
    single_hop(headers);
    headers.remove(EXPECT);
    headers.remove(super::table::REVISION);
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    let cookies = headers.get_all(COOKIE);
    if cookies.iter().nth(1).is_some()
        && let Ok(joined) = join(cookies.iter(), b"; ")
    {
        headers.insert(COOKIE, joined);
    }
}

/// Makes an answer's head one for the caller's connection, and says in it who answered. What the
/// server wrote in this router's headers is gone: another router below has its own names.
pub(crate) fn answer_headers(headers: &mut HeaderMap, revision: HeaderValue, replica: HeaderValue) {
    single_hop(headers);
    let is_ours = |name: &&HeaderName| name.as_str().starts_with(OURS);
    while let Some(name) = headers.keys().find(is_ours).cloned() {
        headers.remove(name);
    }
    headers.insert(super::table::REVISION, revision);
    headers.insert(REPLICA, replica);
}

/// Says for whom a request is passed on. The address is appended to those of routers before this
/// one; scheme and host stay what the first of them saw. `host` is what the caller wrote.
pub(crate) fn forwarded(
    headers: &mut HeaderMap,
    client: IpAddr,
    proto: &'static str,
    host: Option<&HeaderValue>,
) {
    // A listener of both families shows callers of IPv4 in IPv6.
    if let Ok(address) = HeaderValue::try_from(client.to_canonical().to_string()) {
        let before = headers.get_all(FORWARDED_FOR).iter();
        let all = join(before.chain([&address]), b", ").unwrap_or(address);
        headers.insert(FORWARDED_FOR, all);
    }
    headers.entry(FORWARDED_PROTO).or_insert(HeaderValue::from_static(proto));
    if let Some(host) = host {
        headers.entry(FORWARDED_HOST).or_insert_with(|| host.clone());
    }
}

/// The names in `Connection`.
fn listed(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lists = headers.get_all(CONNECTION).into_iter();
    lists.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}

/// Removes what concerns one connection only (RFC 9110, 7.6.1). `Trailer` is not of that kind.
fn single_hop(headers: &mut HeaderMap) {
    one_length(headers);
    if headers.contains_key(CONNECTION) {
        let listed: Vec<HeaderName> =
            listed(headers).filter_map(|name| HeaderName::from_bytes(name).ok()).collect();
        for name in listed.iter().filter(|name| !KEPT.contains(name)) {
            headers.remove(name);
        }
        headers.remove(CONNECTION);
    }
    for name in [KEEP_ALIVE, PROXY_CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION] {
        headers.remove(name);
    }
    for name in [TE, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(name);
    }
}

/// Leaves one length at most. None is what a transfer encoding goes before: it would say of the
/// body something else than its chunks. One that is there twice has been found to be the same
/// (RFC 9112, 6.3), and the next reader might not look.
fn one_length(headers: &mut HeaderMap) {
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
        return;
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let Some(first) = lengths.next() else { return };
    if lengths.next().is_none() && !first.as_bytes().contains(&b',') {
        return;
    }
    let one = first.as_bytes().split(|byte| *byte == b',').next().unwrap_or_default();
    if let Ok(one) = HeaderValue::from_bytes(one.trim_ascii()) {
        headers.insert(CONTENT_LENGTH, one);
    }
}

fn join<'a>(
    values: impl Iterator<Item = &'a HeaderValue>,
    between: &[u8],
) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let mut joined = BytesMut::new();
    for value in values {
        if !joined.is_empty() {
            joined.put_slice(between);
        }
        joined.put_slice(value.as_bytes());
    }
    HeaderValue::from_maybe_shared(joined.freeze())
}
