//! Figures as Prometheus reads them.

use std::fmt::{Display, Write};

use super::{Counts, Histogram, ReplicaStats, RevisionStats, Snapshot};

/// What [`Snapshot::prometheus`] is by `Content-Type`.
pub const PROMETHEUS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Bounds of buckets: from 2^8 microseconds (0.256 ms) to 2^27 (134 s), two for each power of two.
/// A [`Histogram`] has an end of a bucket at each of them, so that no count is a guess.
const POWERS: std::ops::Range<u32> = 8..27;

impl Snapshot {
    /// All figures in Prometheus' text format, version 0.0.4. Names begin with `mlctl_router_`;
    /// durations are seconds. A revision or replica that left and came back is one series.
    pub fn prometheus(&self) -> String {
        let mut text = Text::default();
        let revisions = merged(&self.revisions);

        text.family("info", "gauge", "The endpoint.");
        text.sample("info", &[("endpoint", &self.endpoint)], 1);
        text.family("start_time_seconds", "gauge", "When the router began to count.");
        text.sample("start_time_seconds", &[], self.started_millis as f64 / 1e3);
        text.family("in_flight", "gauge", "Requests inside the router, held ones included.");
        text.sample("in_flight", &[], self.in_flight);
        text.family("connections", "gauge", "Connections of clients.");
        text.sample("connections", &[], self.connections);
        text.family("refused_total", "counter", "Requests that no revision is to blame for.");
        text.sample("refused_total", &[], self.refused);
        text.family("dropped_total", "counter", "Work left out so that no request pays for it.");
        for (what, count) in [
            ("records", self.dropped.records),
            ("shadows", self.dropped.shadows),
            ("retries", self.dropped.retries),
        ] {
            text.sample("dropped_total", &[("what", what)], count);
        }

        text.family("requests_total", "counter", "Ended requests by what came of them.");
        for revision in &revisions {
            for (outcome, count) in outcomes(&revision.counts) {
                let labels = [("revision", revision.name.as_str()), ("outcome", outcome)];
                text.sample("requests_total", &labels, count);
            }
        }
        let help = "From a request's head to its answer's last byte, waiting included.";
        text.family("request_duration_seconds", "histogram", help);
        for revision in &revisions {
            text.histogram("request_duration_seconds", &revision.name, &revision.latency);
        }
        for (name, kind, help, value) in REVISION_FIGURES {
            text.family(name, kind, help);
            for revision in &revisions {
                text.sample(name, &[("revision", &revision.name)], value(revision));
            }
        }

        let replicas = || {
            revisions.iter().flat_map(|revision| {
                revision.replicas.iter().map(move |replica| (revision, replica))
            })
        };
        let help = "Ended tries of a replica by what came of them, shadow copies included.";
        text.family("replica_requests_total", "counter", help);
        for (revision, replica) in replicas() {
            for (outcome, count) in outcomes(&replica.counts) {
                let [one, two, three] = labels(revision, replica);
                let labels = [one, two, three, ("outcome", outcome)];
                text.sample("replica_requests_total", &labels, count);
            }
        }
        for (name, kind, help, value) in REPLICA_FIGURES {
            text.family(name, kind, help);
            for (revision, replica) in replicas() {
                text.sample(name, &labels(revision, replica), value(replica));
            }
        }
        text.0
    }
}

type Figure<T> = (&'static str, &'static str, &'static str, fn(&T) -> u64);

const REVISION_FIGURES: [Figure<RevisionStats>; 7] = [
    ("revision_weight", "gauge", "A revision's weight.", |revision| revision.weight.into()),
    ("revision_in_flight", "gauge", "Requests that have a replica.", |revision| revision.in_flight),
    ("revision_held", "gauge", "Requests that wait for a replica.", |revision| revision.held),
    ("replicas", "gauge", "Replicas of the configuration.", |revision| {
        revision.replicas.iter().filter(|replica| !replica.left).count() as u64
    }),
    ("replicas_ejected", "gauge", "Those that get no requests because they failed.", |revision| {
        let out = revision.replicas.iter().filter(|replica| replica.ejected && !replica.left);
        out.count() as u64
    }),
    ("retries_total", "counter", "Tries that were not the first of their request.", |revision| {
        revision.retries
    }),
    ("shadowed_total", "counter", "Copies of requests that a revision got.", |revision| {
        revision.shadowed
    }),
];

const REPLICA_FIGURES: [Figure<ReplicaStats>; 2] = [
    ("replica_in_flight", "gauge", "Requests that a replica has.", |replica| replica.in_flight),
    ("replica_ejections_total", "counter", "How often a replica was ejected.", |replica| {
        replica.ejections
    }),
];

/// One of each name, with one of each replica: the format allows no series twice.
fn merged(revisions: &[RevisionStats]) -> Vec<RevisionStats> {
    let mut merged: Vec<RevisionStats> = Vec::new();
    for revision in revisions {
        if let Some(one) = merged.iter_mut().find(|one| one.name == revision.name) {
            *one = one.plus(revision);
            continue;
        }
        let empty = RevisionStats {
            name: revision.name.clone(),
            weight: revision.weight,
            left: revision.left,
            ..RevisionStats::default()
        };
        merged.push(empty.plus(revision));
    }
    merged
}

fn outcomes(counts: &Counts) -> [(&'static str, u64); 6] {
    [
        ("ok", counts.ok),
        ("clientError", counts.client_error),
        ("serverError", counts.server_error),
        ("cut", counts.cut),
        ("cancelled", counts.cancelled),
        ("shed", counts.shed),
    ]
}

/// The same id may be there at two addresses, while the one before is drained.
fn labels<'a>(
    revision: &'a RevisionStats,
    replica: &'a ReplicaStats,
) -> [(&'static str, &'a str); 3] {
    [("revision", &revision.name), ("replica", &replica.id), ("address", &replica.address)]
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP mlctl_router_{name} {help}");
        let _ = writeln!(self.0, "# TYPE mlctl_router_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.0, "mlctl_router_{name}");
        for (index, (label, text)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"");
            for sign in text.chars() {
                match sign {
                    '\\' => self.0.push_str("\\\\"),
                    '"' => self.0.push_str("\\\""),
                    '\n' => self.0.push_str("\\n"),
                    sign => self.0.push(sign),
                }
            }
            self.0.push('"');
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    fn histogram(&mut self, name: &str, revision: &str, histogram: &Histogram) {
        let bounds = POWERS.flat_map(|power| [1 << power, 3 << (power - 1)]);
        let bucket = format!("{name}_bucket");
        for micros in bounds.chain([1_u64 << POWERS.end]) {
            let le = (micros as f64 / 1e6).to_string();
            let count = histogram.below(micros);
            self.sample(&bucket, &[("revision", revision), ("le", &le)], count);
        }
        let labels = [("revision", revision)];
        self.sample(&bucket, &[("revision", revision), ("le", "+Inf")], histogram.count());
        self.sample(&format!("{name}_sum"), &labels, histogram.sum().as_secs_f64());
        self.sample(&format!("{name}_count"), &labels, histogram.count());
    }
}
