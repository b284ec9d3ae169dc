//! Which replica gets a request.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::Retries;
use crate::route::{PeakEwma, RetryBudget, pick};

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);

#[test]
fn a_peak_is_believed_at_once_and_forgotten_slowly() {
    let start = Instant::now();
    let mut ewma = PeakEwma::new(MILLI, start);
    ewma.observe(SECOND, start);
    assert!((ewma.cost(0, start) - 1e9).abs() < 1.0);
    ewma.observe(MILLI, start + MILLI);
    assert!(ewma.cost(0, start + MILLI) > 0.99e9, "one quick answer says little");
    let mut at = start;
    for _ in 0..60 {
        at += SECOND;
        ewma.observe(MILLI, at);
    }
    assert!(ewma.cost(0, at) < 1e7, "a minute of quick ones says much");
}

#[test]
fn a_replica_that_nobody_asks_is_tried_again() {
    let start = Instant::now();
    let mut slow = PeakEwma::new(MILLI, start);
    slow.observe(SECOND, start);
    let mut quick = PeakEwma::new(MILLI, start);
    let later = start + 120 * SECOND;
    quick.observe(MILLI, later);
    assert!(slow.cost(0, start) > quick.cost(0, start));
    assert!(slow.cost(0, later) < quick.cost(0, later));
}

proptest! {
    #[test]
    fn a_cost_is_a_number_that_grows_with_what_is_under_way(
        steps in prop::collection::vec((0_u64..1 << 50, 0_u64..1 << 40), 0..50),
        in_flight in 0_usize..10_000,
    ) {
        let start = Instant::now();
        let mut ewma = PeakEwma::new(MILLI, start);
        let (mut at, mut longest) = (start, MILLI);
        for (took, elapsed) in steps {
            at += Duration::from_nanos(elapsed);
            let took = Duration::from_nanos(took);
            longest = longest.max(took);
            ewma.observe(took, at);
            let cost = ewma.cost(0, at);
            prop_assert!(cost.is_finite() && cost >= 1.0);
            prop_assert!(cost <= longest.as_secs_f64() * 1e9 + 1.0);
            prop_assert!(ewma.cost(in_flight + 1, at) > ewma.cost(in_flight, at));
        }
        // A clock that is read by several threads may seem to go back.
        prop_assert!(ewma.cost(0, start).is_finite());
    }

    #[test]
    fn the_cheaper_of_two_is_taken(
        costs in prop::collection::vec(prop::option::of(0.0..1e9_f64), 0..12), seed in any::<u64>()
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut drawn = Vec::new();
        let picked = pick(
            costs.len(),
            |bound| {
                drawn.push(bound);
                random.usize(..bound)
            },
            |index| costs[index],
        );
        let having: Vec<usize> = (0..costs.len()).filter(|index| costs[*index].is_some()).collect();
        match having.len() {
            0 => prop_assert_eq!(picked, None),
            1 => prop_assert_eq!(picked, Some(having[0])),
            count => {
                prop_assert_eq!(drawn, [count, count - 1]);
                let picked = picked.unwrap();
                // The dearest can't win against another one.
                let others = having.iter().filter(|index| **index != picked);
                prop_assert!(others.clone().any(|index| costs[*index] >= costs[picked]));
            }
        }
    }
}

#[test]
fn every_pair_can_be_drawn() {
    let mut seen = std::collections::BTreeSet::new();
    for one in 0..4 {
        for other in 0..3 {
            let mut draws = [one, other].into_iter();
            let asked = std::cell::RefCell::new(Vec::new());
            pick(
                4,
                |_| draws.next().unwrap(),
                |index| {
                    asked.borrow_mut().push(index);
                    Some(0.0)
                },
            );
            // Whoever was drawn is looked at last, once each.
            let asked = asked.into_inner();
            seen.insert(asked[4..].to_vec());
        }
    }
    assert_eq!(seen.len(), 12, "{seen:?}");
}

#[test]
fn among_equals_the_load_is_even() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut load = [0_u32; 10];
    for _ in 0..10_000 {
        let picked = pick(10, |bound| random.usize(..bound), |index| Some(f64::from(load[index])));
        load[picked.unwrap()] += 1;
    }
    assert!(load.iter().all(|count| count.abs_diff(1000) <= 10), "{load:?}");
}

#[test]
fn retries_are_a_part_of_requests() {
    let percent = |percent| RetryBudget::new(&Retries { percent, ..Retries::default() });
    let allowed =
        |budget: &RetryBudget, now: u64| (0..10_000).take_while(|_| budget.withdraw(now)).count();
    for (part, more) in [(20, 200), (70, 700), (3, 30), (150, 1500), (0, 0)] {
        let budget = percent(part);
        assert_eq!(allowed(&budget, 1), 100, "what is allowed to few requests");
        (0..1000).for_each(|_| budget.deposit(1));
        assert_eq!(allowed(&budget, 1), more, "{part} %");
    }
    let most = percent(u32::MAX);
    (0..1000).for_each(|_| most.deposit(1));
    assert_eq!(allowed(&most, 1), 10_000);
}

#[test]
fn requests_count_for_retries_for_ten_seconds_and_so_do_retries() {
    let budget = RetryBudget::new(&Retries::default());
    let allowed = |now: u64| (0..10_000).take_while(|_| budget.withdraw(now)).count();
    (0..100).for_each(|_| budget.deposit(1500));
    (0..100).for_each(|_| budget.deposit(4500));
    assert_eq!(allowed(10_999), 140);
    // Those of the first second go, the retries stay.
    assert_eq!(allowed(11_000), 0);
    assert_eq!(allowed(14_000), 0);
    // Another thread's clock was read a little earlier.
    assert!(!budget.withdraw(13_999));
    assert_eq!(allowed(20_000), 100);
    assert_eq!(allowed(1_000_000), 100);
}
