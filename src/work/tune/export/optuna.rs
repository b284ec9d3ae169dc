//! A study as a journal of Optuna.
//!
//! The format is that of `optuna/storages/journal/_storage.py`, the same in Optuna 4 and 5: a line of
//! JSON for each operation, told apart by `op_code`, with the fields that `create_new_study`,
//! `set_study_system_attr` and `create_new_trial` write.

use serde_json::{Map, Value, json};

use super::axis::Axis;
use super::distribution::parameter;
use super::json::ascii_json;
use crate::spec::Goal;
use crate::work::tune::{StudyReport, TrialReport, TrialState};

const CREATE_STUDY: u8 = 0;
const SET_STUDY_USER_ATTR: u8 = 2;
const SET_STUDY_SYSTEM_ATTR: u8 = 3;
const CREATE_TRIAL: u8 = 4;

/// The study as a file that `JournalStorage(JournalFileBackend(path))` loads, named by its id. Trial 1
/// is Optuna's trial 0.
///
/// - Succeeded trials are `COMPLETE`. Stopped ones are `PRUNED`, but `COMPLETE` where they are among
///   the best, which a pruned trial can't be in Optuna, and where there are several metrics, with
///   which Optuna prunes nothing. Trials that failed or were cancelled are `FAIL`.
/// - Ranges are float or int distributions, with `log` as in the spec. Optuna knows no `reverseLog`:
///   it is a plain range. Whole numbers at equal distances are an int distribution with a step, other
///   discrete values categories of numbers in their order.
/// - With one metric the values on the way are there, by their steps, or where trials tell none by
///   their position from 0 on.
/// - Attributes of a trial: `trial`, `found`, `run`, `reason`, and `values.NAME` of what it has
///   reported beside the metrics.
pub fn optuna_text(report: &StudyReport, axes: &[Axis]) -> serde_json::Result<String> {
    let directions: Vec<u8> = report
        .metrics
        .iter()
        .map(|metric| if metric.goal == Goal::Minimize { 1 } else { 2 })
        .collect();
    let names: Vec<&str> = report.metrics.iter().map(|metric| metric.name.as_str()).collect();
    let study = |code: u8, what: &str, attr: Value| line(code, json!({"study_id": 0, what: attr}));
    let mut lines = vec![
        line(CREATE_STUDY, json!({"study_name": report.study, "directions": directions})),
        study(SET_STUDY_SYSTEM_ATTR, "system_attr", json!({"study:metric_names": names})),
        study(SET_STUDY_USER_ATTR, "user_attr", json!({"name": report.name})),
    ];
    lines
        .extend(report.trials.iter().map(|trial| line(CREATE_TRIAL, created(report, trial, axes))));
    let mut text = String::new();
    for line in &lines {
        text.push_str(&ascii_json(line)?);
        text.push('\n');
    }
    Ok(text)
}

fn line(code: u8, fields: Value) -> Value {
    let mut line = json!({"op_code": code, "worker_id": "mlctl"});
    if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
        line.extend(fields);
    }
    line
}

/// `TrialState` of Optuna.
fn state_of(report: &StudyReport, trial: &TrialReport) -> u8 {
    let has_all = report.metrics.iter().all(|metric| trial.values.contains_key(&metric.name));
    let counts_whole = report.metrics.len() > 1 || report.best.contains(&trial.trial);
    match trial.state {
        TrialState::Running | TrialState::Stopping => 0,
        TrialState::Waiting => 4,
        TrialState::Succeeded if has_all => 1,
        TrialState::Stopped if has_all && counts_whole => 1,
        TrialState::Stopped if has_all => 2,
        _ => 3,
    }
}

fn created(report: &StudyReport, trial: &TrialReport, axes: &[Axis]) -> Value {
    let state = state_of(report, trial);
    let is_ended = trial.state.is_ended();
    let values: Vec<f64> =
        report.metrics.iter().filter_map(|m| trial.values.get(&m.name).copied()).collect();
    let (value, values) = match &values[..] {
        _ if !matches!(state, 1 | 2) => (Value::Null, Value::Null),
        [value] => (json!(value), Value::Null),
        values => (Value::Null, json!(values)),
    };
    let mut params = Map::new();
    let mut distributions = Map::new();
    for axis in axes {
        let Some(word) = trial.params.get(&axis.name) else { continue };
        let Some((distribution, internal)) = parameter(&axis.values, word) else { continue };
        params.insert(axis.name.clone(), internal);
        distributions.insert(axis.name.clone(), Value::String(distribution.to_string()));
    }
    // Optuna takes no trial that has ended for valid without both times.
    let start = trial.started.or(trial.ended.filter(|_| is_ended)).or(report.began);
    let start = start.filter(|_| state != 4);
    let mut fields = json!({
        "study_id": 0,
        "datetime_start": start.map(time),
        "state": state,
        "value": value,
        "values": values,
        "distributions": distributions,
        "params": params,
        "user_attrs": attributes(report, trial),
        "system_attrs": {},
        "intermediate_values": on_the_way(report, trial),
    });
    if is_ended && let Some(end) = trial.ended.or(start) {
        fields["datetime_complete"] = json!(time(end));
    }
    fields
}

/// Python's `isoformat(timespec="microseconds")` of a time in UTC.
fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string()
}

