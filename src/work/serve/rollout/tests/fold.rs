//! What lines of people change.

use super::desk::{Desk, rules, weights};
use crate::work::serve::rollout::*;
use crate::work::serve::{deployment_of, unnamed_deployments};

#[test]
fn who_began_a_change_is_recorded() {
    let mut desk = Desk::of_v1(Transition::Availability, 1);
    let spec = rules(Transition::Availability, &[("v2", "b", 100, 1, 8)]);
    desk.says(Entry::Applied { rules: Box::new(spec) });
    let record = desk.state.history.back().unwrap();
    let (from, to) = (weights(&[("v1", 100)]), weights(&[("v2", 100)]));
    assert_eq!(record.event, Event::Begun { change: 2, from, to });
    assert_eq!((record.by.as_str(), record.reason.as_str()), ("a person", "the spec"));
}

#[test]
fn bounds_of_people_outlive_a_spec_that_is_applied_again() {
    let mut desk = Desk::of_v1(Transition::Availability, 1);
    let apply = |desk: &mut Desk, digest, max| {
        let spec = rules(Transition::Availability, &[("v1", digest, 100, 1, max)]);
        desk.says(Entry::Applied { rules: Box::new(spec) });
    };
    let name: crate::gang::RevisionName = "v1".parse().unwrap();
    // Another generation with other bounds, and back.
    apply(&mut desk, "b", 4);
    apply(&mut desk, "a", 8);
    desk.says(Entry::Bounds { revision: name.clone(), min: 2, max: 3 });
    apply(&mut desk, "a", 8);
    assert_eq!(desk.state.bounds.get(&name), Some(&Bounds { min: 2, max: 3 }));
    apply(&mut desk, "a", 9);
    assert_eq!(desk.state.bounds.get(&name), None);
}

#[test]
fn the_same_spec_again_does_not_end_the_first_change() {
    let spec = rules(Transition::Availability, &[("v1", "a", 100, 1, 8)]);
    let mut desk = Desk::new(spec.clone());
    desk.are_warm("v1", 1);
    desk.second();
    desk.routes = false;
    desk.facts.routed = Some(Weights::default());
    desk.second();
    desk.says(Entry::Applied { rules: Box::new(spec) });
    assert_eq!(desk.state.change.as_ref().map(|change| change.number), Some(1));
}

#[test]
fn callers_keep_their_revisions_by_the_journal_alone() {
    let mut desk = Desk::of_v1(Transition::Availability, 1);
    let all = [("v1", "a", 60, 1, 1), ("v2", "b", 20, 1, 1), ("v3", "c", 20, 1, 1)];
    desk.says(Entry::Applied { rules: Box::new(rules(Transition::Availability, &all)) });
    let mut moved = 0;
    let mut before = desk.state.assignment.clone();
    for (v1, v2, v3) in [(60, 20, 20), (20, 20, 60), (40, 40, 20), (60, 20, 20)] {
        let traffic = [("v1", v1), ("v2", v2), ("v3", v3)];
        let traffic = traffic.map(|(name, weight)| (name.parse().unwrap(), weight)).into();
        desk.says(Entry::Traffic { weights: traffic });
        for name in ["v1", "v2", "v3"] {
            desk.are_warm(name, 1);
        }
        desk.pass(30);
        let assignment = desk.state.assignment.clone();
        let points = (0..1024).map(|point| point << 22);
        let is_moved = |point: &u32| before.of(*point) != assignment.of(*point);
        let moves = points.clone().filter(is_moved).count();
        assert!(moves <= 415, "{moves} of 1024 callers moved to {}", desk.state.weights);
        moved += moves;
        let of_v1 = points.filter(|point| assignment.of(*point) == Some("v1")).count();
        assert!(of_v1.abs_diff(usize::from(v1) * 1024 / 100) <= 2, "{of_v1}");
        before = assignment;
    }
    assert!(moved > 0);
}

#[test]
fn what_no_rollback_can_reach_is_named_by_nothing() {
    let endpoint = "sums-b53qsa".into();
    let name = |digest: &str| deployment_of(&endpoint, "v1", digest).unwrap();
    let mut lines = Vec::new();
    let mut over = |generation: u32| {
        let digest = format!("digest {generation}");
        let spec = rules(Transition::Availability, &[("v1", &digest, 100, 1, 8)]);
        let id = RevisionId::new("v1".parse().unwrap(), generation);
        let (change, reason) = (generation, String::new());
        let entries = [
            Entry::Applied { rules: Box::new(spec) },
            Entry::Weights {
                change,
                percent: 100,
                weights: weights(&[(&id.to_string(), 100)]),
                reason: reason.clone(),
            },
            Entry::Finished { change, reason },
        ];
        for entry in entries {
            let time = jiff::Timestamp::from_second(generation.into()).unwrap();
            lines.push(Line { v: JOURNAL_VERSION, time, by: "ada".to_owned(), entry });
        }
        unnamed_deployments(&endpoint, &lines).unwrap()
    };
    // The one that serves, the one before it and ten others are remembered.
    for generation in 1..=12 {
        assert!(over(generation).is_empty(), "{generation}");
    }
    assert_eq!(over(13), [name("digest 1")]);
    assert_eq!(over(14).len(), 2);
}
