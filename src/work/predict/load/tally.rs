//! What one part of a load test has seen; parts are added up.

use std::collections::BTreeMap;
use std::time::Duration;

use mlctl_router::Histogram;

use crate::work::protocol::CallError;

/// The most revisions that are told apart: a server can name any.
const REVISIONS: usize = 64;
/// What is counted under no name of its own.
const OTHERS: &str = "(others)";

/// Latencies: a histogram, and the longest exactly.
#[derive(Clone, Debug, Default)]
pub(super) struct Latencies {
    pub(super) histogram: Histogram,
    pub(super) longest: Duration,
}

impl Latencies {
    pub(super) fn add(&mut self, latency: Duration) {
        self.histogram.add(latency);
        self.longest = self.longest.max(latency);
    }

    fn plus(&mut self, other: &Self) {
        self.histogram = self.histogram.plus(&other.histogram);
        self.longest = self.longest.max(other.longest);
    }
}

/// Requests that one revision has answered.
#[derive(Clone, Debug, Default)]
pub(super) struct OfRevision {
    pub(super) requests: u64,
    pub(super) failed: u64,
    pub(super) latencies: Latencies,
}

/// Failures of a kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures {
    pub(super) count: u64,
    /// What the first of them said.
    pub(super) example: String,
}

/// One request that has come to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended<'a> {
    /// Why it has no prediction.
    pub(super) error: Option<&'a CallError>,
    /// The revision that the answer names.
    pub(super) revision: Option<&'a str>,
    /// From when it should have been sent.
    pub(super) latency: Duration,
    /// From when it was sent.
    pub(super) service: Duration,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    pub(super) failed: u64,
    /// Requests that were due, and for which no place was free until the end.
    pub(super) unsent: u64,
    pub(super) latencies: Latencies,
    pub(super) service: Latencies,
    pub(super) failures: BTreeMap<String, Failures>,
    pub(super) revisions: BTreeMap<String, OfRevision>,
}

impl Tally {
    /// Counts a request. Those that are refused or cut off have no latency that would say anything: a
    /// refusal can be as quick as it likes. One that timed out took at least that long.
    pub(super) fn add(&mut self, ended: &Ended<'_>) {
        self.requests += 1;
        let counts = match ended.error {
            None => true,
            Some(error) => {
                self.failed += 1;
                let failures = self.failures.entry(error.kind()).or_default();
                failures.count += 1;
                if failures.example.is_empty() {
                    failures.example = error.to_string();
                }
                matches!(error, CallError::Timeout { .. })
            }
        };
        if counts {
            self.latencies.add(ended.latency);
            self.service.add(ended.service);
        }
        let Some(revision) = ended.revision else { return };
        let is_known = self.revisions.contains_key(revision) || self.revisions.len() < REVISIONS;
        let name = if is_known { revision } else { OTHERS };
        let of = self.revisions.entry(name.to_owned()).or_default();
        of.requests += 1;
        of.failed += u64::from(ended.error.is_some());
        if counts {
            of.latencies.add(ended.latency);
        }
    }

    /// Counts a request that was due so long before the end and never sent: its latency would have been at
    /// least that.
    pub(super) fn add_unsent(&mut self, waited: Duration) {
        self.unsent += 1;
        self.latencies.add(waited);
    }

    /// Both together.
    pub(super) fn plus(mut self, other: &Self) -> Self {
        self.requests += other.requests;
        self.failed += other.failed;
        self.unsent += other.unsent;
        self.latencies.plus(&other.latencies);
        self.service.plus(&other.service);
        for (kind, failures) in &other.failures {
            let own = self.failures.entry(kind.clone()).or_default();
            own.count += failures.count;
            if own.example.is_empty() {
                own.example.clone_from(&failures.example);
            }
        }
        for (revision, of) in &other.revisions {
            let own = self.revisions.entry(revision.clone()).or_default();
            own.requests += of.requests;
            own.failed += of.failed;
            own.latencies.plus(&of.latencies);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(latency: u64) -> Ended<'static> {
        let latency = Duration::from_millis(latency);
        Ended { error: None, revision: Some("v1"), latency, service: Duration::from_millis(1) }
    }

    #[test]
    fn parts_add_up() {
        let refused = CallError::Refused { place: "p".into(), code: 503, words: "busy".into() };
        let late = CallError::Timeout { place: "p".into(), limit: Duration::from_secs(9) };
        let (mut one, mut two) = (Tally::default(), Tally::default());
        one.add(&ended(5));
        one.add(&Ended { error: Some(&refused), ..ended(1) });
        two.add(&Ended { error: Some(&late), revision: None, ..ended(9000) });
        two.add(&Ended { error: Some(&refused), revision: None, ..ended(1) });
        two.add_unsent(Duration::from_secs(20));
        let all = one.plus(&two);
        assert_eq!((all.requests, all.failed, all.unsent), (4, 3, 1));
        assert_eq!(all.failures["status 503"].count, 2);
        assert_eq!(all.failures["status 503"].example, "p answers 503: busy");
        // A refusal's time is nobody's latency.
        assert_eq!(all.latencies.histogram.count(), 3);
        assert_eq!(all.latencies.longest, Duration::from_secs(20));
        assert_eq!(all.service.histogram.count(), 2);
        assert_eq!((all.revisions["v1"].requests, all.revisions["v1"].failed), (2, 1));
    }

    #[test]
    fn a_server_that_names_ever_new_revisions_takes_no_memory() {
        let mut tally = Tally::default();
        for number in 0..10_000 {
            let name = format!("r{number}");
            tally.add(&Ended { revision: Some(&name), ..ended(1) });
        }
        assert_eq!(tally.revisions.len(), REVISIONS + 1);
        assert_eq!(tally.revisions[OTHERS].requests, 10_000 - REVISIONS as u64);
    }
}