fn attributes(report: &StudyReport, trial: &TrialReport) -> Map<String, Value> {
    let mut attributes = Map::new();
    attributes.insert("trial".into(), json!(trial.trial));
    attributes.insert("found".into(), json!(trial.found));
    if let Some(run) = &trial.run {
        attributes.insert("run".into(), json!(run));
    }
    if !trial.reason.is_empty() {
        attributes.insert("reason".into(), json!(trial.reason));
    }
    let counts = trial.state.counts();
    for (name, value) in &trial.values {
        let is_told = counts && report.metrics.iter().any(|metric| metric.name == *name);
        if !is_told {
            attributes.insert(format!("values.{name}"), json!(value));
        }
    }
    attributes
}

fn on_the_way(report: &StudyReport, trial: &TrialReport) -> Map<String, Value> {
    let [metric] = &report.metrics[..] else { return Map::new() };
    let value = |point: &crate::work::tune::Point| {
        Some((point.step, *point.values.get(&metric.name).filter(|value| value.is_finite())?))
    };
    let points: Vec<(Option<u64>, f64)> = trial.curve.iter().filter_map(value).collect();
    let has_steps = points.iter().any(|(step, _)| step.is_some());
    points
        .iter()
        .enumerate()
        .filter_map(|(at, (step, value))| {
            let step = if has_steps { (*step)? } else { at as u64 };
            Some((step.to_string(), json!(value)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::tune::export::{axes, sample};

    const PARAMETERS: &str = "{lr: {double: [0.001, 1], scale: log}, m: {double: [0.5, 0.9], \
        scale: reverseLog, when: {o: sgd}}, o: {categorical: [adam, sgd]}, n: {integer: [1, 8], \
        scale: log}, b: {discrete: [64, 16, 32]}, d: {discrete: [10, 30, 20]}, \
        w: {categorical: [1, true, x]}, k: {categorical: [1, 2]}}";

    fn lines(report: &StudyReport) -> Vec<Value> {
        let space = sample::space(PARAMETERS);
        let axes = axes(&space, &report.parameters, |_| Vec::new());
        let text = optuna_text(report, &axes).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_trial_is_one_line_with_its_distributions() {
        let mut report = sample::report(PARAMETERS, 1);
        let set = [("o", "sgd"), ("lr", "1e-3"), ("m", "0.9"), ("n", "8"), ("b", "32")];
        let set = set.into_iter().chain([("d", "20"), ("w", "true"), ("k", "2")]);
        report.trials[0].params = set.map(|(k, v)| (k.to_owned(), v.into())).collect();
        report.trials[0].values.insert("size".into(), 7.0);
        let lines = lines(&report);
        assert_eq!(lines[0]["study_name"], "toy-w821xm");
        assert_eq!(lines[0]["directions"], json!([1]));
        let trial = &lines[3];
        assert_eq!((&trial["op_code"], &trial["state"]), (&json!(4), &json!(1)));
        assert_eq!((&trial["value"], &trial["values"]), (&json!(1.0), &Value::Null));
        assert_eq!(trial["intermediate_values"], json!({"1": 3.0, "2": 2.0, "3": 1.0}));
        assert_eq!(trial["datetime_start"], "2023-11-14T22:13:30.000000+00:00");
        assert_eq!(trial["datetime_complete"], "2023-11-14T22:13:32.500000+00:00");
        assert_eq!(
            trial["user_attrs"],
            json!({"trial": 1, "found": "model", "run": "toy-1", "values.size": 7.0})
        );
        assert_eq!(
            trial["params"],
            json!({"lr": 0.001, "m": 0.9, "o": 1, "n": 8.0, "b": 1, "d": 20.0, "w": 1, "k": 1})
        );
        let dist = |name: &str| -> Value {
            serde_json::from_str(trial["distributions"][name].as_str().unwrap()).unwrap()
        };
        assert_eq!(dist("lr")["attributes"]["log"], true);
        assert_eq!(dist("m")["attributes"]["log"], false);
        assert_eq!(
            dist("n"),
            json!({"name": "IntDistribution",
                   "attributes": {"low": 1, "high": 8, "log": true, "step": 1}})
        );
        assert_eq!(dist("d")["attributes"]["step"], 10);
        assert_eq!(dist("b")["attributes"]["choices"], json!([16, 32, 64]));
        assert_eq!(dist("w")["attributes"]["choices"], json!(["1", "true", "x"]));
        assert_eq!(dist("k")["attributes"]["choices"], json!([1, 2]));
    }

    #[test]
    fn states() {
        let mut report = sample::report(PARAMETERS, 7);
        report.best = vec![2];
        let states = [
            TrialState::Succeeded,
            TrialState::Stopped,
            TrialState::Stopped,
            TrialState::Infeasible,
            TrialState::Running,
            TrialState::Waiting,
            TrialState::Cancelled,
        ];
        for (trial, state) in report.trials.iter_mut().zip(states) {
            trial.state = state;
            if !state.is_ended() {
                trial.ended = None;
            }
        }
        report.trials[5].started = None;
        report.trials[6].started = None;
        report.trials[6].values.clear();
        report.trials[3].reason = "</script>\u{202e}\n".into();
        let all = lines(&report);
        let of = |name: &str| all[3..].iter().map(|line| line[name].clone()).collect::<Vec<_>>();
        assert_eq!(of("state"), [1, 1, 2, 3, 0, 4, 3].map(Value::from));
        assert_eq!(of("value")[2..5], [json!(3.0), Value::Null, Value::Null]);
        assert_eq!(all[3 + 3]["user_attrs"]["reason"], "</script>\u{202e}\n");
        assert!(all[3 + 4].get("datetime_complete").is_none());
        assert!(all[3 + 5]["datetime_start"].is_null());
        assert!(all[3 + 6]["datetime_start"].is_string());
    }
}
