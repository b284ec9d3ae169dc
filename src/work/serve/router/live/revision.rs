//! What is known of a revision over all configurations that have it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

use tokio::sync::Notify;

use super::Meter;
use crate::Window;

/// A revision by its name: its figures, and those who wait for one of its replicas.
pub(crate) struct Revision {
    pub(crate) name: String,
    /// `name` as a header carries it.
    pub(crate) header: http::HeaderValue,
    pub(crate) meter: Meter,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) held: AtomicUsize,
    pub(crate) retries: AtomicU64,
    pub(crate) shadowed: AtomicU64,
    first: AtomicU64,
    last: AtomicU64,
    /// One permit for each replica that has room again, and a call to all for a new configuration.
    freed: Notify,
}

impl Revision {
    pub(crate) fn new(name: &str, header: http::HeaderValue) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            header,
            meter: Meter::new(),
            in_flight: AtomicUsize::new(0),
            held: AtomicUsize::new(0),
            retries: AtomicU64::new(0),
            shadowed: AtomicU64::new(0),
            first: AtomicU64::new(0),
            last: AtomicU64::new(0),
            freed: Notify::new(),
        })
    }

    /// A request for it began, at a time in milliseconds since 1970.
    pub(crate) fn began(&self, at: u64) {
        if self.first.load(Relaxed) == 0 {
            let _ = self.first.compare_exchange(0, at, Relaxed, Relaxed);
        }
        self.last.fetch_max(at, Relaxed);
    }

    pub(crate) fn window(&self) -> Option<Window> {
        let first_millis = self.first.load(Relaxed);
        let last_millis = self.last.load(Relaxed).max(first_millis);
        (first_millis != 0).then_some(Window { first_millis, last_millis })
    }

    /// Whether it has requests, waiting ones included.
    pub(super) fn busy(&self) -> bool {
        self.in_flight.load(Relaxed) + self.held.load(Relaxed) > 0
    }

    /// A replica has room for one more.
    pub(crate) fn one_freed(&self) {
        if self.held.load(SeqCst) > 0 {
            self.freed.notify_one();
        }
    }

    /// Everybody who waits has to look again.
    pub(super) fn changed(&self) {
        self.freed.notify_waiters();
    }

    /// Whether a request may take what is free without asking who came before it.
    pub(crate) fn nobody_waits(&self) -> bool {
        self.held.load(SeqCst) == 0
    }

    /// A place among those who wait. None if `limit` wait already.
    pub(crate) fn wait(self: &Arc<Self>, limit: usize) -> Option<Place> {
        let before = self.held.fetch_add(1, SeqCst);
        let place = Place { revision: self.clone(), first: before == 0 };
        (before < limit).then_some(place)
    }

    pub(crate) fn freed(&self) -> tokio::sync::futures::Notified<'_> {
        self.freed.notified()
    }
}

/// Somebody who waits.
pub(crate) struct Place {
    revision: Arc<Revision>,
    /// Whether nobody waited before: then there may be room that nobody will be told of.
    pub(crate) first: bool,
}

impl Place {
    pub(crate) fn revision(&self) -> &Arc<Revision> {
        &self.revision
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.revision.held.fetch_sub(1, SeqCst);
    }
}
