//! Figures at one moment, to be compared with those of another.

use serde::{Deserialize, Serialize};

use super::Histogram;

/// The number of the format of [`Snapshot`].
pub const STATS_VERSION: u32 = 1;

/// All figures of a router at one moment. Counts only grow while the router lives; what happened
/// between two moments is [`Snapshot::since`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// [`STATS_VERSION`].
    pub schema_version: u32,
    /// The endpoint.
    pub endpoint: String,
    /// Milliseconds since 1970.
    pub at_millis: u64,
    /// When this router began to count, in milliseconds since 1970. Two snapshots with different
    /// starts are of different processes and can't be subtracted.
    pub started_millis: u64,
    /// Requests inside the router now, held ones included.
    pub in_flight: u64,
    /// Connections of clients now.
    pub connections: u64,
    /// Requests that no revision is to blame for: refused tokens, unknown revisions, malformed ones.
    pub refused: u64,
    /// What was not done because it would have cost requests something.
    pub dropped: DroppedStats,
    /// Revisions of the configuration, in its order, then those that left and still have requests.
    pub revisions: Vec<RevisionStats>,
}

/// Extra work that was left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DroppedStats {
    /// Records of requests that found the channel full.
    pub records: u64,
    /// Copies for the shadow that were not sent: a body too large, too many at once, no replica.
    pub shadows: u64,
    /// Retries that the budget did not allow.
    pub retries: u64,
}

/// A revision's figures: what its callers saw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionStats {
    /// The revision.
    pub name: String,
    /// Its weight in the configuration; 0 for one that left.
    pub weight: u32,
    /// Whether it has left the configuration.
    pub left: bool,
    /// Requests that have a replica now.
    pub in_flight: u64,
    /// Requests that wait for a replica now.
    pub held: u64,
    /// Tries that were not the first of their request.
    pub retries: u64,
    /// Copies of requests that it got as the shadow, which count nowhere else in the revision.
    pub shadowed: u64,
    /// Ended requests.
    pub counts: Counts,
    /// How long requests took, from the head until the answer's last byte, waiting included.
    pub latency: Histogram,
    /// When the first and the last request began, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Replicas of the configuration, then those that left and still have requests.
    pub replicas: Vec<ReplicaStats>,
}

/// When requests began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Window {
    /// The first one, in milliseconds since 1970.
    pub first_millis: u64,
    /// The last one, in milliseconds since 1970.
    pub last_millis: u64,
}

/// A replica's figures: what it did with each try that it got.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaStats {
    /// The replica.
    pub id: String,
    /// Where it is.
    pub address: String,
    /// Whether it has left the configuration and is being drained. It is no longer listed once
    /// `in_flight` is 0.
    pub left: bool,
    /// Whether it gets no requests for now because it failed.
    pub ejected: bool,
    /// Requests that it has now, shadow copies included.
    pub in_flight: u64,
    /// How often it was ejected.
    pub ejections: u64,
    /// Ended tries, shadow copies included.
    pub counts: Counts,
    /// How long tries took until the answer's last byte.
    pub latency: Histogram,
}

/// Ended requests by what came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Answered.
    pub ok: u64,
    /// The caller's fault: 4xx, or a gRPC status that means the like.
    pub client_error: u64,
    /// The server's fault: 5xx, no answer in time, or a gRPC status that means the like, wherever it
    /// stands.
    pub server_error: u64,
    /// Answers that broke off.
    pub cut: u64,
    /// Callers that went away before the end.
    pub cancelled: u64,
    /// Requests that the router refused because too many were there, or nobody to answer them.
    pub shed: u64,
}

impl Counts {
    /// All ended requests.
    pub fn total(&self) -> u64 {
        self.ok + self.client_error + self.server_error + self.cut + self.cancelled + self.shed
    }

    /// Those that are the revision's fault: a wrong answer, or none to the end. What was shed is a
    /// matter of size and not of what the revision does.
    pub fn failed(&self) -> u64 {
        self.server_error + self.cut
    }

