//! The filter, line by line.

use serde_json::{Value, json};

use crate::answer;

fn ask(request: Value) -> Value {
    let line = answer(&request.to_string());
    assert!(!line.contains('\n'));
    serde_json::from_str(&line).unwrap()
}

fn params() -> Value {
    json!([
        {"name": "lr", "type": "float", "low": 1e-5, "high": 1, "log": true},
        {"name": "layers", "type": "int", "low": 1, "high": 8.0},
        {"name": "big", "type": "int", "low": -1_000_000, "high": 1_000_000, "log": false},
        {"name": "opt", "type": "cat", "choices": ["sgd", 1, 2.5, true, "1"]},
    ])
}

#[test]
fn a_full_request_is_answered_in_kind() {
    let mut completed = Vec::new();
    for i in 0..12 {
        let answer = ask(
            json!({"params": params(), "seed": i, "completed": completed, "pending": [], "n": 1}),
        );
        let suggestion = answer["suggestions"][0].clone();
        let names: Vec<&String> = suggestion.as_object().unwrap().keys().collect();
        assert_eq!(names, ["lr", "layers", "big", "opt"]);
        assert!((1e-5..=1.0).contains(&suggestion["lr"].as_f64().unwrap()));
        assert!((1..=8).contains(&suggestion["layers"].as_i64().unwrap()));
        assert!((-1_000_000..=1_000_000).contains(&suggestion["big"].as_i64().unwrap()));
        assert!(params()[3]["choices"].as_array().unwrap().contains(&suggestion["opt"]));
        let value = if i % 5 == 4 { Value::Null } else { suggestion["lr"].clone() };
        completed.push(json!({"params": suggestion, "value": value}));
    }
    let many = ask(
        json!({"params": params(), "completed": completed, "pending": [{"params": completed[0]["params"]}], "n": 4}),
    );
    assert_eq!(many["suggestions"].as_array().unwrap().len(), 4);
}

#[test]
fn what_can_be_absent_is_absent() {
    let answer = ask(json!({"params": [{"name": "x", "type": "float", "low": 0, "high": 1}]}));
    assert_eq!(answer, json!({"suggestions": [{"x": 0.5}]}));
    assert_eq!(ask(json!({"params": []})), json!({"suggestions": [{}]}));
    assert_eq!(ask(json!({"params": params(), "n": 0})), json!({"suggestions": []}));
    assert!(
        ask(json!({"params": params(), "seed": -5, "completed": null, "n": 2.0}))["error"]
            .is_null()
    );
    assert!(ask(json!({"params": params(), "seed": u64::MAX}))["error"].is_null());
}

#[test]
fn nonsense_is_named() {
    let bad = |request: Value, said: &str| {
        let answer = ask(request);
        let error = answer["error"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(error.contains(said), "{error}");
    };
    assert!(answer("{").contains("not JSON"));
    assert!(answer("").contains("not JSON"));
    bad(json!([]), "must be an object");
    bad(json!({}), "\"params\" must be there");
    bad(json!({"params": [], "trials": 3}), "unknown member \"trials\"");
    let one = |p: Value| json!({"params": [p]});
    bad(one(json!({"type": "float"})), "params[0]: has no \"name\"");
    bad(one(json!({"name": "x"})), "has no \"type\"");
    bad(one(json!({"name": "x", "type": "double", "low": 0, "high": 1})), "not \"double\"");
    bad(one(json!({"name": "x", "type": "float", "low": 0})), "has no \"high\"");
    bad(
        one(json!({"name": "x", "type": "float", "low": "0", "high": 1})),
        "\"low\" must be a number",
    );
    bad(
        one(json!({"name": "x", "type": "float", "low": 2, "high": 1})),
        "low 2 is greater than high 1",
    );
    bad(one(json!({"name": "x", "type": "float", "low": 0, "high": 1, "log": true})), "above 0");
    bad(one(json!({"name": "x", "type": "int", "low": 0.5, "high": 1})), "whole number");
    bad(one(json!({"name": "x", "type": "cat"})), "choices");
    bad(one(json!({"name": "x", "type": "cat", "choices": []})), "no values");
    bad(one(json!({"name": "x", "type": "cat", "choices": [null]})), "truth value");
    bad(one(json!({"name": "x", "type": "cat", "choices": [1, 1]})), "twice");
    bad(json!({"params": params(), "n": -1}), "\"n\"");
    bad(json!({"params": params(), "n": 1_000_000_000}), "\"n\"");
    bad(json!({"params": params(), "seed": "x"}), "\"seed\"");
    bad(
        json!({"params": params(), "completed": [{"params": {}}]}),
        "completed[0]: has no \"value\"",
    );
    bad(json!({"params": params(), "completed": [{"value": 1}]}), "completed[0]: \"params\"");
    bad(
        json!({"params": params(), "completed": [{"params": {"lr": "x"}, "value": 1}]}),
        "\"lr\" must be a number",
    );
    bad(json!({"params": params(), "completed": [{"params": {}, "value": "x"}]}), "\"value\"");
    bad(json!({"params": params(), "pending": [3]}), "pending[0]");
    let twice = json!({"name": "x", "type": "float", "low": 0, "high": 1});
    bad(json!({"params": [twice, twice]}), "twice");
}
