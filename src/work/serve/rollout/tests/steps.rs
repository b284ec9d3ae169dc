//! Steps where both are there.

use super::desk::{Desk, rules, seconds, weights};
use crate::work::serve::rollout::*;

/// v2 is ready to follow v1, by steps that may follow each other at once.
fn hurrying() -> Desk {
    let mut desk = Desk::of_v1(Transition::Availability, 1);
    let mut spec = rules(Transition::Availability, &[("v2", "b", 100, 1, 8)]);
    if let Some(rollout) = &mut spec.rollout {
        rollout.interval = seconds(0);
    }
    desk.says(Entry::Applied { rules: Box::new(spec) });
    desk.are_warm("v2", 1);
    desk
}

#[test]
fn what_one_step_has_shown_says_nothing_about_the_next() {
    let mut desk = hurrying();
    desk.second();
    assert_eq!(desk.state.weights, weights(&[("v1", 80), ("v2", 20)]));
    desk.second();
    desk.answers("v2", 50, 0);
    desk.second();
    assert_eq!(desk.state.weights, weights(&[("v1", 40), ("v2", 60)]));
    desk.pass(5);
    assert_eq!(desk.state.weights, weights(&[("v1", 40), ("v2", 60)]));
}

#[test]
fn what_was_paused_in_between_is_not_finished() {
    let mut desk = hurrying();
    desk.says(Entry::Promoted);
    desk.routes = false;
    desk.second();
    let number = desk.state.change.as_ref().unwrap().number;
    assert_eq!(desk.state.weights, weights(&[("v2", 100)]));
    desk.says(Entry::Paused { change: None, reason: "a look at it".into() });
    desk.write(CONTROLLER, Entry::Finished { change: number, reason: "late".into() });
    assert!(desk.state.change.is_some());
}

#[test]
fn a_first_change_does_not_fail_to_nobody() {
    let mut desk = Desk::new(rules(Transition::Availability, &[("v1", "a", 100, 1, 8)]));
    desk.are_warm("v1", 1);
    desk.second();
    // Its routers are slow, and it is lost before they have the weights.
    desk.routes = false;
    desk.facts.routed = Some(Weights::default());
    desk.second();
    desk.are_warm("v1", 0);
    desk.pass(15);
    assert_eq!(desk.state.weights, weights(&[("v1", 100)]));
    assert!(desk.state.change.is_some());
    desk.routes = true;
    desk.are_warm("v1", 1);
    desk.second();
    assert_eq!(desk.state.change, None);
}

#[test]
fn routers_are_told_that_nobody_gets_anything() {
    let mut desk = Desk::new(rules(Transition::Availability, &[("v1", "a", 100, 1, 8)]));
    desk.are_warm("v1", 1);
    desk.second();
    desk.routes = false;
    desk.facts.routed = Some(desk.state.weights.clone());
    desk.says(Entry::Aborted { reason: "no more".into() });
    desk.second();
    assert!(desk.state.weights.is_empty());
    let all = actions(&desk.state, &desk.facts);
    assert_eq!(all.first(), Some(&Action::SetWeights(Weights::default())));
}

#[test]
fn nothing_is_given_back_to_what_is_lost() {
    let mut desk = hurrying();
    desk.second();
    desk.are_warm("v1", 0);
    desk.says(Entry::Rollback { to: None });
    desk.second();
    assert_eq!(desk.state.weights, weights(&[("v1", 80), ("v2", 20)]));
    desk.are_warm("v1", 1);
    desk.second();
    assert_eq!(desk.state.weights, weights(&[("v1", 100)]));
}
