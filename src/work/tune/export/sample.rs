//! A study for tests.

use jiff::{SignedDuration, Timestamp};

use crate::spec::space::Space;
use crate::spec::{Goal, Metric};
use crate::work::tune::{Point, StudyReport, TrialReport, TrialState};

/// The space of parameters as a spec has them.
pub(super) fn space(parameters: &str) -> Space {
    let node = crate::spec::syntax::parse(0, parameters).documents.remove(0);
    Space::of(&serde_json::from_value(node.to_json()).unwrap()).unwrap()
}

/// A study with so many trials that have ended well, each with a loss of its own number.
pub(super) fn report(parameters: &str, trials: u32) -> StudyReport {
    let node = crate::spec::syntax::parse(0, parameters).documents.remove(0);
    let names = node.to_json().as_object().unwrap().keys().cloned().collect();
    let began = Timestamp::from_second(1_700_000_000).unwrap();
    StudyReport {
        schema_version: 1,
        study: "toy-w821xm".parse().unwrap(),
        name: "toy".into(),
        run: None,
        metrics: vec![Metric { name: "loss".into(), goal: Goal::Minimize }],
        parameters: names,
        max_trials: trials,
        parallel_trials: 1,
        began: Some(began),
        ended: None,
        reason: None,
        best: if trials > 0 { vec![1] } else { Vec::new() },
        trials: (1..=trials).map(|number| trial(number, began)).collect(),
    }
}

fn trial(number: u32, began: Timestamp) -> TrialReport {
    let started = began + SignedDuration::from_secs(i64::from(number) * 10);
    let point = |step: u64| Point {
        step: Some(step),
        seconds: step as f64,
        values: [("loss".to_owned(), f64::from(number) + 3.0 - step as f64)].into(),
    };
    TrialReport {
        trial: number,
        state: TrialState::Succeeded,
        params: indexmap::IndexMap::new(),
        found: "model".into(),
        values: [("loss".to_owned(), f64::from(number))].into(),
        step: Some(3),
        reason: String::new(),
        run: Some(format!("toy-{number}").parse().unwrap()),
        lost_runs: Vec::new(),
        started: Some(started),
        ended: Some(started + SignedDuration::from_millis(2500)),
        curve: (1..=3).map(point).collect(),
    }
}
