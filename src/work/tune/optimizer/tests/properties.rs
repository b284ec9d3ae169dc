//! What holds of suggestions whatever is asked.

use std::collections::HashSet;

use proptest::prelude::*;

use crate::{
    Algorithm, Condition, Direction, Domain, Fallback, Found, Options, Outcome, Parameter, Params,
    Scale, Space, SpaceError, Trial, Value, suggest,
};

/// Every kind of parameter, with conditions two deep and variants of one name.
fn rich() -> Space {
    let when = |parent: &str, values: &[Value]| {
        Some(Condition { parent: parent.to_owned(), values: values.to_vec() })
    };
    let text = |t: &str| Value::Text(t.to_owned());
    let float = |low, high, scale| Domain::Float { low, high, scale };
    Space::new(vec![
        Parameter::new("lr", float(1e-5, 1.0, Scale::Log)),
        Parameter::new("keep", float(0.1, 0.999, Scale::ReverseLog)),
        Parameter::new("layers", Domain::Integer { low: 1, high: 4, scale: Scale::Linear }),
        Parameter::new("units", Domain::Integer { low: 4, high: 4096, scale: Scale::Log }),
        Parameter::new(
            "batch",
            Domain::Discrete { values: vec![16.0, 32.0, 48.5], scale: Scale::Linear },
        ),
        Parameter::new(
            "opt",
            Domain::Category { choices: vec![text("sgd"), text("adam"), Value::Flag(true)] },
        ),
        Parameter {
            when: when("opt", &[text("sgd")]),
            ..Parameter::new("momentum", float(0.0, 1.0, Scale::Linear))
        },
        Parameter {
            when: when("opt", &[text("adam")]),
            ..Parameter::new("momentum", float(2.0, 3.0, Scale::Linear))
        },
        Parameter {
            when: when("layers", &[Value::Integer(3), Value::Number(4.0)]),
            ..Parameter::new("skip", Domain::Category { choices: vec![text("a"), text("b")] })
        },
        Parameter {
            when: when("skip", &[text("b")]),
            ..Parameter::new("width", float(-1.0, 1.0, Scale::Linear))
        },
        Parameter::new("fixed", float(7.0, 7.0, Scale::Linear)),
    ])
    .unwrap()
}

fn number(params: &Params, name: &str) -> f64 {
    params[name].number().unwrap()
}

fn fits(params: &Params) {
    assert!((1e-5..=1.0).contains(&number(params, "lr")));
    assert!((0.1..=0.999).contains(&number(params, "keep")));
    let layers = number(params, "layers");
    assert!(
        [1.0, 2.0, 3.0, 4.0].contains(&layers) && matches!(params["layers"], Value::Integer(_))
    );
    assert!((4.0..=4096.0).contains(&number(params, "units")));
    assert!([16.0, 32.0, 48.5].contains(&number(params, "batch")));
    assert_eq!(number(params, "fixed"), 7.0);
    match &params["opt"] {
        Value::Text(t) if t == "sgd" => assert!((0.0..=1.0).contains(&number(params, "momentum"))),
        Value::Text(t) if t == "adam" => assert!((2.0..=3.0).contains(&number(params, "momentum"))),
        other => {
            assert_eq!(*other, Value::Flag(true));
            assert!(!params.contains_key("momentum"));
        }
    }
    assert_eq!(params.contains_key("skip"), layers >= 3.0);
    let wide = params.get("skip") == Some(&Value::Text("b".to_owned()));
    assert_eq!(params.contains_key("width"), wide);
}

fn value(params: &Params) -> f64 {
    let lr = libm::log10(number(params, "lr")) + 2.0;
    let momentum = params.get("momentum").and_then(Value::number).unwrap_or(0.4);
    lr * lr + (number(params, "layers") - 3.0).abs() + (momentum - 0.9).abs()
}

fn ended(params: &Params) -> Trial {
    Trial { params: params.clone(), outcome: Outcome::Values(vec![value(params)]) }
}

