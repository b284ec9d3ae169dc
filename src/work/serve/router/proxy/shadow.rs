//! Copies of requests for a revision whose answers nobody sees.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};
use http_body_util::BodyExt;

use super::Carrier;
use super::account::protocol;
use super::tries::{CONNECT, Outgoing};
use crate::live::{Lease, Live};
use crate::route::{End, Outcome, Protocol, Target, grpc_status};
use crate::router::Shared;
use crate::upstream::{RequestBody, Upload};

/// Copies at once, over all requests.
const MOST: usize = 64;

/// A request's head, to be sent once more when its body is known.
pub(super) struct Copy {
    method: Method,
    headers: HeaderMap,
    path: PathAndQuery,
    host: Option<HeaderValue>,
    grpc: bool,
}

impl Copy {
    /// Whether the next request is to be copied.
    pub(super) fn chosen(live: &Live) -> bool {
        live.shadow.is_some()
            && live
                .config
                .shadow
                .as_ref()
                .is_some_and(|shadow| fastrand::f64() * 100.0 < shadow.percent)
    }

    pub(super) fn of(outgoing: &Outgoing) -> Self {
        Self {
            method: outgoing.method.clone(),
            headers: outgoing.headers.clone(),
            path: outgoing.path.clone(),
            host: outgoing.host.clone(),
            grpc: outgoing.grpc,
        }
    }

    /// Sends it, if the body is all there and a replica has room now.
    pub(super) fn send(self, shared: &Arc<Shared>, upload: Option<&Upload>) {
        let body = match upload {
            None => Some((Vec::new(), None)),
            Some(upload) => upload.whole(),
        };
        let started = body.is_some_and(|(chunks, trailers)| self.start(shared, chunks, trailers));
        if !started {
            shared.dropped_shadows.fetch_add(1, Relaxed);
        }
    }

    fn start(self, shared: &Arc<Shared>, chunks: Vec<Bytes>, trailers: Option<HeaderMap>) -> bool {
        let live = shared.live();
        let Some(place) = live.shadow else { return false };
        let path = match Target::of(self.path.path(), self.method == Method::POST) {
            Target::Endpoint { .. } => live.table.predict(place).cloned(),
            _ => Some(self.path.clone()),
        };
        let Some(path) = path else { return false };
        // Requests that wait come before copies.
        let served = &live.served[place];
        if !served.revision.nobody_waits() {
            return false;
        }
        let Some(lease) = served.lease(self.grpc, &[]) else { return false };
        if shared.shadows.fetch_add(1, Relaxed) >= MOST {
            shared.shadows.fetch_sub(1, Relaxed);
            return false;
        }
        served.revision.shadowed.fetch_add(1, Relaxed);
        let mut outgoing = Outgoing {
            method: self.method,
            headers: self.headers,
            path: self.path,
            host: self.host,
            grpc: self.grpc,
        };
        let body = RequestBody::copy(chunks, trailers);
        let request = outgoing.request(&lease.replica, path, body, true);
        let shared = shared.clone();
        tokio::spawn(async move {
            carry(&shared, &live, lease, request, outgoing.grpc).await;
            shared.shadows.fetch_sub(1, Relaxed);
        });
        true
    }
}

/// Sends a copy and reads its answer to the end, within the time that a request has.
async fn carry(
    shared: &Shared,
    live: &Live,
    mut lease: Lease,
    request: http::Request<RequestBody>,
    grpc: bool,
) {
    let replica = lease.replica.clone();
    let exchange = async {
        let (answer, carrier) = match &replica.grpc {
            Some(http2) if grpc => {
                let (answer, place) = http2.send(request, CONNECT).await.ok()?;
                (answer, Carrier::Http2 { _lease: place })
            }
            _ => {
                let (answer, connection) = replica.http.send(request, CONNECT).await.ok()?;
                (answer, Carrier::Http1(connection))
            }
        };
        lease.answered();
        let status = answer.status();
        let mut protocol = protocol(answer.headers());
        let mut body = answer.into_body();
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return Some(Outcome::Cut) };
            if let (Protocol::Grpc(code), Some(trailers)) = (&mut protocol, frame.trailers_ref()) {
                *code = grpc_status(trailers);
            }
        }
        if let Carrier::Http1(connection) = carrier
            && !replica.has_left()
        {
            connection.release(shared.clock.now());
        }
        Some(Outcome::of(status, protocol, End::Whole))
    };
    let ended = tokio::time::timeout(live.config.limits.timeout, exchange).await;
    let outcome = ended.ok().flatten().unwrap_or(Outcome::ServerError);
    let now = shared.live();
    let others = now.replicas_of(&lease.revision).to_vec();
    lease.ended(outcome, &others, false);
}
