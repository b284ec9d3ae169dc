//! Which revision a request goes to.

use std::collections::BTreeMap;

use http::{HeaderMap, Method};
use proptest::prelude::*;

use super::headers;
use crate::route::{Call, Choice, Refusal, Sequence, Table, caller};
use crate::{Assignment, RevisionConfig, RouterConfig, Sticky};

const PREDICT: &str = "/v1/models/digits:predict";
const ENDPOINT: &str = "/v1/projects/p/locations/l/endpoints/digits:predict";

/// Revisions `r0`, `r1`, ... with these weights, each version `index` of the model `digits`.
fn config(weights: &[u32]) -> RouterConfig {
    let mut config =
        RouterConfig::parse(br#"{"schemaVersion":1,"endpoint":"digits","revisions":[]}"#).unwrap();
    let revision = |(index, weight): (usize, &u32)| RevisionConfig {
        name: format!("r{index}"),
        weight: *weight,
        version: Some(index as u64),
        models: vec!["digits".to_owned()],
        ..RevisionConfig::default()
    };
    config.revisions = weights.iter().enumerate().map(revision).collect();
    config
}

fn assignment(config: &RouterConfig) -> Assignment {
    let weights: Vec<(&str, u32)> =
        config.revisions.iter().map(|one| (one.name.as_str(), one.weight)).collect();
    Assignment::default().toward(&weights)
}

fn table(config: &RouterConfig) -> Table {
    Table::new(config, &assignment(config))
}

fn choose(table: &Table, path: &str, headers: &HeaderMap) -> Result<Choice, Refusal> {
    table.choose(&Method::POST, path, headers, &Sequence::default(), |_| true)
}

/// How many of `count` requests without a name each revision gets.
fn counts(
    table: &Table,
    count: u32,
    available: impl Fn(usize) -> bool + Copy,
) -> BTreeMap<usize, u32> {
    let points = Sequence::default();
    let mut counts = BTreeMap::new();
    for _ in 0..count {
        let chosen =
            table.choose(&Method::POST, PREDICT, &HeaderMap::new(), &points, available).unwrap();
        assert_eq!((chosen.forced, chosen.call), (false, Call::Plain));
        *counts.entry(chosen.revision).or_default() += 1;
    }
    counts
}

#[test]
fn a_canary_of_ten_percent_gets_ten_of_a_hundred() {
    let counts = counts(&table(&config(&[90, 10])), 100, |_| true);
    assert!(counts[&1].abs_diff(10) <= 1, "{counts:?}");
}

#[test]
fn a_revision_is_asked_for_by_its_other_names_also_where_they_were_anothers() {
    let mut config = config(&[50, 50]);
    config.revisions[0].aliases = vec!["old".to_owned()];
    config.revisions[1].aliases = vec!["r0".to_owned(), "new".to_owned()];
    let table = table(&config);
    let asked = |name: &str| {
        choose(&table, PREDICT, &headers(&[("x-mlctl-revision", name)]))
            .map(|chosen| chosen.revision)
    };
    assert_eq!(
        (asked("old"), asked("r1"), asked("r0"), asked("new")),
        (Ok(0), Ok(1), Ok(1), Ok(1))
    );
    assert!(asked("r2").is_err());
    // Its part of the traffic stays its own.
    assert_eq!(counts(&table, 100, |_| true).len(), 2);
}

#[test]
fn callers_that_ask_two_things_in_turn_reach_both_revisions_with_each() {
    let table = table(&config(&[50, 50]));
    let points = Sequence::default();
    let mut seen = [[0; 2]; 2];
    for turn in 0..1000 {
        let chosen =
            table.choose(&Method::POST, PREDICT, &HeaderMap::new(), &points, |_| true).unwrap();
        seen[turn % 2][chosen.revision] += 1;
    }
    assert!(seen.as_flattened().iter().all(|count: &u32| count.abs_diff(250) < 10), "{seen:?}");
}

proptest! {
    /// The discrepancy of multiples of the golden ratio grows with the logarithm of their number;
    /// chance would be off by its root.
    #[test]
    fn weights_hold_over_few_requests(
        weights in prop::collection::vec(0_u32..=100, 1..6), count in 1_u32..2000
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let counts = counts(&table(&config(&weights)), count, |_| true);
        let sum = f64::from(weights.iter().sum::<u32>());
        for (index, weight) in weights.iter().enumerate() {
            let exact = f64::from(count) * f64::from(*weight) / sum;
            let found = counts.get(&index).copied().unwrap_or(0);
            let off = (f64::from(found) - exact).abs();
            prop_assert!(off <= 2.0 + f64::from(count).ln() / 2.0, "{found} for {exact}");
            prop_assert!(*weight > 0 || found == 0);
        }
    }

    #[test]
    fn what_is_not_there_gives_its_traffic_in_proportion_and_moves_nobody_else(
        weights in prop::collection::vec(0_u32..=100, 2..6),
        there in prop::collection::vec(any::<bool>(), 6),
        points in prop::collection::vec(any::<u32>(), 50),
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let mut config = config(&weights);
        config.sticky = Some(Sticky::Header("x-user".to_owned()));
        let table = table(&config);
        let available = |index: usize| there[index];
        let left: u32 = (0..weights.len()).filter(|at| there[*at]).map(|at| weights[at]).sum();

        let names = points.iter().map(ToString::to_string);
        for name in names {
            let headers = headers(&[("x-user", &name)]);
            let at = |available: &dyn Fn(usize) -> bool| {
                let sequence = Sequence::default();
                let chosen = table.choose(&Method::POST, PREDICT, &headers, &sequence, available);
                chosen.unwrap().revision
            };
            let owner = at(&|_| true);
            let chosen = at(&available);
            prop_assert_eq!(chosen, at(&available), "not the same twice");
            if there[owner] || left == 0 {
                prop_assert_eq!(chosen, owner);
            } else {
                prop_assert!(there[chosen] && weights[chosen] > 0);
            }
        }
        if left > 0 {
            let counts = counts(&table, 2000, available);
            for index in 0..weights.len() {
                let part = if there[index] { f64::from(weights[index]) / f64::from(left) } else { 0.0 };
                let found = f64::from(counts.get(&index).copied().unwrap_or(0));
                prop_assert!((found - part * 2000.0).abs() <= 30.0, "{found} for {part}");
            }
        }
    }

    #[test]
    fn a_caller_keeps_its_revision_as_its_name_says(name in "[!-~]{1,40}") {
        let mut config = config(&[1, 1, 1]);
        let assignment = assignment(&config);
        for sticky in [Sticky::Header("x-user".to_owned()), Sticky::Cookie("user".to_owned())] {
            let value = match &sticky {
                Sticky::Header(_) => name.clone(),
                Sticky::Cookie(_) => name.replace(';', ""),
            };
            config.sticky = Some(sticky);
            let table = Table::new(&config, &assignment);
            let cookie = format!("a=b; user={value}; user=other");
            let headers = headers(&[("x-user", &value), ("cookie", "c=d"), ("cookie", &cookie)]);
            let expected = assignment.of(caller(value.as_bytes())).unwrap();
            for _ in 0..3 {
                let chosen = choose(&table, PREDICT, &headers).unwrap();
                prop_assert_eq!(&config.revisions[chosen.revision].name, expected);
            }
        }
    }
}

#[test]
fn the_hash_of_a_name_is_the_start_of_its_sha_256() {
    // `printf alice | sha256sum` begins with 2bd806c9, and that of nothing with e3b0c442.
    assert_eq!(caller(b"alice"), 0x2bd8_06c9);
    assert_eq!(caller(b""), 0xe3b0_c442);
}

#[test]
fn callers_without_a_name_are_nobody() {
    let mut config = config(&[1, 1]);
    config.sticky = Some(Sticky::Cookie("user".to_owned()));
    assert_eq!(counts(&table(&config), 100, |_| true).len(), 2);
}

#[test]
fn a_revision_is_had_by_its_name_with_or_without_weight() {
    let table = table(&config(&[100, 0]));
    for (name, revision) in [("r0", 0), ("r1", 1)] {
        let headers = headers(&[("x-mlctl-revision", name)]);
        let expected = Choice { revision, forced: true, call: Call::Plain };
        assert_eq!(choose(&table, PREDICT, &headers), Ok(expected));
        assert_eq!(choose(&table, "/v1/models/digits/versions/7:predict", &headers), Ok(expected));
        let called = choose(&table, ENDPOINT, &headers).unwrap();
        assert_eq!((called.revision, called.call), (revision, Call::Predict));
    }
    let refused = choose(&table, PREDICT, &headers(&[("x-mlctl-revision", "v9")])).unwrap_err();
    let words = "there is no revision `v9`: x-mlctl-revision can be `r0` or `r1`";
    assert_eq!((refused.status().as_u16(), refused.to_string().as_str()), (404, words));
}

#[test]
fn a_named_revision_stays_though_it_has_no_replica() {
    let table = table(&config(&[50, 50]));
    let headers = headers(&[("x-mlctl-revision", "r1")]);
    let chosen =
        table.choose(&Method::GET, "/", &headers, &Sequence::default(), |index| index == 0);
    assert_eq!(chosen.unwrap().revision, 1);
}

#[test]
fn a_version_in_a_path_is_the_revision_that_has_it() {
    let table = table(&config(&[100, 0, 0]));
    for (path, revision) in [
        ("/v1/models/digits/versions/2:predict", 2),
        ("/v1/models/digits/versions/1/metadata", 1),
        ("/v1/models/digits/versions/0", 0),
    ] {
        let expected = Choice { revision, forced: true, call: Call::Plain };
        assert_eq!(choose(&table, path, &HeaderMap::new()), Ok(expected), "{path}");
    }
    for (path, words) in [
        (
            "/v1/models/digits/versions/9:predict",
            "Servable not found for request: Specific(digits, 9)",
        ),
        ("/v1/models/digits/versions/9", "Could not find version 9 of model digits"),
    ] {
        let refused = choose(&table, path, &HeaderMap::new()).unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.to_string().as_str()), (404, words));
    }
    for path in ["/v1/models/other/versions/9:predict", "/v1/models/digits/labels/stable:predict"] {
        let expected = Choice { revision: 0, forced: false, call: Call::Plain };
        assert_eq!(choose(&table, path, &HeaderMap::new()), Ok(expected), "{path}");
    }
}

