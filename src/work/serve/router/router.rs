//! The handle.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::clock::{Clock, unix_millis};
use crate::live::{Live, Past, Replica, Revision};
use crate::route::Sequence;
use crate::{
    ConfigError, DroppedStats, Record, ReplicaStats, RevisionStats, RouterConfig, STATS_VERSION,
    Snapshot, front,
};

/// A router: what it is told to do, what it has counted, and who is connected. Cheap to clone; all
/// clones are the same router.
#[derive(Clone)]
pub struct Router(Arc<Shared>);

/// What all connections and requests of a router share.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) points: Sequence,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) connections: AtomicUsize,
    pub(crate) refused: AtomicU64,
    pub(crate) dropped_records: AtomicU64,
    pub(crate) dropped_shadows: AtomicU64,
    pub(crate) dropped_retries: AtomicU64,
    /// Copies for the shadow that are under way.
    pub(crate) shadows: AtomicUsize,
    pub(crate) records: Option<mpsc::Sender<Record>>,
    live: Mutex<Arc<Live>>,
    /// Held while the configuration changes.
    past: Mutex<Past>,
    started_millis: u64,
    /// Tunnels that are open, each a connection that is counted here instead of there; whether they
    /// must end is the other.
    tunnels: watch::Sender<usize>,
    tunnels_end: watch::Sender<bool>,
}

impl Router {
    /// A router with a configuration. Records of requests go to `records`, if there is one.
    pub fn new(
        config: RouterConfig,
        records: Option<mpsc::Sender<Record>>,
    ) -> Result<Self, ConfigError> {
        let past = Past::default();
        let live = Live::new(config, None, &past)?;
        Ok(Self(Arc::new(Shared {
            clock: Clock::new(),
            points: Sequence::default(),
            in_flight: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
            dropped_records: AtomicU64::new(0),
            dropped_shadows: AtomicU64::new(0),
            dropped_retries: AtomicU64::new(0),
            shadows: AtomicUsize::new(0),
            records,
            live: Mutex::new(Arc::new(live)),
            past: Mutex::new(past),
            started_millis: unix_millis(),
            tunnels: watch::Sender::new(0),
            tunnels_end: watch::Sender::new(false),
        })))
    }

    /// Puts another configuration in the place of the one before, at once and as a whole; one that
    /// can't be used changes nothing. Requests under way end where they are, those that wait look
    /// again, and replicas that stay (the same id and addresses) keep their connections.
    pub fn configure(&self, config: RouterConfig) -> Result<(), ConfigError> {
        let shared = &self.0;
        let mut past = lock(&shared.past);
        let before = shared.live();
        let now = Arc::new(Live::new(config, Some(&before), &past)?);
        *lock(&shared.live) = now.clone();
        past.replaced(&before, &now);
        Ok(())
    }

    /// The configuration in use, with the assignment that is really used.
    pub fn config(&self) -> Arc<RouterConfig> {
        self.0.live().config.clone()
    }

    /// All figures of now.
    pub fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }

    /// All figures of now as Prometheus text (the exposition format 0.0.4).
    pub fn metrics(&self) -> String {
        self.0.metrics()
    }

    /// Takes connections until `stop`; what is under way then may go on for `drain`. It returns when
    /// nothing of it is left.
    pub async fn serve(
        &self,
        listener: TcpListener,
        tls: Option<Arc<rustls::ServerConfig>>,
        stop: impl Future<Output = ()>,
        drain: Duration,
    ) {
        front::serve(self.0.clone(), listener, tls, stop, drain).await;
    }

    /// Answers `GET /metrics`, `/healthz` and `/snapshot` (JSON) until `stop`. It asks for no token:
    /// the address is to be one that callers don't reach.
    pub async fn serve_admin(&self, listener: TcpListener, stop: impl Future<Output = ()>) {
        front::serve_admin(self.0.clone(), listener, stop).await;
    }
}

impl Shared {
    /// The configuration in use.
    pub(crate) fn live(&self) -> Arc<Live> {
        lock(&self.live).clone()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let past = lock(&self.past);
        let live = self.live();
        let figures =
            |revision: &Arc<Revision>, weight: u32, replicas: &[Arc<Replica>], left: bool| {
                let replicas = replicas.iter().chain(past.busy_replicas(revision));
                let replicas: Vec<ReplicaStats> = replicas.map(|replica| replica.stats()).collect();
                RevisionStats {
                    name: revision.name.clone(),
                    weight,
                    left,
                    in_flight: revision.in_flight.load(Relaxed) as u64,
                    held: revision.held.load(Relaxed) as u64,
                    retries: revision.retries.load(Relaxed),
                    shadowed: revision.shadowed.load(Relaxed),
                    counts: revision.meter.counts(),
                    latency: revision.meter.latency(),
                    window: revision.window(),
                    replicas,
                }
            };
        let served = live.served.iter();
        let of_now = served.map(|one| figures(&one.revision, one.weight, &one.replicas, false));
        let gone = past.busy_revisions().map(|revision| figures(revision, 0, &[], true));
        Snapshot {
            schema_version: STATS_VERSION,
            endpoint: live.config.endpoint.clone(),
            at_millis: unix_millis(),
            started_millis: self.started_millis,
            in_flight: self.in_flight.load(Relaxed) as u64,
            connections: self.connections.load(Relaxed) as u64,
            refused: self.refused.load(Relaxed),
            dropped: DroppedStats {
                records: self.dropped_records.load(Relaxed),
                shadows: self.dropped_shadows.load(Relaxed),
                retries: self.dropped_retries.load(Relaxed),
            },
            revisions: of_now.chain(gone).collect(),
        }
    }

    pub(crate) fn metrics(&self) -> String {
        self.snapshot().prometheus()
    }

    /// Closes connections to replicas that have been unused for the idle time-out.
    pub(crate) fn sweep(&self) {
        let live = self.live();
        let idle = u64::try_from(live.config.limits.idle_timeout.as_millis()).unwrap_or(u64::MAX);
        let before = self.clock.now().saturating_sub(idle);
        for replica in live.served.iter().flat_map(|served| &served.replicas) {
            replica.http.sweep(before);
            if let Some(grpc) = &replica.grpc {
                grpc.sweep(before);
            }
        }
    }

    /// Counts a tunnel until what it gives is dropped.
    pub(crate) fn tunnel_opened(self: &Arc<Self>) -> Tunnel {
        self.connections.fetch_add(1, Relaxed);
        self.tunnels.send_modify(|count| *count += 1);
        Tunnel(self.clone())
    }

    /// How many tunnels are open, and when that changes.
    pub(crate) fn tunnels(&self) -> watch::Receiver<usize> {
        self.tunnels.subscribe()
    }

    /// Waits until no tunnel is open.
    pub(crate) async fn tunnels_ended(&self) {
        let _ = self.tunnels.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Ends all tunnels, also those that open later.
    pub(crate) fn end_tunnels(&self) {
        self.tunnels_end.send_replace(true);
    }

    /// Waits for [`Shared::end_tunnels`].
    pub(crate) async fn tunnels_must_end(&self) {
        let _ = self.tunnels_end.subscribe().wait_for(|end| *end).await;
    }
}

/// A tunnel that is open.
pub(crate) struct Tunnel(Arc<Shared>);

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.0.tunnels.send_modify(|count| *count -= 1);
        self.0.connections.fetch_sub(1, Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
