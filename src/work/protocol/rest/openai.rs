//! OpenAI's REST API: each row is the body of one request, or a line of OpenAI's own batch files
//! (<https://platform.openai.com/docs/guides/batch>).

use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::value::RawValue;

use super::answer;
use crate::work::protocol::address::Address;
use crate::work::protocol::answered::Answered;
use crate::work::protocol::dialect::{Asked, Dialect, Found};

/// A server of the API.
pub(in crate::work::protocol) struct OpenAi {
    address: Address,
    model: String,
    route: Option<String>,
}

impl OpenAi {
    /// Asks the server at this address. `model` is put in where a row names none; `route` is the one of
    /// the spec, `None` where a row's own fields decide.
    pub(in crate::work::protocol) fn new(
        address: Address,
        model: &str,
        route: Option<&str>,
    ) -> Self {
        Self { address, model: model.to_owned(), route: route.map(str::to_owned) }
    }
}

impl Dialect for OpenAi {
    fn by_row(&self) -> bool {
        true
    }

    fn ask(&self, rows: &[&[u8]], _apart: bool) -> Result<Asked, String> {
        let row = rows.first().ok_or("there is no row")?;
        let ask = ask(row, &self.model, self.route.as_deref())?;
        let url = self.address.at(&ask.route);
        Ok(Asked { body: ask.body, custom_id: ask.custom_id, ..Asked::at(&url) })
    }

    fn found(
        &self,
        asked: &Asked,
        answered: &Answered,
        _: usize,
        _: bool,
    ) -> Result<Found, String> {
        let body = answer::readable(&answered.body)?;
        let custom_id = asked.custom_id.as_deref();
        Ok(Found::rows(vec![prediction(custom_id, answered.status.as_u16(), &body)]))
    }
}

/// What one row asks.
#[derive(Debug)]
struct Ask {
    /// The route, such as `/v1/chat/completions`.
    route: String,
    /// The body of the request.
    body: Bytes,
    /// The row is a line of a batch file, with this `custom_id` as JSON text.
    custom_id: Option<String>,
}

/// The route and the body of a request that a row is, whatever a batch file may call it.
pub(in crate::work::protocol) fn plain(
    row: &[u8],
    model: &str,
    route: Option<&str>,
) -> Result<(String, Bytes), String> {
    ask(row, model, route).map(|ask| (ask.route, ask.body))
}

/// What a row asks.
fn ask(row: &[u8], model: &str, route: Option<&str>) -> Result<Ask, String> {
    let fields = fields(row)?;
    let is_batch_line = fields.contains_key("custom_id") && fields.contains_key("body");
    if is_batch_line {
        let text = |name: &str| {
            fields.get(name).and_then(|value| serde_json::from_str::<String>(value.get()).ok())
        };
        let method = text("method").unwrap_or_else(|| "POST".into());
        if method != "POST" {
            return Err(format!("its method is {method}, and only POST predicts"));
        }
        let body = fields["body"].get().as_bytes();
        let own = text("url").filter(|url| url.starts_with('/'));
        let inner = self::fields(body)?;
        let route = own.as_deref().or(route).or_else(|| by_shape(&inner));
        return Ok(Ask {
            route: route.ok_or_else(no_route)?.to_owned(),
            body: with_model(body, &inner, model),
            custom_id: Some(fields["custom_id"].get().to_owned()),
        });
    }
    let route = route.or_else(|| by_shape(&fields)).ok_or_else(no_route)?.to_owned();
    Ok(Ask { route, body: with_model(row, &fields, model), custom_id: None })
}

/// The prediction of a row: the answer, or a line of a batch file's output around it.
fn prediction(custom_id: Option<&str>, status: u16, body: &Bytes) -> Bytes {
    let Some(custom_id) = custom_id else { return body.clone() };
    let id = fields(body).ok().and_then(|fields| Some(fields.get("id")?.get().to_owned()));
    let id = id.unwrap_or_else(|| "null".into());
    format!(
        r#"{{"id":{id},"custom_id":{custom_id},"response":{{"status_code":{status},"request_id":{id},"body":{}}},"error":null}}"#,
        String::from_utf8_lossy(body).trim()
    )
    .into()
}

fn fields(row: &[u8]) -> Result<IndexMap<String, &RawValue>, String> {
    serde_json::from_slice(row)
        .map_err(|_| "the row is no JSON object, as a request's body is".into())
}

fn by_shape(fields: &IndexMap<String, &RawValue>) -> Option<&'static str> {
    let has = |name: &str| fields.contains_key(name);
    if has("messages") {
        Some("/v1/chat/completions")
    } else if has("prompt") {
        Some("/v1/completions")
    } else if has("input") {
        Some("/v1/embeddings")
    } else {
        None
    }
}

fn no_route() -> String {
    "the row has neither `messages` (chat), `prompt` (completions) nor `input` (embeddings); name the \
     route in the spec: model.routes.predict"
        .into()
}

fn with_model(body: &[u8], fields: &IndexMap<String, &RawValue>, model: &str) -> Bytes {
    if fields.contains_key("model") || model.is_empty() {
        return Bytes::copy_from_slice(body);
    }
    let text = String::from_utf8_lossy(body);
    let rest = text.trim_start().trim_start_matches('{');
    let comma = if fields.is_empty() { "" } else { "," };
    format!("{{\"model\":{}{comma}{rest}", serde_json::json!(model)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(row: &str) -> Result<(String, String), String> {
        let ask = ask(row.as_bytes(), "m", None)?;
        Ok((ask.route, String::from_utf8(ask.body.to_vec()).unwrap()))
    }

    #[test]
    fn a_row_says_its_route_by_its_fields() {
        let (route, body) = asked(r#"{"messages":[],"temperature":0.10}"#).unwrap();
        assert_eq!(route, "/v1/chat/completions");
        assert_eq!(body, r#"{"model":"m","messages":[],"temperature":0.10}"#);
        assert_eq!(
            asked(r#"{"input":"x","model":"n"}"#).unwrap().1,
            r#"{"input":"x","model":"n"}"#
        );
        assert!(asked(r#"{"x":1}"#).unwrap_err().contains("routes.predict"));
        assert!(asked("[1]").unwrap_err().contains("no JSON object"));
    }

    #[test]
    fn a_line_of_a_batch_file_comes_back_as_one() {
        let line =
            r#"{"custom_id":"a-1","method":"POST","url":"/v1/embeddings","body":{"input":"x"}}"#;
        let ask = ask(line.as_bytes(), "m", None).unwrap();
        assert_eq!(ask.route, "/v1/embeddings");
        let body = Bytes::from_static(br#"{"id":"e-1","data":[]}"#);
        let answer = prediction(ask.custom_id.as_deref(), 200, &body);
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["custom_id"], "a-1");
        assert_eq!(answer["response"]["body"]["id"], "e-1");
        let other = r#"{"custom_id":"a","method":"GET","url":"/v1/models","body":{}}"#;
        assert!(super::ask(other.as_bytes(), "m", None).is_err());
    }
}
