//! The router's figures of the last minute, from which rates and latencies follow.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use mlctl_router::{RevisionStats, Snapshot};

use super::live::LiveTraffic;

/// Figures of the traffic are over so long.
const WINDOW: Duration = Duration::from_mins(1);

/// The router's figures of the last minute.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<(Instant, Snapshot)>);

impl Recent {
    pub(super) fn add(&mut self, snapshot: Snapshot) {
        let now = Instant::now();
        self.0.push_back((now, snapshot));
        while self.0.len() > 2 && self.0.get(1).is_some_and(|(at, _)| now - *at >= WINDOW) {
            self.0.pop_front();
        }
    }

    /// The newest figures.
    pub(super) fn last(&self) -> Option<&Snapshot> {
        self.0.back().map(|(_, snapshot)| snapshot)
    }

    /// The requests of a revision.
    pub(super) fn traffic(&self, name: &str) -> LiveTraffic {
        let Some((at, snapshot)) = self.0.back() else { return LiveTraffic::default() };
        let Some(now) = snapshot.revision(name) else { return LiveTraffic::default() };
        let mut traffic = LiveTraffic {
            requests: now.counts.judged(),
            errors: now.counts.failed(),
            in_flight: now.in_flight,
            held: now.held,
            ..LiveTraffic::default()
        };
        let Some((since, first)) = self.0.front() else { return traffic };
        let empty = RevisionStats::default();
        let new = now.since(first.revision(name).unwrap_or(&empty));
        let past = (*at - *since).as_secs_f64();
        if past > 0.0 {
            traffic.rate = new.counts.judged() as f64 / past;
        }
        if new.counts.judged() > 0 {
            traffic.error_rate = new.counts.failed() as f64 / new.counts.judged() as f64;
        }
        let millis = |part| new.latency.quantile(part).map(|time| time.as_secs_f64() * 1000.0);
        traffic.p50_millis = millis(0.5);
        traffic.p99_millis = millis(0.99);
        traffic
    }
}
