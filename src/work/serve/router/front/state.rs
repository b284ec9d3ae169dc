//! What a connection of a client is doing, for whoever ends connections that do nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::scan::HeadScan;
use crate::clock::Clock;

/// One connection's state, shared by its transport, its requests, and what watches it.
pub(crate) struct ConnectionState {
    clock: Clock,
    /// Requests that are under way.
    requests: AtomicUsize,
    /// When the first byte of the head came that is being read; 0 while there is none.
    head: AtomicU64,
    /// When the last request ended, or the connection began.
    rested: AtomicU64,
    /// Whether the head that is being read says its body's length in two ways.
    doubtful: AtomicBool,
    /// Set once it carries something that is no HTTP any more.
    tunnel: AtomicBool,
    /// Answers that wait for the client to take what was handed out last: since when.
    waiting: Mutex<Vec<(u64, Arc<AtomicU64>)>>,
    /// How many were ever in `waiting`, which gives each a name.
    numbers: AtomicU64,
}

/// One request of a connection, until it is dropped.
pub(crate) struct RequestMark {
    state: Arc<ConnectionState>,
    /// Whether its head said its body's length in two ways, of which hyper only shows one.
    pub(crate) doubtful: bool,
}

/// An answer that is streamed: when the client was last handed something that it has to take.
pub(crate) struct StreamMark {
    state: Arc<ConnectionState>,
    number: u64,
    since: Arc<AtomicU64>,
}

/// What is to be done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Fine,
    /// It has been unused for too long: no more requests.
    Unused,
    /// A head does not come to its end.
    SlowHead,
    /// An answer that nobody takes.
    Stuck,
}

impl ConnectionState {
    pub(super) fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            clock,
            requests: AtomicUsize::new(0),
            head: AtomicU64::new(0),
            rested: AtomicU64::new(clock.now()),
            doubtful: AtomicBool::new(false),
            tunnel: AtomicBool::new(false),
            waiting: Mutex::default(),
            numbers: AtomicU64::new(0),
        })
    }

    /// A request's head is there.
    pub(super) fn request(self: &Arc<Self>) -> RequestMark {
        self.requests.fetch_add(1, Relaxed);
        self.head.store(0, Relaxed);
        let doubtful = self.doubtful.load(Relaxed) && self.doubtful.swap(false, Relaxed);
        RequestMark { state: self.clone(), doubtful }
    }

    /// Bytes came. Those of a head are looked at, as hyper drops a length beside an encoding without
    /// a word. What comes while a request is under way is not: it is its body, mostly.
    pub(super) fn read(&self, scan: &mut HeadScan, bytes: &[u8]) {
        if self.requests.load(Relaxed) > 0 {
            return;
        }
        if self.head.load(Relaxed) == 0 {
            self.head.store(self.clock.now(), Relaxed);
            *scan = HeadScan::default();
        }
        if scan.is_doubtful(bytes) {
            self.doubtful.store(true, Relaxed);
        }
    }

    /// It is a tunnel from now on, which has its own watch.
    pub(crate) fn becomes_tunnel(&self) {
        self.tunnel.store(true, Relaxed);
    }

    /// An answer begins that may take long.
    pub(crate) fn stream(self: &Arc<Self>) -> StreamMark {
        let number = self.numbers.fetch_add(1, Relaxed);
        let since = Arc::new(AtomicU64::new(0));
        self.waiting().push((number, since.clone()));
        StreamMark { state: self.clone(), number, since }
    }

    /// `heads` is whether a head comes alone on the connection, as in HTTP/1.1: in HTTP/2 other
    /// frames come between requests.
    pub(super) fn verdict(&self, heads: bool, header: u64, idle: u64) -> Verdict {
        if self.tunnel.load(Relaxed) {
            return Verdict::Fine;
        }
        let now = self.clock.now();
        let over = |since: u64, limit: u64| since != 0 && now.saturating_sub(since) >= limit;
        if self.requests.load(Relaxed) == 0 {
            if heads && over(self.head.load(Relaxed), header) {
                return Verdict::SlowHead;
            }
            if over(self.rested.load(Relaxed), idle) {
                return Verdict::Unused;
            }
        }
        let stuck = self.waiting().iter().any(|(_, since)| over(since.load(Relaxed), idle));
        if stuck { Verdict::Stuck } else { Verdict::Fine }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(u64, Arc<AtomicU64>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RequestMark {
    pub(crate) fn connection(&self) -> &Arc<ConnectionState> {
        &self.state
    }
}

impl Drop for RequestMark {
    fn drop(&mut self) {
        self.state.rested.store(self.state.clock.now(), Relaxed);
        self.state.requests.fetch_sub(1, Relaxed);
    }
}

impl StreamMark {
    /// Something was handed out.
    pub(crate) fn handed_out(&self, now: u64) {
        self.since.store(now, Relaxed);
    }

    /// More is asked for.
    pub(crate) fn asked_for(&self) {
        self.since.store(0, Relaxed);
    }
}

impl Drop for StreamMark {
    fn drop(&mut self) {
        self.state.waiting().retain(|(number, _)| *number != self.number);
    }
}
