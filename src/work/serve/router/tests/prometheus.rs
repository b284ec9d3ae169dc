//! The text of figures, read as the format's description says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use crate::{Counts, Histogram, ReplicaStats, RevisionStats, Snapshot};

#[derive(Debug, Default)]
struct Families {
    kinds: BTreeMap<String, String>,
    samples: BTreeMap<(String, BTreeMap<String, String>), f64>,
}

impl Families {
    /// A reader that refuses what the format does not allow: a sample without its `TYPE` line
    /// before it, a family in two places, a series twice, a name or a value that is none.
    fn of(text: &str) -> Self {
        let mut families = Self::default();
        let mut helped = BTreeSet::new();
        let mut current = String::new();
        assert!(text.ends_with('\n'));
        for line in text.trim_end_matches('\n').split('\n') {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, _) = rest.split_once(' ').unwrap();
                assert!(helped.insert(name.to_owned()), "{name} has two HELP lines");
                continue;
            }
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(["counter", "gauge", "histogram"].contains(&kind));
                assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
                name.clone_into(&mut current);
                assert!(families.kinds.insert(current.clone(), kind.to_owned()).is_none());
                continue;
            }
            let (name, labels, value) = sample(line);
            let family = match families.kinds[&current].as_str() {
                "histogram" => ["_bucket", "_sum", "_count"]
                    .iter()
                    .find_map(|end| name.strip_suffix(end))
                    .unwrap(),
                _ => name.as_str(),
            };
            assert_eq!(family, current, "{line}");
            let before = families.samples.insert((name, labels), value.parse().unwrap());
            assert!(before.is_none(), "twice: {line}");
        }
        assert_eq!(helped, families.kinds.keys().cloned().collect());
        families
    }

    fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.samples[&(format!("mlctl_router_{name}"), labels.collect())]
    }
}

/// A line by its parts, with escapes undone.
fn sample(line: &str) -> (String, BTreeMap<String, String>, &str) {
    let is_name = |name: &str| {
        name.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_')
            && name.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_')
    };
    let mut labels = BTreeMap::new();
    let (name, mut rest) = line.split_at(line.find(['{', ' ']).unwrap());
    assert!(is_name(name), "{line}");
    if rest.starts_with('{') {
        while let Some(pair) = rest.strip_prefix(['{', ',']) {
            let (label, text) = pair.split_once("=\"").unwrap();
            assert!(is_name(label), "{line}");
            let mut value = String::new();
            let mut signs = text.char_indices();
            loop {
                match signs.next().unwrap() {
                    (_, '\\') => value.push(match signs.next().unwrap().1 {
                        'n' => '\n',
                        sign @ ('\\' | '"') => sign,
                        other => panic!("no escape: {other}"),
                    }),
                    (at, '"') => {
                        rest = &text[at + 1..];
                        break;
                    }
                    (_, sign) => value.push(sign),
                }
            }
            assert!(labels.insert(label.to_owned(), value).is_none());
        }
        rest = rest.strip_prefix('}').unwrap();
    }
    (name.to_owned(), labels, rest.strip_prefix(' ').unwrap())
}

fn counts() -> Counts {
    Counts { ok: 1, client_error: 2, server_error: 3, cut: 4, cancelled: 5, shed: 6 }
}

fn replica(id: &str, address: &str) -> ReplicaStats {
    let (id, address) = (id.to_owned(), address.to_owned());
    ReplicaStats { id, address, in_flight: 1, ejections: 2, counts: counts(), ..Default::default() }
}