    /// Those that got an answer or should have: what a rate of errors is a part of.
    pub fn judged(&self) -> u64 {
        self.ok + self.client_error + self.server_error + self.cut
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            ok: self.ok.saturating_sub(earlier.ok),
            client_error: self.client_error.saturating_sub(earlier.client_error),
            server_error: self.server_error.saturating_sub(earlier.server_error),
            cut: self.cut.saturating_sub(earlier.cut),
            cancelled: self.cancelled.saturating_sub(earlier.cancelled),
            shed: self.shed.saturating_sub(earlier.shed),
        }
    }

    fn plus(&self, other: &Self) -> Self {
        Self {
            ok: self.ok + other.ok,
            client_error: self.client_error + other.client_error,
            server_error: self.server_error + other.server_error,
            cut: self.cut + other.cut,
            cancelled: self.cancelled + other.cancelled,
            shed: self.shed + other.shed,
        }
    }
}

impl Snapshot {
    /// The figures of one revision.
    pub fn revision(&self, name: &str) -> Option<&RevisionStats> {
        self.revisions.iter().find(|revision| revision.name == name)
    }

    /// What happened after `earlier`: counts and latencies are differences, what is "now" stays that
    /// of `self`. After a restart of the router (another `started_millis`) everything that `self` has
    /// is new.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut new = self.clone();
        if self.started_millis != earlier.started_millis {
            return new;
        }
        new.refused = self.refused.saturating_sub(earlier.refused);
        new.dropped = DroppedStats {
            records: self.dropped.records.saturating_sub(earlier.dropped.records),
            shadows: self.dropped.shadows.saturating_sub(earlier.dropped.shadows),
            retries: self.dropped.retries.saturating_sub(earlier.dropped.retries),
        };
        for revision in &mut new.revisions {
            if let Some(before) = earlier.revision(&revision.name) {
                *revision = revision.since(before);
            }
        }
        new
    }
}

impl RevisionStats {
    /// What happened after `earlier`; `window` stays, as a request's time is known, not each one's.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut new = self.clone();
        new.retries = self.retries.saturating_sub(earlier.retries);
        new.shadowed = self.shadowed.saturating_sub(earlier.shadowed);
        new.counts = self.counts.since(&earlier.counts);
        new.latency = self.latency.since(&earlier.latency);
        for replica in &mut new.replicas {
            let same =
                |other: &&ReplicaStats| other.id == replica.id && other.address == replica.address;
            if let Some(before) = earlier.replicas.iter().find(same) {
                replica.ejections = replica.ejections.saturating_sub(before.ejections);
                replica.counts = replica.counts.since(&before.counts);
                replica.latency = replica.latency.since(&before.latency);
            }
        }
        new
    }

    /// The figures of this and the same revision of another router of the endpoint, together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        sum.in_flight += other.in_flight;
        sum.held += other.held;
        sum.retries += other.retries;
        sum.shadowed += other.shadowed;
        sum.counts = sum.counts.plus(&other.counts);
        sum.latency = sum.latency.plus(&other.latency);
        sum.window = match (self.window, other.window) {
            (Some(one), Some(two)) => Some(Window {
                first_millis: one.first_millis.min(two.first_millis),
                last_millis: one.last_millis.max(two.last_millis),
            }),
            (one, two) => one.or(two),
        };
        for replica in &other.replicas {
            let same =
                |one: &&mut ReplicaStats| one.id == replica.id && one.address == replica.address;
            if let Some(one) = sum.replicas.iter_mut().find(same) {
                one.in_flight += replica.in_flight;
                one.ejections += replica.ejections;
                one.ejected |= replica.ejected;
                one.counts = one.counts.plus(&replica.counts);
                one.latency = one.latency.plus(&replica.latency);
            } else {
                sum.replicas.push(replica.clone());
            }
        }
        sum
    }
}