#[test]
fn revisions_that_have_the_same_version_share_it_by_weight() {
    let mut config = config(&[20, 60, 20, 0]);
    config.revisions[1].version = Some(7);
    config.revisions[2].version = Some(7);
    config.revisions[3].version = Some(8);
    config.revisions[0].version = Some(8);
    config.revisions[0].weight = 0;
    let table = table(&config);
    let points = Sequence::default();
    let mut counts = [0; 4];
    for _ in 0..100 {
        let path = "/v1/models/digits/versions/7:predict";
        let chosen =
            table.choose(&Method::POST, path, &HeaderMap::new(), &points, |_| true).unwrap();
        counts[chosen.revision] += 1;
    }
    assert!(counts[1] >= 70 && counts[2] >= 20 && counts[1] + counts[2] == 100, "{counts:?}");
    let chosen = choose(&table, "/v1/models/digits/versions/8:predict", &HeaderMap::new());
    assert_eq!(chosen.unwrap().revision, 0, "none of them has weight");
}

#[test]
fn without_a_version_in_any_revision_the_path_is_the_servers() {
    let mut config = config(&[1]);
    config.revisions[0].version = None;
    let chosen = choose(&table(&config), "/v1/models/digits/versions/9:predict", &HeaderMap::new());
    assert_eq!(chosen, Ok(Choice { revision: 0, forced: false, call: Call::Plain }));
}

