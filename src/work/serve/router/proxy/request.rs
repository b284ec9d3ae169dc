//! From a request's head to its answer's head.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use http::header::{CONNECTION, HOST, UPGRADE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response};
use hyper::body::{Body, Incoming};
use hyper::upgrade::OnUpgrade;
use tokio::time::Instant;

use super::respond::{self, Head};
use super::shadow::Copy;
use super::tries::{Outgoing, Tries};
use super::wait::{Asked, Kept, find};
use super::{Account, AnswerBody};
use crate::front::RequestMark;
use crate::live::Live;
use crate::route::{
    self, Call, Dialect, Insertion, Refusal, expects, forwarded, framing, request_headers,
};
use crate::router::Shared;
use crate::upstream::{Upload, UploadLimits};

/// Whose connection a request came by.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) address: SocketAddr,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
}

/// Answers a request, in one way or another.
pub(crate) async fn answer(
    peer: Peer,
    mark: RequestMark,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let live = peer.shared.live();
    let (parts, incoming) = request.into_parts();
    let mut account = Account::new(peer, mark, &live, &parts.method, &parts.uri, &parts.headers);
    let version = parts.version;
    let plain = Dialect::of(&parts.headers, Call::Plain);
    let google = Dialect::of(&parts.headers, Call::Predict);
    let mut kept = Kept::default();
    let grpc = plain == Dialect::Grpc;
    match pass(&mut account, &live, parts, incoming, grpc, &mut kept).await {
        Ok(head) => respond::passing(head, account),
        Err(refusal) => {
            let dialect = match (&refusal, kept.call()) {
                (Refusal::UnknownEndpoint { .. }, _)
                | (_, Some(Call::Predict | Call::RawPredict)) => google,
                _ => plain,
            };
            respond::refused(&refusal, dialect, version, account)
        }
    }
}

async fn pass(
    account: &mut Account,
    live: &Arc<Live>,
    mut parts: Parts,
    incoming: Incoming,
    grpc: bool,
    kept: &mut Kept,
) -> Result<Head, Refusal> {
    let shared = account.peer.shared.clone();
    account.body_left = !incoming.is_end_stream();
    let config = &live.config;
    if shared.in_flight.load(Relaxed) > config.limits.max_in_flight {
        return Err(Refusal::TooMany(config.limits.max_in_flight));
    }
    if account.mark.doubtful {
        return Err(Refusal::Malformed("it says the length of its body in two ways"));
    }
    framing(parts.version, &parts.headers)?;
    expects(&parts.headers)?;
    route::admit(&config.auth, &parts.headers)?;
    if parts.method == Method::CONNECT {
        return Err(Refusal::Upgrade("CONNECT".to_owned()));
    }
    let Some(path) = parts.uri.path_and_query().cloned() else {
        return Err(Refusal::Malformed("it has no path"));
    };
    // A server that does not know it goes on with HTTP/1.1, which is what everybody who asks for it
    // can do.
    let upgrade = route::upgrade(&parts.headers)
        .filter(|protocol| !protocol.as_bytes().eq_ignore_ascii_case(b"h2c"))
        .cloned();
    let client = upgrade.as_ref().and_then(|_| parts.extensions.remove::<OnUpgrade>());

    let hint = incoming.size_hint();
    if hint.lower() > config.limits.max_body {
        return Err(Refusal::BodyTooLarge(config.limits.max_body));
    }
    let copies = Copy::chosen(live);
    if !incoming.is_end_stream() {
        let replays = config.retries.attempts > 1 || copies;
        let keep = if replays { config.retries.max_body } else { 0 };
        let limits = UploadLimits { body: config.limits.max_body, keep: keep.max(account.wants()) };
        account.upload = Some(Upload::new(incoming, limits, shared.clock.now()));
        account.body_left = false;
    }

    let started = Instant::from_std(account.started());
    let deadline = started + config.limits.timeout;
    let first = {
        let (method, headers) = (&parts.method, &parts.headers);
        let asked = Asked { method, path: path.path(), headers, grpc, deadline };
        find(&shared, &asked, kept, &[], account).await?
    };

    let host = host(&parts);
    let mut headers = std::mem::take(&mut parts.headers);
    request_headers(&mut headers);
    forwarded(&mut headers, account.peer.address.ip(), account.peer.scheme, host.as_ref());
    let upgrade = match (upgrade, client) {
        (Some(protocol), Some(client)) => {
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(UPGRADE, protocol);
            Some(client)
        }
        _ => None,
    };
    if first.call == Call::Predict {
        Insertion::prepare(&mut headers);
    }
    let outgoing = Outgoing { method: parts.method, headers, path, host, grpc };
    if copies && first.live.shadow != Some(first.place) {
        account.shadow = Some(Box::new(Copy::of(&outgoing)));
    }
    let tries = Tries { shared: &shared, outgoing, deadline, upgrade };
    tries.run(account, first, kept).await
}

/// The authority that the caller wrote: that of a whole URI counts more than `Host` (RFC 9112,
/// 3.2.2).
fn host(parts: &Parts) -> Option<HeaderValue> {
    let authority = parts.uri.authority();
    let written = authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    written.or_else(|| parts.headers.get(HOST).cloned())
}