#[test]
fn every_figure_is_there() {
    let mut latency = Histogram::default();
    for millis in [1, 2, 3, 500] {
        latency.add(Duration::from_millis(millis));
    }
    latency.add(Duration::from_secs(1000));
    let ejected = ReplicaStats { ejected: true, ..replica("v1-1", "127.0.0.1:2") };
    let left = ReplicaStats { left: true, ..replica("v1-0", "127.0.0.1:3") };
    let revision = RevisionStats {
        name: "v1".to_owned(),
        weight: 90,
        in_flight: 7,
        held: 8,
        retries: 9,
        shadowed: 10,
        counts: counts(),
        latency,
        replicas: vec![replica("v1-0", "127.0.0.1:1"), ejected, left],
        ..RevisionStats::default()
    };
    let snapshot = Snapshot {
        endpoint: "digits".to_owned(),
        started_millis: 1500,
        in_flight: 15,
        connections: 3,
        refused: 4,
        revisions: vec![revision],
        ..Snapshot::default()
    };
    let read = Families::of(&snapshot.prometheus());
    let of = [("revision", "v1")];
    for (name, labels, value) in [
        ("info", &[("endpoint", "digits")][..], 1.0),
        ("start_time_seconds", &[], 1.5),
        ("in_flight", &[], 15.0),
        ("connections", &[], 3.0),
        ("refused_total", &[], 4.0),
        ("dropped_total", &[("what", "retries")], 0.0),
        ("requests_total", &[("revision", "v1"), ("outcome", "serverError")], 3.0),
        ("request_duration_seconds_count", &of, 5.0),
        ("request_duration_seconds_sum", &of, 1000.506),
        ("request_duration_seconds_bucket", &[("revision", "v1"), ("le", "0.000768")], 0.0),
        ("request_duration_seconds_bucket", &[("revision", "v1"), ("le", "0.001024")], 1.0),
        ("request_duration_seconds_bucket", &[("revision", "v1"), ("le", "0.003072")], 3.0),
        ("request_duration_seconds_bucket", &[("revision", "v1"), ("le", "134.217728")], 4.0),
        ("request_duration_seconds_bucket", &[("revision", "v1"), ("le", "+Inf")], 5.0),
        ("revision_weight", &of, 90.0),
        ("revision_in_flight", &of, 7.0),
        ("revision_held", &of, 8.0),
        ("retries_total", &of, 9.0),
        ("shadowed_total", &of, 10.0),
        ("replicas", &of, 2.0),
        ("replicas_ejected", &of, 1.0),
    ] {
        assert!((read.value(name, labels) - value).abs() < 1e-9, "{name}");
    }
    let replica = [("revision", "v1"), ("replica", "v1-0"), ("address", "127.0.0.1:3")];
    assert!((read.value("replica_ejections_total", &replica) - 2.0).abs() < 1e-9);
    let ended = [replica[0], replica[1], replica[2], ("outcome", "shed")];
    assert!((read.value("replica_requests_total", &ended) - 6.0).abs() < 1e-9);
}

#[test]
fn what_came_back_is_one_series() {
    let revision = RevisionStats {
        name: "v1".to_owned(),
        counts: counts(),
        replicas: vec![replica("a", "x"), replica("a", "x")],
        ..RevisionStats::default()
    };
    let snapshot = Snapshot {
        revisions: vec![revision.clone(), RevisionStats { left: true, ..revision }],
        ..Snapshot::default()
    };
    let read = Families::of(&snapshot.prometheus());
    let ok = read.value("requests_total", &[("revision", "v1"), ("outcome", "ok")]);
    assert!((ok - 2.0).abs() < 1e-9);
    let labels = [("revision", "v1"), ("replica", "a"), ("address", "x")];
    assert!((read.value("replica_in_flight", &labels) - 4.0).abs() < 1e-9);
}

proptest! {
    #[test]
    fn names_come_back_and_buckets_only_grow(
        names in prop::collection::btree_set(any::<String>(), 0..4),
        micros in prop::collection::vec(0_u64..1 << 40, 0..50),
    ) {
        let mut latency = Histogram::default();
        for micros in &micros {
            latency.add(Duration::from_micros(*micros));
        }
        let revision = |name: &String| RevisionStats {
            name: name.clone(),
            latency: latency.clone(),
            replicas: vec![replica(name, name)],
            ..RevisionStats::default()
        };
        let revisions: Vec<RevisionStats> = names.iter().map(revision).collect();
        let read = Families::of(&Snapshot { revisions, ..Snapshot::default() }.prometheus());
        for name in &names {
            let mut buckets: Vec<(f64, f64)> = read
                .samples
                .iter()
                .filter(|((sample, labels), _)| {
                    sample == "mlctl_router_request_duration_seconds_bucket"
                        && labels["revision"] == *name
                })
                .map(|((_, labels), count)| (labels["le"].parse().unwrap(), *count))
                .collect();
            buckets.sort_by(|one, two| one.0.total_cmp(&two.0));
            prop_assert!(buckets.is_sorted_by(|one, two| one.1 <= two.1));
            for (bound, count) in &buckets {
                let exact = micros.iter().filter(|micros| (**micros as f64) < bound * 1e6).count();
                prop_assert_eq!(*count as usize, exact, "below {}", bound);
            }
            prop_assert_eq!(buckets.last().unwrap().1 as usize, micros.len());
        }
    }
}
