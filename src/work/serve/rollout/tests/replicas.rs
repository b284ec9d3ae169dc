//! Numbers of replicas.

use super::desk::{Desk, id, rules};
use crate::work::serve::rollout::*;

#[test]
fn what_can_not_be_read_takes_no_replica_away() {
    let mut desk = Desk::of_v1(Transition::Availability, 1);
    desk.load.insert(id("v1"), 30.0);
    desk.pass(30);
    let replicas = desk.replicas("v1");
    assert!(replicas >= 5);
    desk.are_warm("v1", replicas);
    desk.pass(60);
    desk.reads = false;
    desk.pass(120);
    assert_eq!(desk.replicas("v1"), 5);
    desk.reads = true;
    desk.load.insert(id("v1"), 0.0);
    let written = desk.pass(60);
    // At most half of those that are ready at once, and these are still five.
    assert_eq!(desk.replicas("v1"), 2);
    let has_reason =
        |entry: &Entry| matches!(entry, Entry::Scaled { reason, .. } if !reason.is_empty());
    assert!(written.iter().all(has_reason), "{written:?}");
}

#[test]
fn requests_that_have_just_moved_are_not_counted_twice() {
    let mut desk = Desk::of_v1(Transition::Availability, 1);
    desk.load.insert(id("v1"), 21.0);
    desk.pass(5);
    desk.are_warm("v1", 3);
    desk.pass(60);
    assert_eq!(desk.replicas("v1"), 3);
    let both = [("v1", "a", 0, 1, 8), ("v2", "b", 100, 1, 8)];
    let spec = rules(Transition::Availability, &both);
    desk.says(Entry::Applied { rules: Box::new(spec) });
    desk.says(Entry::Promoted);
    desk.are_warm("v2", 3);
    desk.second();
    desk.load = [(id("v2"), 21.0)].into();
    desk.pass(4);
    // v1 would be needed for everything, and that is what v2 has now.
    assert_eq!(desk.replicas("v1"), 3);
}

#[test]
fn a_panic_takes_nothing_away_that_was_there_for_something_else() {
    let mut desk = Desk::of_v1(Transition::Availability, 1);
    desk.says(Entry::Bounds { revision: "v1".parse().unwrap(), min: 6, max: 8 });
    desk.pass(30);
    desk.are_warm("v1", 1);
    desk.load.insert(id("v1"), 25.0);
    desk.pass(3);
    desk.says(Entry::Bounds { revision: "v1".parse().unwrap(), min: 1, max: 8 });
    desk.load.insert(id("v1"), 20.0);
    desk.pass(10);
    assert_eq!(desk.replicas("v1"), 6);
}
