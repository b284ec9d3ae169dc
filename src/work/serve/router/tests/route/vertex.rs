//! What an answer of Vertex AI has beside a server's.

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Full};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{headers, pairs};
use crate::RevisionConfig;
use crate::route::{Insert, Insertion};

fn revision() -> RevisionConfig {
    RevisionConfig {
        name: "v\"2".to_owned(),
        version: Some(2),
        models: vec!["digits".to_owned(), "other".to_owned()],
        ..RevisionConfig::default()
    }
}

fn insertion() -> Insertion {
    Insertion::answered(&revision(), "projects/p/locations/l")
}

/// The answer, cut at these places, after it has passed.
fn passed(text: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut insertion = insertion();
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    let pieces = cuts.windows(2).map(|pair| Bytes::copy_from_slice(&text[pair[0]..pair[1]]));
    pieces.flat_map(|piece| insertion.piece(piece)).collect()
}

fn fields() -> Value {
    json!({
        "deployedModelId": "v\"2", "model": "projects/p/locations/l/models/digits",
        "modelDisplayName": "digits", "modelVersionId": "2",
    })
}

#[test]
fn an_answer_says_which_model_gave_it() {
    let text = passed(br#"{ "predictions": [1, 2] }"#, &[]);
    let mut expected = fields();
    expected["predictions"] = json!([1, 2]);
    assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), expected);
    assert_eq!(serde_json::from_slice::<Value>(&passed(b" {\n} ", &[])).unwrap(), fields());
    let bare = RevisionConfig { name: "v1".to_owned(), ..RevisionConfig::default() };
    let text = Insertion::answered(&bare, "p").piece(Bytes::from_static(b"{}"));
    assert_eq!(text, r#"{"deployedModelId":"v1"}"#);
}

#[test]
fn what_is_no_object_passes_as_it_is() {
    for text in ["", " ", "[{}]", "x", "\"{\"", "null", "\u{feff}[{}]", "{", "  {  "] {
        for cut in 0..=text.len() {
            assert_eq!(passed(text.as_bytes(), &[cut]), text.as_bytes(), "{text} at {cut}");
        }
    }
    for text in [&b"\xef\xbb{}"[..], b"\xef{}", b"\xff{\"a\":1}"] {
        assert_eq!(passed(text, &[1]), text);
    }
}

#[test]
fn a_byte_order_mark_is_not_in_the_way() {
    let text = passed("\u{feff} {\"a\":1}".as_bytes(), &[1, 2, 3, 4, 5]);
    let expected = "\u{feff} {\"deployedModelId\":";
    assert!(text.starts_with(expected.as_bytes()), "{}", String::from_utf8_lossy(&text));
}

fn object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~\u{e9}{}\\\\\"]{0,10}".prop_map(Value::from),
    ];
    let any = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z{}\" ]{0,5}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::hash_map("[a-z{}\" ]{0,5}", any, 0..4)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

proptest! {
    #[test]
    fn wherever_an_answer_is_cut_it_is_the_same(
        object in object(),
        cuts in prop::collection::vec(any::<usize>(), 0..10),
        spaces in "[ \t\r\n]{0,4}",
        pretty in any::<bool>(),
    ) {
        let text = if pretty {
            serde_json::to_string_pretty(&object).unwrap()
        } else {
            object.to_string()
        };
        let text = format!("{spaces}{text}{spaces}");
        let whole = passed(text.as_bytes(), &[]);
        prop_assert_eq!(passed(text.as_bytes(), &cuts), whole.clone());
        let mut expected = fields();
        for (name, value) in object.as_object().unwrap() {
            expected[name] = value.clone();
        }
        prop_assert_eq!(serde_json::from_slice::<Value>(&whole).unwrap(), expected);
        // The server's own bytes are all there, in their order.
        let at = spaces.len() + 1;
        prop_assert_eq!(&whole[..at], &text.as_bytes()[..at]);
        let rest = text.len() - whole.len().min(text.len());
        prop_assert!(whole.ends_with(&text.as_bytes()[text.len() - rest..]));
    }
}

#[test]
fn only_a_good_answer_of_plain_json_is_touched() {
    let json = || {
        headers(&[
            ("content-type", "application/JSON; charset=utf-8"),
            ("content-length", "30"),
            ("etag", "x"),
            ("digest", "x"),
            ("x-other", "y"),
        ])
    };
    let mut good = json();
    assert!(Insertion::fits(StatusCode::OK, &mut good));
    let expected = [("content-type", "application/JSON; charset=utf-8"), ("x-other", "y")];
    assert_eq!(pairs(&good), expected);
    assert!(Insertion::fits(StatusCode::OK, &mut headers(&[("content-length", "2")])));
    assert!(Insertion::fits(StatusCode::OK, &mut headers(&[("content-encoding", "identity")])));

    let mut failed = json();
    assert!(!Insertion::fits(StatusCode::BAD_REQUEST, &mut failed));
    assert_eq!(failed, json(), "what is not touched keeps its head");
    for (name, value) in [("content-encoding", "gzip"), ("content-type", "text/event-stream")] {
        assert!(!Insertion::fits(StatusCode::OK, &mut headers(&[(name, value)])), "{value}");
    }
    let mut asked = headers(&[("accept-encoding", "gzip"), ("accept", "x")]);
    Insertion::prepare(&mut asked);
    assert_eq!(pairs(&asked), [("accept", "x")]);
}

#[tokio::test]
async fn a_body_keeps_its_trailers() {
    let mut trailers = http::HeaderMap::new();
    trailers.insert("x-sum", http::HeaderValue::from_static("1"));
    let body = Full::new(Bytes::from_static(b"{}"))
        .with_trailers(std::future::ready(Some(Ok(trailers.clone()))));
    let collected = Insert::new(body, Some(insertion())).collect().await.unwrap();
    assert_eq!(collected.trailers(), Some(&trailers));
    let value: Value = serde_json::from_slice(&collected.to_bytes()).unwrap();
    assert_eq!(value, fields());
    let untouched = Insert::new(Full::new(Bytes::from_static(b"{}")), None);
    assert_eq!(http_body::Body::size_hint(&untouched).exact(), Some(2));
    assert_eq!(untouched.collect().await.unwrap().to_bytes(), "{}");
}
