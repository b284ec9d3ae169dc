//! When a replica is left alone.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::route::{Ejection, Health};

const RULE: Ejection =
    Ejection { failures: 3, pause: Duration::from_secs(1), longest: Duration::from_secs(5) };

#[test]
fn failures_in_a_row_eject_and_a_success_brings_back() {
    let start = Instant::now();
    let mut health = Health::default();
    assert!(!health.fail(&RULE, true, false, start));
    assert!(!health.fail(&RULE, true, false, start));
    health.succeed();
    assert!(!health.fail(&RULE, true, false, start));
    assert!(!health.fail(&RULE, true, false, start));
    assert!(health.fail(&RULE, true, false, start), "the third in a row");
    assert!(health.is_ejected() && !health.admits(start));
    assert!(!health.fail(&RULE, true, false, start), "only once");

    let after = start + RULE.pause;
    assert!(health.admits(after));
    assert!(health.begin(), "it is a probe");
    assert!(!health.admits(after), "one probe at once");
    health.succeed();
    assert!(!health.is_ejected() && health.admits(after));
}

#[test]
fn pauses_double_up_to_the_longest() {
    let mut at = Instant::now();
    let mut health = Health::default();
    for _ in 0..3 {
        health.fail(&RULE, true, false, at);
    }
    let mut pauses = Vec::new();
    for _ in 0..5 {
        let step = Duration::from_millis(500);
        let steps = (0..100).find(|steps| health.admits(at + step * *steps)).unwrap();
        pauses.push(steps / 2);
        at += step * steps;
        assert!(health.begin());
        health.fail(&RULE, true, true, at);
    }
    assert_eq!(pauses, [1, 2, 4, 5, 5]);
}

#[test]
fn requests_from_before_do_not_end_a_probe() {
    let at = Instant::now();
    let mut health = Health::default();
    for _ in 0..3 {
        health.fail(&RULE, true, false, at);
    }
    let after = at + RULE.pause;
    let probe = health.begin();
    health.fail(&RULE, true, false, after);
    health.abandon(false);
    assert!(!health.admits(after), "the probe is still under way");
    health.abandon(probe);
    assert!(health.admits(after), "a caller that goes away tells nothing");
}

#[test]
fn half_of_all_at_most_are_ejected() {
    for (replicas, most) in [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (9, 4)] {
        let ejected = (0..=replicas).find(|ejected| !Ejection::allows(*ejected, replicas)).unwrap();
        assert_eq!(ejected, most, "of {replicas}");
    }
    let at = Instant::now();
    let mut health = Health::default();
    assert!((0..10).all(|_| !health.fail(&RULE, false, false, at)));
    assert!(health.fail(&RULE, true, false, at), "as soon as it is allowed");
}

proptest! {
    /// Whatever happens, a replica that is ejected is probed within the longest pause.
    #[test]
    fn nobody_is_forgotten(steps in prop::collection::vec((0_u8..5, 0_u64..3000), 0..100)) {
        let mut at = Instant::now();
        let mut health = Health::default();
        let mut probes = Vec::new();
        for (step, millis) in steps {
            at += Duration::from_millis(millis);
            match step {
                0 if health.admits(at) => probes.push(health.begin()),
                1 => health.succeed(),
                2 => {
                    health.fail(&RULE, true, probes.pop().unwrap_or(false), at);
                }
                3 => health.abandon(probes.pop().unwrap_or(false)),
                _ => {
                    health.fail(&RULE, true, false, at);
                }
            }
        }
        while let Some(probe) = probes.pop() {
            health.abandon(probe);
        }
        prop_assert!(health.admits(at + RULE.longest));
    }
}
