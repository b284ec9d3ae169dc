//! The answer to a line.

use serde_json::{Map, Number, Value as Json, json};

use super::read::{Request, request};
use crate::method::Method;
use crate::options::Options;
use crate::space::{Params, Value};
use crate::suggest::suggest;

/// Answers one line of the filter with one line, without a line break at its end:
/// `{"suggestions":[{"lr":0.01,"layers":3}]}`, or `{"error":"..."}` that names what is wrong.
///
/// A request is `{"params":[{"name","type":"float|int|cat","low","high","log","choices"}],"seed":0,
/// "completed":[{"params":{},"value":1.2}],"pending":[{"params":{}}],"n":4}`. Values are minimised,
/// `null` is a failed trial. `seed` (0), `completed`, `pending` (none), `n` (1) and `log` (false) may be
/// absent. Integers come back as integers, and choices as the very values that were given.
pub fn answer(line: &str) -> String {
    answer_with(line, &Method::default())
}

/// [`answer`], with knobs that are not at their defaults.
pub fn answer_with(line: &str, method: &Method) -> String {
    let said = request(line).and_then(|request| {
        let options = Options { seed: request.seed, method: method.clone(), ..Options::default() };
        let found =
            suggest(&request.space, &request.history, &request.pending, request.n, &options)
                .map_err(|e| e.to_string())?;
        let list: Vec<Json> = found.params.iter().map(|p| written(p, &request)).collect();
        Ok(json!({ "suggestions": list }))
    });
    said.unwrap_or_else(|error| json!({ "error": error })).to_string()
}

/// Parameters in the order in which the request describes them.
fn written(params: &Params, request: &Request) -> Json {
    let mut object = Map::new();
    for parameter in request.space.parameters() {
        let Some(value) = params.get(&parameter.name) else { continue };
        let choices = request.choices.iter().find(|(name, _)| *name == parameter.name);
        let json = match (choices, value) {
            (Some((_, choices)), value) => {
                choices.iter().find(|c| same(c, value)).cloned().unwrap_or(Json::Null)
            }
            (None, Value::Integer(v)) => Json::from(*v),
            (None, Value::Number(v)) => Number::from_f64(*v).map_or(Json::Null, Json::Number),
            (None, Value::Text(v)) => Json::from(v.as_str()),
            (None, Value::Flag(v)) => Json::from(*v),
        };
        object.insert(parameter.name.clone(), json);
    }
    Json::Object(object)
}

fn same(json: &Json, value: &Value) -> bool {
    match (json, value) {
        (Json::String(a), Value::Text(b)) => a == b,
        (Json::Bool(a), Value::Flag(b)) => a == b,
        (Json::Number(a), Value::Integer(b)) => a.as_i64() == Some(*b),
        (Json::Number(a), Value::Number(b)) => a.as_i64().is_none() && a.as_f64() == Some(*b),
        _ => false,
    }
}
