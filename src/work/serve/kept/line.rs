//! One kept request as a line of JSON.

use jiff::Timestamp;
use mlctl_router::Sample;
use serde::Serialize;
use serde_json::Value as Json;

use crate::text::base64;

/// Format of a line.
const LINE_VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    v: u32,
    time: Timestamp,
    method: &'a str,
    path: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    grpc_status: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'a str>,
    seconds: f64,
    outcome: &'a str,
    request: Body<'a>,
    answer: Body<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    /// A document where the body is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    /// What is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    /// There was more of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
}

/// The line of a request, with its end. Neither headers nor what stands behind the `?` of its path are kept:
/// both may have tokens.
pub(super) fn line(sample: &Sample) -> Vec<u8> {
    let access = &sample.access;
    let millis = i64::try_from(access.at_millis).unwrap_or(i64::MAX);
    let line = Line {
        v: LINE_VERSION,
        time: Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX),
        method: access.method.as_str(),
        path: access.path.split('?').next().unwrap_or_default(),
        status: access.status,
        grpc_status: access.grpc_status,
        revision: access.revision.as_deref(),
        seconds: access.duration.as_secs_f64(),
        outcome: access.outcome,
        request: body(sample.request_type.as_deref(), &sample.request, sample.request_cut),
        answer: body(sample.answer_type.as_deref(), &sample.answer, sample.answer_cut),
    };
    // Nothing in it can fail to be written; if it could, a line less is kept.
    let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn body<'a>(content_type: Option<&'a str>, bytes: &'a [u8], cut: bool) -> Body<'a> {
    let empty = Body { content_type, json: None, text: None, base64: None, cut };
    if bytes.is_empty() {
        return empty;
    }
    if let Some(json) = serde_json::from_slice(bytes).ok().filter(|_| !cut) {
        return Body { json: Some(json), ..empty };
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Body { text: Some(text), ..empty };
    }
    let mut out = Vec::new();
    base64::encode(bytes, &mut out);
    Body { base64: String::from_utf8(out).ok(), ..empty }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mlctl_router::Access;

    use super::*;

    fn sample(request: &'static [u8], cut: bool) -> Json {
        let access = Access {
            at_millis: 1_700_000_000_000,
            client: "127.0.0.1:1".parse().unwrap(),
            method: http::Method::POST,
            path: "/predict?token=secret".into(),
            status: 200,
            grpc_status: None,
            revision: Some("v1".into()),
            replica: None,
            attempts: 1,
            sent: 2,
            duration: Duration::from_millis(250),
            outcome: "ok",
        };
        let sample = Sample {
            access,
            request_type: Some("application/json".into()),
            request: request.into(),
            request_cut: cut,
            answer_type: None,
            answer: b"{}".as_slice().into(),
            answer_cut: false,
        };
        let bytes = line(&sample);
        assert!(bytes.ends_with(b"\n"));
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn a_body_is_kept_as_what_it_is() {
        let json = sample(br#"{"x": 1}"#, false);
        assert_eq!(json["request"]["json"]["x"], 1);
        assert_eq!(
            (&json["time"], &json["seconds"]),
            (&"2023-11-14T22:13:20Z".into(), &0.25.into())
        );
        assert!(!json.to_string().contains("secret"), "{json}");
        let cut = sample(br#"{"x":"#, true);
        assert_eq!(
            (&cut["request"]["text"], &cut["request"]["cut"]),
            (&r#"{"x":"#.into(), &true.into())
        );
        assert_eq!(sample(b"\xff\x00", false)["request"]["base64"], "/wA=");
        assert_eq!(sample(b"", false)["request"], serde_json::json!({"type": "application/json"}));
    }
}
