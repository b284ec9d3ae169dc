//! A request, read leniently where nothing is lost by it and strictly where nonsense would be.

use serde_json::{Map, Value as Json};

use crate::space::{Domain, Parameter, Params, Scale, Space, Value};
use crate::trial::{Outcome, Trial};

/// What a line asks for.
pub(super) struct Request {
    pub(super) space: Space,
    pub(super) seed: u64,
    pub(super) history: Vec<Trial>,
    pub(super) pending: Vec<Params>,
    pub(super) n: usize,
    /// For each category its choices as they were written.
    pub(super) choices: Vec<(String, Vec<Json>)>,
}

const MEMBERS: [&str; 5] = ["params", "seed", "completed", "pending", "n"];

pub(super) fn request(line: &str) -> Result<Request, String> {
    let json: Json = serde_json::from_str(line).map_err(|e| format!("not JSON: {e}"))?;
    let Json::Object(request) = json else { return Err("a request must be an object".to_owned()) };
    if let Some(unknown) = request.keys().find(|k| !MEMBERS.contains(&k.as_str())) {
        return Err(format!("unknown member {unknown:?}; a request has {}", MEMBERS.join(", ")));
    }
    let Some(Json::Array(described)) = request.get("params") else {
        return Err("\"params\" must be there, a list".to_owned());
    };
    let mut choices = Vec::new();
    let mut parameters = Vec::with_capacity(described.len());
    for (i, one) in described.iter().enumerate() {
        let parameter = parameter(one, &mut choices).map_err(|e| format!("params[{i}]: {e}"))?;
        parameters.push(parameter);
    }
    let space = Space::new(parameters).map_err(|e| format!("params: {e}"))?;
    let mut history = Vec::new();
    for (i, one) in list(&request, "completed")?.iter().enumerate() {
        history.push(trial(one, &space).map_err(|e| format!("completed[{i}]: {e}"))?);
    }
    let mut pending = Vec::new();
    for (i, one) in list(&request, "pending")?.iter().enumerate() {
        pending.push(params(one, &space).map_err(|e| format!("pending[{i}]: {e}"))?.1);
    }
    Ok(Request { seed: seed(&request)?, n: count(&request)?, space, history, pending, choices })
}

fn list<'a>(request: &'a Map<String, Json>, name: &str) -> Result<&'a [Json], String> {
    match request.get(name) {
        None | Some(Json::Null) => Ok(&[]),
        Some(Json::Array(list)) => Ok(list),
        Some(_) => Err(format!("{name:?} must be a list")),
    }
}

/// Any whole number is a seed; a negative one is as good as a positive one.
fn seed(request: &Map<String, Json>) -> Result<u64, String> {
    match request.get("seed") {
        None | Some(Json::Null) => Ok(0),
        Some(value) => whole(value)
            .map(|v| v as u64)
            .or_else(|| value.as_u64())
            .ok_or_else(|| format!("\"seed\" must be a whole number, not {value}")),
    }
}

fn count(request: &Map<String, Json>) -> Result<usize, String> {
    match request.get("n") {
        None | Some(Json::Null) => Ok(1),
        Some(value) => whole(value)
            .and_then(|v| usize::try_from(v).ok())
            .filter(|n| *n <= crate::LIMIT)
            .ok_or_else(|| {
                format!("\"n\" must be a whole number from 0 to {}, not {value}", crate::LIMIT)
            }),
    }
}

/// A whole number, also one that is written `3.0`.
fn whole(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| {
        let v = value.as_f64()?;
        (v.fract() == 0.0 && v.abs() < 9.0e15).then_some(v as i64)
    })
}

