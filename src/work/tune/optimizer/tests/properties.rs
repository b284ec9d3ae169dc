//! What holds of suggestions whatever is asked.

use std::collections::HashSet;

use proptest::prelude::*;

use super::support::{distinct, ended, fits, number, rich, value};
use crate::{
    Algorithm, Direction, Domain, Fallback, Found, Options, Outcome, Parameter, Params, Scale,
    Space, Trial, Value, suggest,
};

#[test]
fn every_way_stays_inside_keeps_conditions_and_repeats_itself() {
    let space = rich();
    for algorithm in
        [Algorithm::Bayesian, Algorithm::Random, Algorithm::Grid, Algorithm::Quasirandom]
    {
        let options = Options { algorithm, seed: 3, grid_steps: 2, ..Options::default() };
        let mut trials: Vec<Trial> = Vec::new();
        for _ in 0..6 {
            let answer = suggest(&space, &trials, &[], 3, &options).unwrap();
            assert_eq!(answer, suggest(&space, &trials, &[], 3, &options).unwrap());
            assert_eq!((answer.params.len(), answer.found.len()), (3, 3));
            answer.params.iter().for_each(fits);
            trials.extend(answer.params.iter().map(ended));
            let all: Vec<Params> = trials.iter().map(|t| t.params.clone()).collect();
            assert!(distinct(&all), "{algorithm:?}");
        }
    }
}

#[test]
fn the_order_of_the_history_does_not_matter() {
    let space = rich();
    let random = Options { algorithm: Algorithm::Random, ..Options::default() };
    let mut trials: Vec<Trial> =
        suggest(&space, &[], &[], 12, &random).unwrap().params.iter().map(ended).collect();
    let pending = suggest(&space, &trials, &[], 2, &random).unwrap().params;
    let options = Options::default();
    let one = suggest(&space, &trials, &pending, 2, &options).unwrap();
    trials.reverse();
    let other = suggest(&space, &trials, &pending, 2, &options).unwrap();
    assert_eq!(one, other);
    assert_eq!(one.found, [Found::Model; 2]);
}

#[test]
fn it_finds_the_good_region() {
    let space = rich();
    let mut trials: Vec<Trial> = Vec::new();
    for _ in 0..40 {
        let answer = suggest(&space, &trials, &[], 1, &Options::default()).unwrap();
        trials.extend(answer.params.iter().map(ended));
    }
    let best = trials.iter().map(|t| value(&t.params)).fold(f64::INFINITY, f64::min);
    assert!(best < 0.05, "{best}");
}

#[test]
fn maximising_is_minimising_the_negative() {
    let space = rich();
    let random = Options { algorithm: Algorithm::Random, ..Options::default() };
    let params = suggest(&space, &[], &[], 10, &random).unwrap().params;
    let down: Vec<Trial> = params.iter().map(ended).collect();
    let up: Vec<Trial> = params
        .iter()
        .map(|p| Trial { params: p.clone(), outcome: Outcome::Values(vec![-value(p)]) })
        .collect();
    let maximise = Options { directions: vec![Direction::Maximise], ..Options::default() };
    assert_eq!(
        suggest(&space, &down, &[], 1, &Options::default()).unwrap(),
        suggest(&space, &up, &[], 1, &maximise).unwrap()
    );
}

#[test]
fn several_metrics_spread_along_their_front() {
    let float = Domain::Float { low: 0.0, high: 1.0, scale: Scale::Linear };
    let space =
        Space::new(vec![Parameter::new("x", float.clone()), Parameter::new("y", float)]).unwrap();
    let options = Options {
        directions: vec![Direction::Minimise, Direction::Maximise],
        ..Options::default()
    };
    let mut trials: Vec<Trial> = Vec::new();
    while trials.len() < 30 {
        let answer = suggest(&space, &trials, &[], 2, &options).unwrap();
        assert!(distinct(&answer.params));
        for p in &answer.params {
            let (x, y) = (number(p, "x"), number(p, "y"));
            // The front is y = 0.3, from (x², -(x-1)²) at x = 0 to that at x = 1.
            let off = (y - 0.3) * (y - 0.3);
            let outcome = Outcome::Values(vec![x * x + off, -(x - 1.0) * (x - 1.0) - off]);
            trials.push(Trial { params: p.clone(), outcome });
        }
    }
    let near = trials.iter().filter(|t| (number(&t.params, "y") - 0.3).abs() < 0.03);
    let cells: HashSet<usize> = near.map(|t| (number(&t.params, "x") * 5.0) as usize).collect();
    assert!(cells.len() >= 4, "{cells:?}");
}

