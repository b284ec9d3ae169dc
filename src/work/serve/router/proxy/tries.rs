//! Sending a request, and sending it again.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use http::header::HOST;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use tokio::time::Instant;

use super::respond::Head;
use super::wait::{Asked, Found, Kept, find};
use super::{Account, Carrier};
use crate::clock::Clock;
use crate::live::Replica;
use crate::route::{Call, Insertion, Outcome, Refusal, Target};
use crate::router::Shared;
use crate::upstream::{RequestBody, SendFault, Upload, UploadFault};

/// How long a connection to a replica may take. One that takes longer is taken to be gone, so that
/// there is time left for another.
pub(super) const CONNECT: Duration = Duration::from_secs(3);
/// How long to wait before a replica that just failed is asked again, when there is no other.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// A request as it is sent, once for each try.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    /// As the caller wrote it.
    pub(super) path: PathAndQuery,
    /// The authority that the caller wrote.
    pub(super) host: Option<HeaderValue>,
    pub(super) grpc: bool,
}

/// All tries of a request.
pub(super) struct Tries<'a> {
    pub(super) shared: &'a Shared,
    pub(super) outgoing: Outgoing,
    pub(super) deadline: Instant,
    /// The caller's connection, if it asked for another protocol.
    pub(super) upgrade: Option<OnUpgrade>,
}

/// What a try came to.
enum Sent {
    Answer(Response<Incoming>, Carrier),
    Fault(SendFault),
    TimedOut,
    Stalled,
}

impl Tries<'_> {
    /// Sends the request until there is an answer that is worth passing on, or no more try is.
    pub(super) async fn run(
        mut self,
        account: &mut Account,
        mut found: Found,
        kept: &mut Kept,
    ) -> Result<Head, Refusal> {
        let mut tried: Vec<Arc<Replica>> = Vec::new();
        let mut late = pin!(tokio::time::sleep_until(self.deadline));
        found.live.budget.deposit(self.shared.clock.now());
        loop {
            let Found { live, place, call, lease } = found;
            let config = &live.config.revisions[place];
            let path = match call {
                Call::Plain => &self.outgoing.path,
                Call::Predict | Call::RawPredict => live
                    .table
                    .predict(place)
                    .ok_or_else(|| Refusal::NoPredictRoute(config.name.clone()))?,
            };
            account.attempts += 1;
            let limits = &live.config.limits;
            let last = account.attempts >= live.config.retries.attempts;
            let replica = lease.replica.clone();
            account.lease = Some(lease);
            let body = match &account.upload {
                None => RequestBody::empty(),
                Some(upload) => upload
                    .restart(self.shared.clock)
                    .ok_or(Refusal::Malformed("its body broke off"))?,
            };
            let request = self.outgoing.request(&replica, path.clone(), body, last);
            let sent = tokio::select! {
                biased;
                sent = send(&replica, request, self.outgoing.grpc) => sent,
                () = late.as_mut() => Sent::TimedOut,
                () = stalled(account.upload.as_deref(), limits.idle_timeout, self.shared.clock) => {
                    Sent::Stalled
                }
            };
            let fault = match sent {
                Sent::Answer(answer, carrier) => {
                    account.carrier = Some(carrier);
                    if let Some(lease) = &mut account.lease {
                        lease.answered();
                    }
                    let leaving =
                        answer.status() == StatusCode::SERVICE_UNAVAILABLE && replica.has_left();
                    if !(leaving && self.may_retry(account, &live, last)) {
                        let insertion = (call == Call::Predict)
                            .then(|| Target::of(self.outgoing.path.path(), true))
                            .and_then(|target| match target {
                                Target::Endpoint { parent, .. } => {
                                    Some(Insertion::answered(config, parent))
                                }
                                _ => None,
                            });
                        let idle = limits.idle_timeout;
                        return Ok(Head { answer, insertion, upgrade: self.upgrade, idle });
                    }
                    account.try_failed(Outcome::ServerError, true);
                    None
                }
                Sent::TimedOut => {
                    account.try_failed(Outcome::ServerError, false);
                    let millis = limits.timeout.as_millis() as u64;
                    return Err(Refusal::TimedOut { revision: config.name.clone(), millis });
                }
                Sent::Stalled => {
                    account.try_failed(Outcome::Cancelled, false);
                    return Err(Refusal::BodyTooSlow(limits.idle_timeout.as_millis() as u64));
                }
                Sent::Fault(fault) => {
                    match account.upload.as_ref().and_then(|upload| upload.fault()) {
                        Some(UploadFault::TooLarge) => {
                            account.try_failed(Outcome::Cancelled, false);
                            return Err(Refusal::BodyTooLarge(limits.max_body));
                        }
                        Some(_) => {
                            account.try_failed(Outcome::Cancelled, false);
                            return Err(Refusal::Malformed("its body broke off"));
                        }
                        None => account.try_failed(Outcome::ServerError, !fault.blames_replica()),
                    }
                    Some(fault)
                }
            };
            if let Some(fault) = fault
                && !(fault.came_before_answer() && self.may_retry(account, &live, last))
            {
                return Err(fault.refusal(&config.name));
            }
            tried.push(replica);
            let asked = Asked {
                method: &self.outgoing.method,
                path: self.outgoing.path.path(),
                headers: &self.outgoing.headers,
                grpc: self.outgoing.grpc,
                deadline: self.deadline,
            };
            found = find(self.shared, &asked, kept, &tried, account).await?;
            let revision = &found.lease.revision;
            revision.retries.fetch_add(1, Relaxed);
            if tried.iter().any(|one| Arc::ptr_eq(one, &found.lease.replica)) {
                tokio::time::sleep((PAUSE * account.attempts).min(LONGEST_PAUSE)).await;
            }
        }
    }

    /// Whether there may be one more try; takes it from the budget.
    fn may_retry(&self, account: &Account, live: &crate::live::Live, last: bool) -> bool {
        let kept = account.upload.as_ref().is_none_or(|upload| upload.can_restart());
        if last || !kept {
            return false;
        }
        let allowed = live.budget.withdraw(self.shared.clock.now());
        if !allowed {
            self.shared.dropped_retries.fetch_add(1, Relaxed);
        }
        allowed
    }
}

