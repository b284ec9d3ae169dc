//! Weights move callers only as far as they must.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::Assignment;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn weighted(weights: &[u32]) -> Vec<(&'static str, u32)> {
    NAMES.iter().copied().zip(weights.iter().copied()).collect()
}

fn lengths(assignment: &Assignment) -> BTreeMap<&str, u64> {
    let mut lengths = BTreeMap::new();
    for share in assignment.shares() {
        *lengths.entry(share.revision.as_str()).or_default() += share.length;
    }
    lengths
}

/// How much of the interval has another owner.
fn moved(before: &Assignment, after: &Assignment) -> u64 {
    let ends = |assignment: &Assignment| -> Vec<u64> {
        let mut end = 0;
        assignment
            .shares()
            .iter()
            .map(|share| {
                end += share.length;
                end
            })
            .collect()
    };
    let mut cuts = ends(before);
    cuts.extend(ends(after));
    cuts.sort_unstable();
    let mut start = 0;
    let mut moved = 0;
    for cut in cuts {
        if start < cut && before.of(start as u32) != after.of(start as u32) {
            moved += cut - start;
        }
        start = cut;
    }
    moved
}

proptest! {
    #[test]
    fn a_change_moves_what_it_must_and_no_more(
        changes in prop::collection::vec(prop::collection::vec(0_u32..=100, 5), 1..30)
    ) {
        let mut at = Assignment::default();
        for weights in changes.iter().filter(|weights| weights.iter().sum::<u32>() > 0) {
            let next = at.toward(&weighted(weights));
            let (had, has) = (lengths(&at), lengths(&next));
            prop_assert_eq!(has.values().sum::<u64>(), 1 << 32);
            let sum = u64::from(weights.iter().sum::<u32>());
            for (name, weight) in weighted(weights) {
                let exact = (u128::from(weight) << 32) / u128::from(sum);
                let length = has.get(name).copied().unwrap_or(0);
                prop_assert!(u128::from(length).abs_diff(exact) <= 1, "{name} has {length}");
                prop_assert!(weight > 0 || length == 0);
            }
            if at != Assignment::default() {
                let lost = NAMES.iter().map(|name| {
                    let of = |lengths: &BTreeMap<&str, u64>| lengths.get(name).copied().unwrap_or(0);
                    of(&had).saturating_sub(of(&has))
                });
                prop_assert_eq!(moved(&at, &next), lost.sum::<u64>());
            }
            at = next;
        }
    }
}

#[test]
fn a_canary_grows_without_taking_its_callers_back() {
    let mut at = Assignment::default().toward(&[("old", 100), ("new", 0)]);
    for weight in [1, 5, 10, 25, 50, 75, 100] {
        let next = at.toward(&[("old", 100 - weight), ("new", weight)]);
        for point in (0..=u32::MAX).step_by(1 << 20) {
            assert!(at.of(point) != Some("new") || next.of(point) == Some("new"), "at {point}");
        }
        at = next;
    }
    assert_eq!(at.shares().len(), 1);
}

#[test]
fn without_weights_nobody_is_anyones() {
    assert_eq!(Assignment::default().toward(&[("a", 0)]).of(0), None);
}
