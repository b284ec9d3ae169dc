//! Where memory never holds both.

use super::desk::{Desk, id, rules, weights};
use crate::work::serve::rollout::*;

/// v1 has made room for v2, which is to have at least `min` replicas.
fn swapping(min: u32) -> Desk {
    let mut desk = Desk::of_v1(Transition::MinimalRam, 1);
    let spec = rules(Transition::MinimalRam, &[("v2", "b", 100, min, 8)]);
    desk.says(Entry::Applied { rules: Box::new(spec) });
    desk.second();
    assert_eq!(desk.state.weights, weights(&[("v2", 100)]));
    assert_eq!((desk.replicas("v1"), desk.replicas("v2")), (0, 0));
    desk.are_warm("v1", 0);
    desk.second();
    assert!(desk.state.change.as_ref().is_some_and(|change| change.is_cleared));
    desk
}

#[test]
fn what_follows_is_judged_as_at_any_step() {
    let mut desk = swapping(1);
    desk.are_warm("v2", 1);
    desk.second();
    desk.answers("v2", 30, 15);
    desk.second();
    assert_eq!(desk.state.weights, weights(&[("v1", 100)]));
    assert!(desk.state.revisions[&id("v2")].condemned.is_some());
}

#[test]
fn its_start_is_no_part_of_its_interval() {
    let mut desk = swapping(1);
    desk.pass(10);
    desk.are_warm("v2", 1);
    desk.second();
    desk.answers("v2", 30, 0);
    desk.pass(4);
    assert!(desk.state.change.is_some());
    desk.pass(2);
    assert_eq!(desk.state.change, None);
    assert!(desk.state.last.as_ref().is_some_and(|last| last.succeeded));
}

#[test]
fn nobody_asking_does_not_keep_it_from_starting_and_condemns_nothing() {
    let mut desk = swapping(0);
    desk.second();
    assert_eq!(desk.replicas("v2"), 1);
    desk.are_warm("v2", 1);
    desk.pass(39);
    assert_eq!(desk.replicas("v2"), 1);
    assert_eq!(desk.state.revisions[&id("v2")].condemned, None);
    desk.pass(3);
    let change = desk.state.change.as_ref().unwrap();
    assert!(change.paused.as_ref().is_some_and(|one| one.reason.starts_with("inconclusive")));
}

#[test]
fn shares_for_both_start_both() {
    let mut desk = Desk::of_v1(Transition::MinimalRam, 1);
    let both = [("v1", "a", 80, 1, 8), ("v2", "b", 20, 1, 8)];
    let spec = rules(Transition::MinimalRam, &both);
    desk.says(Entry::Applied { rules: Box::new(spec) });
    desk.second();
    assert_eq!((desk.replicas("v1"), desk.replicas("v2")), (1, 1));
    desk.are_warm("v2", 1);
    desk.second();
    assert_eq!(desk.state.weights, weights(&[("v1", 96), ("v2", 4)]));
}

#[test]
fn a_rollback_makes_room_first_too() {
    let mut desk = swapping(1);
    desk.are_warm("v2", 1);
    desk.second();
    desk.says(Entry::Rollback { to: None });
    let written = desk.second();
    assert_eq!(desk.state.weights, weights(&[("v1", 100)]));
    assert_eq!((desk.replicas("v1"), desk.replicas("v2")), (0, 0), "{written:?}");
    let reasons = written.iter().filter_map(|entry| match entry {
        Entry::Weights { reason, .. } => Some(reason.as_str()),
        _ => None,
    });
    assert_eq!(reasons.collect::<Vec<_>>(), ["v2 makes room, requests are held"]);
    desk.are_warm("v2", 0);
    desk.second();
    assert_eq!(desk.replicas("v1"), 1);
}

#[test]
fn what_was_to_start_and_was_not_waits_for_room() {
    let mut desk = Desk::of_v1(Transition::MinimalRam, 1);
    let both = [("v1", "a", 50, 1, 8), ("v2", "b", 50, 1, 8)];
    let spec = rules(Transition::MinimalRam, &both);
    desk.says(Entry::Applied { rules: Box::new(spec) });
    desk.second();
    // Whoever was to start it has died before, and it is to have everything now.
    desk.says(Entry::Rollback { to: Some(id("v2")) });
    desk.second();
    assert_eq!((desk.replicas("v1"), desk.replicas("v2")), (0, 0));
}

#[test]
fn a_change_before_the_first_one_is_over_makes_room_for_it_too() {
    let mut desk = Desk::new(rules(Transition::MinimalRam, &[("v1", "a", 100, 1, 8)]));
    desk.are_warm("v1", 1);
    desk.second();
    desk.routes = false;
    desk.facts.routed = Some(Weights::default());
    desk.second();
    assert_eq!(desk.state.weights, weights(&[("v1", 100)]));
    let spec = rules(Transition::MinimalRam, &[("v2", "b", 100, 1, 8)]);
    desk.says(Entry::Applied { rules: Box::new(spec) });
    desk.second();
    desk.routes = true;
    desk.are_warm("v1", 0);
    desk.pass(33);
    // It was never ready, so it keeps nothing.
    assert_eq!(desk.state.weights, weights(&[("v1", 100)]));
}