fn distinct(list: &[Params]) -> bool {
    let seen: HashSet<String> = list.iter().map(|p| format!("{p:?}")).collect();
    seen.len() == list.len()
}

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
fn variants_far_apart_in_the_tree_can_share_a_name() {
    let text = |t: &str| Value::Text(t.to_owned());
    let category =
        |choices: &[&str]| Domain::Category { choices: choices.iter().map(|c| text(c)).collect() };
    let on = |parent: &str, value: &str, parameter: Parameter| Parameter {
        when: Some(Condition { parent: parent.to_owned(), values: vec![text(value)] }),
        ..parameter
    };
    let float = |low: f64| Domain::Float { low, high: low + 1.0, scale: Scale::Linear };
    let tree = vec![
        Parameter::new("kind", category(&["svm", "tree"])),
        on("kind", "svm", Parameter::new("mode", category(&["a", "b"]))),
        on("kind", "tree", Parameter::new("mode", category(&["b", "c"]))),
        // Of either variant.
        on("mode", "b", Parameter::new("x", float(0.0))),
        on("mode", "c", Parameter::new("x", float(5.0))),
    ];
    let space = Space::new(tree.clone());
    // Both are the same parent's, yet "x" of "b" may exist with either variant, so nothing is known
    // to keep them apart.
    assert_eq!(space.unwrap_err(), SpaceError::Twice("x".to_owned()));
    let space = Space::new(tree[..4].to_vec()).unwrap();
    let random = Options { algorithm: Algorithm::Random, ..Options::default() };
    for params in suggest(&space, &[], &[], 40, &random).unwrap().params {
        assert_eq!(params.contains_key("x"), params["mode"] == text("b"));
    }
    let separate = vec![
        Parameter::new("kind", category(&["svm", "tree"])),
        on("kind", "svm", Parameter::new("one", category(&["a", "b"]))),
        on("kind", "tree", Parameter::new("two", category(&["a", "b"]))),
        on("one", "a", Parameter::new("x", float(0.0))),
        on("two", "a", Parameter::new("x", float(5.0))),
    ];
    assert!(Space::new(separate).is_ok());
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

fn small() -> Space {
    Space::new(vec![
        Parameter::new("k", Domain::Integer { low: 0, high: 2, scale: Scale::Linear }),
        Parameter::new(
            "c",
            Domain::Category { choices: vec![Value::Flag(true), Value::Flag(false)] },
        ),
    ])
    .unwrap()
}

#[test]
fn a_small_space_is_tried_whole_and_then_again() {
    for algorithm in
        [Algorithm::Bayesian, Algorithm::Random, Algorithm::Grid, Algorithm::Quasirandom]
    {
        let options = Options { algorithm, ..Options::default() };
        let answer = suggest(&small(), &[], &[], 6, &options).unwrap();
        assert!(distinct(&answer.params) && answer.fallbacks.is_empty(), "{algorithm:?}");
        let trials: Vec<Trial> = answer
            .params
            .iter()
            .map(|p| Trial { params: p.clone(), outcome: Outcome::Values(vec![number(p, "k")]) })
            .collect();
        let more = suggest(&small(), &trials, &[], 4, &options).unwrap();
        assert_eq!(more.params.len(), 4);
        assert!(more.fallbacks.contains(&Fallback::Exhausted), "{algorithm:?}");
    }
}

#[test]
fn a_space_without_dimensions_has_one_answer() {
    let constant = Domain::Integer { low: 3, high: 3, scale: Scale::Linear };
    for parameters in [vec![], vec![Parameter::new("k", constant)]] {
        let space = Space::new(parameters).unwrap();
        let answer = suggest(&space, &[], &[], 2, &Options::default()).unwrap();
        assert_eq!(answer.params.len(), 2);
        assert!(answer.fallbacks.contains(&Fallback::Exhausted));
    }
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

#[test]
fn what_is_no_space_is_refused_with_the_reason() {
    let float = |low, high, scale| Domain::Float { low, high, scale };
    let one = |domain| Space::new(vec![Parameter::new("x", domain)]).unwrap_err();
    assert!(matches!(one(float(2.0, 1.0, Scale::Linear)), SpaceError::Reversed { .. }));
    assert!(matches!(one(float(0.0, 1.0, Scale::Log)), SpaceError::LogOfNothing { .. }));
    assert!(matches!(one(float(f64::NAN, 1.0, Scale::Linear)), SpaceError::NotFinite(_)));
    assert!(matches!(one(Domain::Category { choices: vec![] }), SpaceError::NoValues(_)));
    assert!(matches!(
        one(Domain::Discrete { values: vec![2.0, 1.0], scale: Scale::Linear }),
        SpaceError::NotIncreasing(_)
    ));
    let twice = vec![Value::Integer(1), Value::Number(1.0)];
    assert!(matches!(one(Domain::Category { choices: twice }), SpaceError::ChoiceTwice { .. }));
    let x = || Parameter::new("x", float(0.0, 1.0, Scale::Linear));
    assert_eq!(Space::new(vec![x(), x()]).unwrap_err(), SpaceError::Twice("x".to_owned()));
    let on_x = |name: &str| Parameter {
        when: Some(Condition { parent: "x".to_owned(), values: vec![Value::Number(0.5)] }),
        ..Parameter::new(name, float(0.0, 1.0, Scale::Linear))
    };
    assert!(matches!(Space::new(vec![x(), on_x("y")]), Err(SpaceError::FloatParent { .. })));
    assert!(matches!(Space::new(vec![on_x("y"), x()]), Err(SpaceError::NoParent { .. })));
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
