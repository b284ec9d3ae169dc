//! Which lists of parameters are spaces, and spaces that are small.

use super::support::{distinct, number, small};
use crate::{
    Algorithm, Condition, Domain, Fallback, Options, Outcome, Parameter, Scale, Space, SpaceError,
    Trial, Value, suggest,
};

#[test]
fn all_of_several_conditions_must_hold() {
    let text = |t: &str| Value::Text(t.to_owned());
    let category =
        |choices: &[&str]| Domain::Category { choices: choices.iter().map(|c| text(c)).collect() };
    let is = |parent: &str, value: &str| Condition {
        parent: parent.to_owned(),
        values: vec![text(value)],
    };
    let float = Domain::Float { low: 0.0, high: 1.0, scale: Scale::Linear };
    let space = Space::new(vec![
        Parameter::new("opt", category(&["adam", "sgd"])),
        Parameter::new("nesterov", category(&["yes", "no"])),
        Parameter {
            when: vec![is("opt", "sgd"), is("nesterov", "yes")],
            ..Parameter::new("momentum", float.clone())
        },
        Parameter {
            when: vec![is("nesterov", "yes"), is("opt", "adam")],
            ..Parameter::new("momentum", float)
        },
    ])
    .unwrap();
    let random = Options { algorithm: Algorithm::Random, ..Options::default() };
    let drawn = suggest(&space, &[], &[], 40, &random).unwrap().params;
    assert!(drawn.iter().any(|params| params.contains_key("momentum")));
    for params in drawn {
        assert_eq!(params.contains_key("momentum"), params["nesterov"] == text("yes"));
    }
}

#[test]
fn variants_far_apart_in_the_tree_can_share_a_name() {
    let text = |t: &str| Value::Text(t.to_owned());
    let category =
        |choices: &[&str]| Domain::Category { choices: choices.iter().map(|c| text(c)).collect() };
    let on = |parent: &str, value: &str, parameter: Parameter| Parameter {
        when: vec![Condition { parent: parent.to_owned(), values: vec![text(value)] }],
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
        when: vec![Condition { parent: "x".to_owned(), values: vec![Value::Number(0.5)] }],
        ..Parameter::new(name, float(0.0, 1.0, Scale::Linear))
    };
    assert!(matches!(Space::new(vec![x(), on_x("y")]), Err(SpaceError::FloatParent { .. })));
    assert!(matches!(Space::new(vec![on_x("y"), x()]), Err(SpaceError::NoParent { .. })));
}
