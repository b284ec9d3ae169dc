//! What is counted and told of a request, and what it holds until it ends.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use super::Peer;
use super::shadow::Copy;
use crate::clock::unix_millis;
use crate::front::RequestMark;
use crate::live::{Lease, Live, Revision};
use crate::route::{End, Outcome, Protocol, Refusal, grpc_status, is_grpc};
use crate::upstream::{Http1Lease, Http2Lease, Upload};
use crate::{Access, Record, Sample};

/// The status of the access log for a caller that went away before there was one.
const GONE: u16 = 499;

/// The connection that carries a request to its replica.
pub(crate) enum Carrier {
    Http1(Http1Lease),
    Http2 {
        /// Held for its place.
        _lease: Http2Lease,
    },
}

/// A request under way. One that is dropped before it has ended was cancelled by its caller.
pub(crate) struct Account {
    pub(super) peer: Peer,
    pub(super) mark: RequestMark,
    pub(super) attempts: u32,
    pub(super) lease: Option<Lease>,
    pub(super) carrier: Option<Carrier>,
    pub(super) upload: Option<Arc<Upload>>,
    pub(super) shadow: Option<Box<Copy>>,
    /// Whether the request has a body that nobody has begun to read.
    pub(super) body_left: bool,
    revision: Option<Arc<Revision>>,
    started: Instant,
    at_millis: u64,
    status: Option<StatusCode>,
    protocol: Protocol,
    sent: u64,
    log: Option<Box<Log>>,
    ended: bool,
}

/// What only records need.
struct Log {
    method: Method,
    path: String,
    access: bool,
    sample: Option<Sampled>,
    replica: Option<String>,
}

struct Sampled {
    limit: usize,
    request_type: Option<String>,
    answer_type: Option<String>,
    answer: BytesMut,
}

