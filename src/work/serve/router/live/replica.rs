//! One replica of a revision, over all configurations that have it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderValue;

use super::{Meter, Revision};
use crate::route::{Ejection, Health, Outcome, PeakEwma};
use crate::upstream::{Http1, Http2};
use crate::{ReplicaConfig, ReplicaStats};

/// What a replica without any answer yet is taken to need.
const EXPECTED: Duration = Duration::from_millis(10);

/// A process that answers: its connections, its load and its health.
pub(crate) struct Replica {
    pub(crate) config: ReplicaConfig,
    /// Its id as a header carries it.
    pub(crate) header: HeaderValue,
    pub(crate) http: Arc<Http1>,
    pub(crate) grpc: Option<Arc<Http2>>,
    pub(crate) meter: Meter,
    in_flight: AtomicUsize,
    left: AtomicBool,
    ejections: AtomicU64,
    /// The same as in `state`, to be read without its lock.
    ejected: AtomicBool,
    state: Mutex<State>,
}

struct State {
    health: Health,
    speed: PeakEwma,
}

impl Replica {
    pub(crate) fn new(config: ReplicaConfig, header: HeaderValue) -> Arc<Self> {
        let state =
            State { health: Health::default(), speed: PeakEwma::new(EXPECTED, Instant::now()) };
        Arc::new(Self {
            http: Http1::new(config.address),
            grpc: config.grpc_address.map(Http2::new),
            config,
            header,
            meter: Meter::new(),
            in_flight: AtomicUsize::new(0),
            left: AtomicBool::new(false),
            ejections: AtomicU64::new(0),
            ejected: AtomicBool::new(false),
            state: Mutex::new(state),
        })
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Relaxed)
    }

    /// Whether the configuration no longer has it.
    pub(crate) fn has_left(&self) -> bool {
        self.left.load(Relaxed)
    }

    pub(super) fn set_left(&self, left: bool) {
        self.left.store(left, Relaxed);
        // What is under way keeps its connection.
        self.http.keep(!left);
        if let Some(grpc) = &self.grpc {
            grpc.keep(!left);
        }
    }

    pub(crate) fn is_ejected(&self) -> bool {
        self.ejected.load(Relaxed)
    }

    /// Whether it has room for one more, of at most `most`.
    pub(super) fn has_room(&self, most: usize) -> bool {
        self.in_flight.load(SeqCst) < most
    }

    /// Whether its health lets a request go there.
    pub(super) fn admits(&self, now: Instant) -> bool {
        !self.is_ejected() || self.lock().health.admits(now)
    }

    pub(super) fn cost(&self, now: Instant) -> f64 {
        let speed = self.lock().speed;
        speed.cost(self.in_flight.load(Relaxed), now)
    }

    /// A place for one request. `heedless` is whether its health counts for nothing, as there is no
    /// other.
    pub(super) fn lease(
        self: &Arc<Self>,
        revision: &Arc<Revision>,
        most: usize,
        now: Instant,
        heedless: bool,
    ) -> Option<Lease> {
        let more = |count: usize| (count < most).then_some(count + 1);
        self.in_flight.fetch_update(SeqCst, SeqCst, more).ok()?;
        revision.in_flight.fetch_add(1, Relaxed);
        let mut lease = Lease {
            replica: self.clone(),
            revision: revision.clone(),
            began: now,
            answered: None,
            told: false,
            probe: false,
        };
        if self.is_ejected() {
            let mut state = self.lock();
            if !heedless && !state.health.admits(now) {
                drop(state);
                // It did not begin, so nothing of it is to be taken back but its place.
                lease.told = true;
                return None;
            }
            lease.probe = state.health.begin();
        }
        Some(lease)
    }

    pub(crate) fn stats(&self) -> ReplicaStats {
        ReplicaStats {
            id: self.config.id.clone(),
            address: self.config.address.to_string(),
            left: self.has_left(),
            ejected: self.is_ejected(),
            in_flight: self.in_flight() as u64,
            ejections: self.ejections.load(Relaxed),
            counts: self.meter.counts(),
            latency: self.meter.latency(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request's place at a replica, which is free again when this is dropped.
pub(crate) struct Lease {
    pub(crate) replica: Arc<Replica>,
    pub(crate) revision: Arc<Revision>,
    began: Instant,
    /// How long the answer's head took.
    answered: Option<Duration>,
    told: bool,
    /// Whether it tells whether an ejected replica is well again.
    probe: bool,
}

impl Lease {
    /// The answer's head is there.
    pub(crate) fn answered(&mut self) {
        self.answered = Some(self.began.elapsed());
    }

    /// The try has ended. `others` are the replicas of the revision, of which not all may be
    /// ejected; `stale` is whether a failure says nothing about the replica.
    pub(crate) fn ended(&mut self, outcome: Outcome, others: &[Arc<Replica>], stale: bool) {
        let now = Instant::now();
        let took = now.saturating_duration_since(self.began);
        self.replica.meter.add(outcome, took);
        self.told = true;
        let mut state = self.replica.lock();
        if let Some(answered) = self.answered {
            state.speed.observe(answered, now);
        }
        if outcome.blames() && !stale {
            let ejected = others.iter().filter(|other| other.is_ejected()).count();
            let allowed = Ejection::allows(ejected, others.len());
            if state.health.fail(&Ejection::default(), allowed, self.probe, now) {
                self.replica.ejections.fetch_add(1, Relaxed);
            }
        } else if matches!(outcome, Outcome::Ok | Outcome::ClientError) {
            state.health.succeed();
        } else {
            state.health.abandon(self.probe);
        }
        self.replica.ejected.store(state.health.is_ejected(), Relaxed);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.told && self.probe {
            self.replica.lock().health.abandon(true);
        }
        self.replica.in_flight.fetch_sub(1, SeqCst);
        self.revision.in_flight.fetch_sub(1, Relaxed);
        self.revision.one_freed();
    }
}