impl Outgoing {
    /// The request for a replica. The last one takes the head instead of copying it.
    pub(super) fn request(
        &mut self,
        replica: &Replica,
        path: PathAndQuery,
        body: RequestBody,
        last: bool,
    ) -> Request<RequestBody> {
        let mut request = Request::new(body);
        request.method_mut().clone_from(&self.method);
        *request.headers_mut() =
            if last { std::mem::take(&mut self.headers) } else { self.headers.clone() };
        let host = || {
            let address =
                |address: std::net::SocketAddr| HeaderValue::try_from(address.to_string());
            let own =
                if self.grpc { replica.config.grpc_address } else { Some(replica.config.address) };
            own.and_then(|own| address(own).ok())
        };
        let host = self.host.clone().or_else(host);
        if self.grpc {
            request.headers_mut().remove(HOST);
            *request.version_mut() = Version::HTTP_2;
            let mut parts = Uri::from(path).into_parts();
            parts.scheme = Some(Scheme::HTTP);
            let written = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
            parts.authority = Some(written.unwrap_or_else(|| Authority::from_static("localhost")));
            *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
        } else {
            *request.uri_mut() = Uri::from(path);
            if let Some(host) = host {
                request.headers_mut().insert(HOST, host);
            }
        }
        request
    }
}

async fn send(replica: &Replica, request: Request<RequestBody>, grpc: bool) -> Sent {
    let sent = match &replica.grpc {
        Some(http2) if grpc => http2
            .send(request, CONNECT)
            .await
            .map(|(answer, lease)| Sent::Answer(answer, Carrier::Http2 { _lease: lease })),
        _ => replica
            .http
            .send(request, CONNECT)
            .await
            .map(|(answer, lease)| Sent::Answer(answer, Carrier::Http1(lease))),
    };
    sent.unwrap_or_else(Sent::Fault)
}

/// Ends when a body that has not ended did not go on for too long.
async fn stalled(upload: Option<&Upload>, idle: Duration, clock: Clock) {
    let Some(upload) = upload else { return std::future::pending().await };
    let mut left = idle;
    loop {
        tokio::time::sleep(left).await;
        let Some(moved) = upload.moved() else { return std::future::pending().await };
        let since = Duration::from_millis(clock.now().saturating_sub(moved));
        match idle.checked_sub(since).filter(|left| !left.is_zero()) {
            Some(more) => left = more,
            None => return,
        }
    }
}
