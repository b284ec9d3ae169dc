//! Spaces and trials that the tests share.

use std::collections::HashSet;

use crate::{Condition, Domain, Outcome, Parameter, Params, Scale, Space, Trial, Value};

/// Every kind of parameter, with conditions two deep and variants of one name.
pub(super) fn rich() -> Space {
    let when = |parent: &str, values: &[Value]| {
        vec![Condition { parent: parent.to_owned(), values: values.to_vec() }]
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

pub(super) fn number(params: &Params, name: &str) -> f64 {
    params[name].number().unwrap()
}

pub(super) fn fits(params: &Params) {
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

pub(super) fn value(params: &Params) -> f64 {
    let lr = libm::log10(number(params, "lr")) + 2.0;
    let momentum = params.get("momentum").and_then(Value::number).unwrap_or(0.4);
    lr * lr + (number(params, "layers") - 3.0).abs() + (momentum - 0.9).abs()
}

pub(super) fn ended(params: &Params) -> Trial {
    Trial { params: params.clone(), outcome: Outcome::Values(vec![value(params)]) }
}

pub(super) fn distinct(list: &[Params]) -> bool {
    let seen: HashSet<String> = list.iter().map(|p| format!("{p:?}")).collect();
    seen.len() == list.len()
}

pub(super) fn small() -> Space {
    Space::new(vec![
        Parameter::new("k", Domain::Integer { low: 0, high: 2, scale: Scale::Linear }),
        Parameter::new(
            "c",
            Domain::Category { choices: vec![Value::Flag(true), Value::Flag(false)] },
        ),
    ])
    .unwrap()
}
