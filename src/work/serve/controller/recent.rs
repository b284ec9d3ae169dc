//! The router's figures of the last minute, from which rates and latencies follow.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use mlctl_router::{RevisionStats, Snapshot};
use serde::{Deserialize, Serialize};

/// Figures of the traffic are over so long.
const WINDOW: Duration = Duration::from_mins(1);

/// Requests of a revision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LiveTraffic {
    /// All since the router began that an answer was due to.
    pub requests: u64,
    /// Those of them that were the server's fault.
    pub errors: u64,
    /// Requests a second, over the last minute at most.
    pub rate: f64,
    /// Part of the requests that were the server's fault, from 0 to 1, over the same time.
    pub error_rate: f64,
    /// Half of the requests took at most so many milliseconds, over the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_millis: Option<f64>,
    /// 99 % of the requests took at most so many milliseconds, over the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_millis: Option<f64>,
    /// Requests that are under way.
    pub in_flight: u64,
    /// Requests that wait for a replica.
    pub held: u64,
}

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