#[test]
fn an_earlier_study_is_a_head_start() {
    let space = rich();
    let mut earlier: Vec<Trial> = Vec::new();
    for _ in 0..30 {
        let answer =
            suggest(&space, &earlier, &[], 1, &Options { seed: 9, ..Options::default() }).unwrap();
        earlier.extend(answer.params.iter().map(ended));
    }
    let warm = Options { earlier: vec![earlier], ..Options::default() };
    let after = |options: &Options| {
        let mut trials: Vec<Trial> = Vec::new();
        for _ in 0..5 {
            let answer = suggest(&space, &trials, &[], 1, options).unwrap();
            trials.extend(answer.params.iter().map(ended));
        }
        trials.iter().map(|t| value(&t.params)).fold(f64::INFINITY, f64::min)
    };
    let (warm, cold) = (after(&warm), after(&Options::default()));
    assert!(warm < 0.3 && warm < cold, "{warm} {cold}");
}

#[test]
fn many_at_once_are_answered_soon() {
    let random = Options { algorithm: Algorithm::Random, ..Options::default() };
    let trials: Vec<Trial> =
        suggest(&rich(), &[], &[], 5, &random).unwrap().params.iter().map(ended).collect();
    let answer = suggest(&rich(), &trials, &[], 300, &Options::default()).unwrap();
    assert_eq!(answer.params.len(), 300);
    assert!(distinct(&answer.params));
    assert_eq!(answer.fallbacks, [Fallback::Spread(236)]);
}

#[test]
fn strange_histories_are_survived() {
    let space = rich();
    let options = Options::default();
    let random = Options { algorithm: Algorithm::Random, ..options.clone() };
    let params = suggest(&space, &[], &[], 12, &random).unwrap().params;
    let with = |values: &[f64]| -> Vec<Trial> {
        let values = values.iter().cycle();
        params
            .iter()
            .zip(values)
            .map(|(p, v)| Trial { params: p.clone(), outcome: Outcome::Values(vec![*v]) })
            .collect()
    };
    for values in [
        &[1.0][..],
        &[f64::NAN],
        &[f64::INFINITY, 1.0],
        &[f64::MAX, -f64::MAX, 0.0],
        &[5e-324, 0.0],
        &[1.0, f64::NAN],
        &[1.0, 1.0 + 1e-15],
    ] {
        let mut trials = with(values);
        trials.extend(trials.clone());
        let answer = suggest(&space, &trials, &params[..3], 2, &options).unwrap();
        answer.params.iter().for_each(fits);
    }
    let failed: Vec<Trial> =
        params.iter().map(|p| Trial { params: p.clone(), outcome: Outcome::Failed }).collect();
    let answer = suggest(&space, &failed, &[], 2, &options).unwrap();
    assert_eq!(answer.fallbacks, [Fallback::Uninformative]);
    // An earlier space: other ranges, other names, missing ones.
    let mut old = with(&[3.0, 1.0, 2.0]);
    old[0].params.insert("lr".to_owned(), Value::Number(1.5));
    old[1].params.insert("lr".to_owned(), Value::Number(-1.0));
    old[2].params.insert("opt".to_owned(), Value::Text("lion".to_owned()));
    old[3].params.remove("units");
    old[4].params.insert("unknown".to_owned(), Value::Number(f64::NAN));
    old[5].params.insert("keep".to_owned(), Value::Number(f64::NAN));
    let answer = suggest(&space, &old, &[], 2, &options).unwrap();
    assert_eq!(answer.fallbacks, [Fallback::Ignored(3)]);
    answer.params.iter().for_each(fits);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Nothing that a history says makes it panic or leave the space.
    #[test]
    fn no_history_breaks_it(
        seed in any::<u64>(),
        values in prop::collection::vec(prop_oneof![any::<f64>(), Just(1.0), Just(f64::NAN), -1.0..1.0f64], 0..24),
        ways in any::<u8>(),
        n in 0usize..5,
    ) {
        let space = rich();
        let random = Options { algorithm: Algorithm::Random, seed, ..Options::default() };
        let params = suggest(&space, &[], &[], 24, &random).unwrap().params;
        let trials: Vec<Trial> = params.iter().zip(&values).enumerate().map(|(i, (p, v))| {
            // Some twice, some failed.
            let p = if ways & 1 == 1 && i % 3 == 0 { &params[0] } else { p };
            let outcome = if ways & 2 == 2 && i % 4 == 0 { Outcome::Failed } else { Outcome::Values(vec![*v]) };
            Trial { params: p.clone(), outcome }
        }).collect();
        let pending = &params[20..20 + usize::from(ways >> 6)];
        let answer = suggest(&space, &trials, pending, n, &Options { seed, ..Options::default() }).unwrap();
        prop_assert_eq!(answer.params.len(), n);
        answer.params.iter().for_each(fits);
        prop_assert!(distinct(&answer.params));
    }
}