#[test]
fn a_call_of_vertex_is_for_this_endpoint() {
    let mut config = config(&[1]);
    config.revisions[0].routes.predict = Some("/v1/models/digits:predict?a=b".to_owned());
    let table = table(&config);
    let chosen = choose(&table, ENDPOINT, &HeaderMap::new());
    assert_eq!(chosen, Ok(Choice { revision: 0, forced: false, call: Call::Predict }));
    assert_eq!(table.predict(0).unwrap(), "/v1/models/digits:predict?a=b");
    let raw = "/v1/projects/p/locations/l/endpoints/digits:rawPredict";
    assert_eq!(choose(&table, raw, &HeaderMap::new()).unwrap().call, Call::RawPredict);
    let other = "/v1/projects/p/locations/l/endpoints/letters:predict";
    let refused = choose(&table, other, &HeaderMap::new()).unwrap_err();
    assert_eq!(refused.to_string(), "there is no endpoint `letters` here: this is `digits`");
}

#[test]
fn without_weights_there_is_no_traffic() {
    let table = table(&config(&[0, 0]));
    assert_eq!(choose(&table, PREDICT, &HeaderMap::new()), Err(Refusal::NoTraffic));
}

#[test]
fn an_assignment_of_revisions_that_left_goes_to_those_that_are_there() {
    let config = config(&[1, 0]);
    let assignment = Assignment::default().toward(&[("gone", 3), ("r0", 1)]);
    let counts = counts(&Table::new(&config, &assignment), 100, |_| true);
    assert_eq!(counts, BTreeMap::from([(0, 100)]));
}