fn parameter(json: &Json, choices: &mut Vec<(String, Vec<Json>)>) -> Result<Parameter, String> {
    let Json::Object(json) = json else { return Err("must be an object".to_owned()) };
    let name = match json.get("name") {
        Some(Json::String(name)) if !name.is_empty() => name.clone(),
        Some(other) => return Err(format!("\"name\" must be a text, not {other}")),
        None => return Err("has no \"name\"".to_owned()),
    };
    let at = |what: String| format!("{name:?}: {what}");
    let members = ["name", "type", "low", "high", "log", "choices"];
    if let Some(unknown) = json.keys().find(|k| !members.contains(&k.as_str())) {
        return Err(at(format!("unknown member {unknown:?}")));
    }
    let scale = match json.get("log") {
        None | Some(Json::Null | Json::Bool(false)) => Scale::Linear,
        Some(Json::Bool(true)) => Scale::Log,
        Some(other) => return Err(at(format!("\"log\" must be true or false, not {other}"))),
    };
    let bound = |which: &str| match json.get(which) {
        None | Some(Json::Null) => Err(at(format!("has no {which:?}"))),
        Some(value) => Ok(value),
    };
    let domain = match json.get("type") {
        Some(Json::String(kind)) if kind == "float" => {
            let number = |which: &str| {
                let value = bound(which)?;
                value.as_f64().ok_or_else(|| at(format!("{which:?} must be a number, not {value}")))
            };
            Domain::Float { low: number("low")?, high: number("high")?, scale }
        }
        Some(Json::String(kind)) if kind == "int" => {
            let number = |which: &str| {
                let value = bound(which)?;
                whole(value)
                    .ok_or_else(|| at(format!("{which:?} must be a whole number, not {value}")))
            };
            Domain::Integer { low: number("low")?, high: number("high")?, scale }
        }
        Some(Json::String(kind)) if kind == "cat" => {
            let Some(Json::Array(list)) = json.get("choices") else {
                return Err(at("a \"cat\" needs \"choices\", a list".to_owned()));
            };
            let mut values = Vec::with_capacity(list.len());
            for choice in list {
                values.push(value(choice).ok_or_else(|| {
                    at(format!("a choice must be a text, a number or a truth value, not {choice}"))
                })?);
            }
            choices.push((name.clone(), list.clone()));
            Domain::Category { choices: values }
        }
        Some(other) => {
            return Err(at(format!("\"type\" must be \"float\", \"int\" or \"cat\", not {other}")));
        }
        None => return Err(at("has no \"type\"".to_owned())),
    };
    Ok(Parameter::new(name, domain))
}

fn value(json: &Json) -> Option<Value> {
    match json {
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Bool(flag) => Some(Value::Flag(*flag)),
        Json::Number(number) => match number.as_i64() {
            Some(v) => Some(Value::Integer(v)),
            None => number.as_f64().map(Value::Number),
        },
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The values of a trial. Names that the space doesn't know are left for it to ignore, so that the
/// trials of an earlier space can stay; a value of the wrong kind is a mistake and is said.
fn params<'a>(json: &'a Json, space: &Space) -> Result<(&'a Map<String, Json>, Params), String> {
    let Json::Object(trial) = json else { return Err("must be an object".to_owned()) };
    let Some(Json::Object(given)) = trial.get("params") else {
        return Err("\"params\" must be there, an object".to_owned());
    };
    let mut params = Params::new();
    for (name, json) in given {
        let Some(parameter) = space.parameters().iter().find(|p| p.name == *name) else { continue };
        let category = matches!(parameter.domain, Domain::Category { .. });
        match value(json) {
            Some(value) if category || value.number().is_some() => {
                params.insert(name.clone(), value);
            }
            _ if category => return Err(format!("{name:?} can't be {json}")),
            _ => return Err(format!("{name:?} must be a number, not {json}")),
        }
    }
    Ok((trial, params))
}

fn trial(json: &Json, space: &Space) -> Result<Trial, String> {
    let (trial, params) = params(json, space)?;
    let outcome = match trial.get("value") {
        Some(Json::Null) => Outcome::Failed,
        Some(value) => match value.as_f64() {
            Some(value) => Outcome::Values(vec![value]),
            None => return Err(format!("\"value\" must be a number or null, not {value}")),
        },
        None => return Err("has no \"value\" (null says that it failed)".to_owned()),
    };
    Ok(Trial { params, outcome })
}