impl Account {
    pub(super) fn new(
        peer: Peer,
        mark: RequestMark,
        live: &Live,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Self {
        peer.shared.in_flight.fetch_add(1, Relaxed);
        let mut log = None;
        if peer.shared.records.is_some() {
            let config = &live.config;
            let sampled = config.log.as_ref().filter(|log| fastrand::f64() < log.sample);
            if config.access_log || sampled.is_some() {
                log = Some(Box::new(Log {
                    method: method.clone(),
                    path: uri.path_and_query().map_or_else(|| uri.to_string(), ToString::to_string),
                    access: config.access_log,
                    sample: sampled.map(|log| Sampled {
                        limit: log.max_body,
                        request_type: text(headers.get(CONTENT_TYPE)),
                        answer_type: None,
                        answer: BytesMut::new(),
                    }),
                    replica: None,
                }));
            }
        }
        Self {
            peer,
            mark,
            attempts: 0,
            lease: None,
            carrier: None,
            upload: None,
            shadow: None,
            body_left: false,
            revision: None,
            started: Instant::now(),
            at_millis: unix_millis(),
            status: None,
            protocol: Protocol::Http,
            sent: 0,
            log,
            ended: false,
        }
    }

    /// Who answers, as headers name it.
    pub(super) fn names(&self) -> Option<(HeaderValue, HeaderValue)> {
        let lease = self.lease.as_ref()?;
        Some((lease.revision.header.clone(), lease.replica.header.clone()))
    }

    /// The revision that is to answer, as a header names it.
    pub(super) fn revision_header(&self) -> Option<HeaderValue> {
        self.revision.as_ref().map(|revision| revision.header.clone())
    }

    /// Whether an answer of gRPC still lacks what it must end with.
    pub(super) fn lacks_trailers(&self) -> bool {
        self.protocol == Protocol::Grpc(None)
    }

    /// The revision that is to answer, in words.
    pub(super) fn revision_name(&self) -> String {
        self.revision.as_ref().map(|revision| revision.name.clone()).unwrap_or_default()
    }

    /// Sends the copy for the shadow if the request's body is all there; else it goes at the end.
    pub(super) fn shadow_now(&mut self) {
        if self.upload.as_ref().is_none_or(|upload| upload.complete())
            && let Some(copy) = self.shadow.take()
        {
            copy.send(&self.peer.shared, self.upload.as_deref());
        }
    }

    pub(super) fn started(&self) -> Instant {
        self.started
    }

    /// How many bytes of the request's body are wanted for a record.
    pub(super) fn wants(&self) -> usize {
        let sample = self.log.as_ref().and_then(|log| log.sample.as_ref());
        sample.map_or(0, |sample| sample.limit)
    }

    /// The revision that is to answer.
    pub(super) fn goes_to(&mut self, revision: &Arc<Revision>) {
        if !self.revision.as_ref().is_some_and(|one| Arc::ptr_eq(one, revision)) {
            revision.began(self.at_millis);
            self.revision = Some(revision.clone());
        }
    }

    /// The answer's head as the caller gets it.
    pub(super) fn answers(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.status = Some(status);
        self.protocol = protocol(headers);
        if let Some(log) = &mut self.log {
            log.replica = self.lease.as_ref().map(|lease| lease.replica.config.id.clone());
            if let Some(sample) = &mut log.sample {
                sample.answer_type = text(headers.get(CONTENT_TYPE));
            }
        }
    }

    /// A piece of the answer's body goes to the caller.
    pub(super) fn sends(&mut self, piece: &Bytes) {
        self.sent += piece.len() as u64;
        if let Some(sample) = self.log.as_mut().and_then(|log| log.sample.as_mut()) {
            let room = sample.limit.saturating_sub(sample.answer.len());
            sample.answer.extend_from_slice(&piece[..piece.len().min(room)]);
        }
    }

    /// The answer's trailers go to the caller.
    pub(super) fn trails(&mut self, code: Option<u32>) {
        if let Protocol::Grpc(known) = &mut self.protocol
            && code.is_some()
        {
            *known = code;
        }
    }

    /// A try came to nothing, and its connection is not used again.
    pub(super) fn try_failed(&mut self, outcome: Outcome, stale: bool) {
        self.carrier = None;
        if let Some(mut lease) = self.lease.take() {
            let live = self.peer.shared.live();
            lease.ended(outcome, live.replicas_of(&lease.revision), stale);
        }
    }

    /// The request ends with an answer of the router's own.
    pub(super) fn refused(&mut self, refusal: &Refusal, status: StatusCode, grpc: Option<u32>) {
        self.status = Some(status);
        self.protocol = grpc.map_or(Protocol::Http, |code| Protocol::Grpc(Some(code)));
        let outcome = match (&self.revision, refusal.outcome()) {
            (Some(_), Some(outcome)) => Some(outcome),
            _ => None,
        };
        self.end(outcome.unwrap_or(Outcome::ClientError), outcome.is_some());
    }

    /// The request ends with its answer.
    pub(super) fn finish(&mut self, end: End) {
        if self.ended {
            return;
        }
        let outcome = Outcome::of(self.status.unwrap_or_default(), self.protocol, end);
        let whole =
            end == End::Whole && self.upload.as_ref().is_none_or(|upload| upload.complete());
        if let Some(mut lease) = self.lease.take() {
            if outcome.blames() {
                let live = self.peer.shared.live();
                lease.ended(outcome, live.replicas_of(&lease.revision), false);
            } else {
                lease.ended(outcome, &[], false);
            }
            if let Some(Carrier::Http1(connection)) = self.carrier.take()
                && whole
                && !lease.replica.has_left()
            {
                connection.release(self.peer.shared.clock.now());
            }
        }
        self.carrier = None;
        self.end(outcome, true);
    }

    fn end(&mut self, outcome: Outcome, judged: bool) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let duration = self.started.elapsed();
        match &self.revision {
            Some(revision) if judged && outcome == Outcome::Shed => revision.meter.count(outcome),
            Some(revision) if judged => revision.meter.add(outcome, duration),
            _ => {
                self.peer.shared.refused.fetch_add(1, Relaxed);
            }
        }
        if let Some(copy) = self.shadow.take() {
            copy.send(&self.peer.shared, self.upload.as_deref());
        }
        if let Some(log) = self.log.take() {
            self.record(*log, outcome, duration);
        }
        if let Some(upload) = self.upload.take() {
            upload.abandon();
        }
        self.peer.shared.in_flight.fetch_sub(1, Relaxed);
    }

    fn record(&self, log: Log, outcome: Outcome, duration: std::time::Duration) {
        let Some(records) = &self.peer.shared.records else { return };
        let access = Access {
            at_millis: self.at_millis,
            client: self.peer.address,
            method: log.method,
            path: log.path,
            status: self.status.map_or(GONE, |status| status.as_u16()),
            grpc_status: match self.protocol {
                Protocol::Grpc(code) => code,
                Protocol::Http => None,
            },
            revision: self.revision.as_ref().map(|revision| revision.name.clone()),
            replica: log.replica,
            attempts: self.attempts,
            sent: self.sent,
            duration,
            outcome: outcome.name(),
        };
        let send = |record| {
            if records.try_send(record).is_err() {
                self.peer.shared.dropped_records.fetch_add(1, Relaxed);
            }
        };
        if let Some(sample) = log.sample {
            let (request, request_cut) = self
                .upload
                .as_ref()
                .map_or((Bytes::new(), false), |upload| upload.start(sample.limit));
            send(Record::Sample(Box::new(Sample {
                access: access.clone(),
                request_type: sample.request_type,
                request,
                request_cut,
                answer_type: sample.answer_type,
                answer_cut: self.sent > sample.answer.len() as u64,
                answer: sample.answer.freeze(),
            })));
        }
        if log.access {
            send(Record::Access(access));
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.finish(End::Cancelled);
    }
}

/// Of which protocol an answer is, with the code that its head has.
pub(super) fn protocol(headers: &HeaderMap) -> Protocol {
    if is_grpc(headers) { Protocol::Grpc(grpc_status(headers)) } else { Protocol::Http }
}

fn text(value: Option<&HeaderValue>) -> Option<String> {
    value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
