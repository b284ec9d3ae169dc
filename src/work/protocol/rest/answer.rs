//! Predictions cut out of an answer, exactly as the server wrote them.

use std::collections::HashMap;
use std::fmt;

use bytes::Bytes;
use serde::Deserializer;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The values of the array behind a field of an answer, each as its own JSON text. The error says what
/// is there instead.
///
/// Servers in Python, and TF Serving, write NaN and infinities bare, which no JSON has. They become
/// the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, as the JSON form of protocol buffers has them.
pub(in crate::work::protocol) fn array(body: &Bytes, field: &str) -> Result<Vec<Bytes>, String> {
    if let Some(found) = at_once(body, field) {
        return Ok(found);
    }
    let body = readable(body)?;
    let value = self::field(&body, field)?;
    elements(&value).ok_or_else(|| format!("its answer's `{field}` is no array"))
}

/// The same of an answer in which nothing is unusual, which most are; it is read once.
fn at_once(body: &Bytes, field: &str) -> Option<Vec<Bytes>> {
    let text = str::from_utf8(body).ok()?;
    let mut json = serde_json::Deserializer::from_str(text);
    let values = json.deserialize_map(ArrayOf(field)).ok()?;
    json.end().ok()?;
    Some(values.into_iter().map(|value| body.slice_ref(value.get().as_bytes())).collect())
}

/// The elements of the array behind this field of an object that has it once.
struct ArrayOf<'a>(&'a str);

impl<'de> Visitor<'de> for ArrayOf<'_> {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        // Not borrowed: a name may have escapes in it.
        while let Some(name) = map.next_key::<String>()? {
            if name != self.0 {
                map.next_value::<IgnoredAny>()?;
            } else if found.replace(map.next_value()?).is_some() {
                return Err(A::Error::custom("a field is there twice"));
            }
        }
        found.ok_or_else(|| A::Error::custom("a field is missing"))
    }
}

/// The text behind a field of an answer.
pub(in crate::work::protocol) fn field(body: &Bytes, field: &str) -> Result<Bytes, String> {
    let fields: HashMap<String, &RawValue> =
        serde_json::from_slice(body).map_err(|_| "its answer is no JSON object".to_owned())?;
    let value = fields.get(field).ok_or_else(|| format!("its answer has no `{field}`"))?;
    Ok(body.slice_ref(value.get().as_bytes()))
}

/// The elements of an array's text; `None` for what is none.
pub(in crate::work::protocol) fn elements(array: &Bytes) -> Option<Vec<Bytes>> {
    let values: Vec<&RawValue> = serde_json::from_slice(array).ok()?;
    Some(values.into_iter().map(|value| array.slice_ref(value.get().as_bytes())).collect())
}

/// An answer as JSON, with bare numbers that are none in quotes.
pub(in crate::work::protocol) fn readable(body: &Bytes) -> Result<Bytes, String> {
    // Some servers write a byte-order mark before their JSON.
    let mark = if body.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let body = body.slice(mark..);
    match serde_json::from_slice::<&RawValue>(&body) {
        Ok(_) => Ok(body),
        Err(error) => {
            let quoted = Bytes::from(quoted(&body));
            let is_json = serde_json::from_slice::<&RawValue>(&quoted).is_ok();
            if is_json { Ok(quoted) } else { Err(format!("its answer is no JSON: {error}")) }
        }
    }
}

/// The text with `NaN`, `Infinity` and `-Infinity` in quotes where they stand outside of strings.
fn quoted(text: &[u8]) -> Vec<u8> {
    const WORDS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
    let mut out = Vec::with_capacity(text.len() + 64);
    let (mut at, mut inside) = (0, false);
    while at < text.len() {
        let byte = text[at];
        if inside {
            out.push(byte);
            if byte == b'\\' && at + 1 < text.len() {
                at += 1;
                out.push(text[at]);
            }
            inside = byte != b'"';
            at += 1;
            continue;
        }
        if let Some(word) = WORDS.iter().find(|word| text[at..].starts_with(word)) {
            out.push(b'"');
            out.extend_from_slice(word);
            out.push(b'"');
            at += word.len();
            continue;
        }
        inside = byte == b'"';
        out.push(byte);
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(body: &str) -> Result<Vec<String>, String> {
        let values = array(&Bytes::copy_from_slice(body.as_bytes()), "predictions")?;
        Ok(values.iter().map(|value| String::from_utf8(value.to_vec()).unwrap()).collect())
    }

    #[test]
    fn predictions_stay_as_they_were_written() {
        let escaped = r#"{"gr\u00f6\u00dfe":1,"pr\u0065dictions":[1]}"#;
        assert_eq!(cut(escaped).unwrap(), ["1"]);
        assert_eq!(cut("\u{feff}{\"predictions\":[1,NaN]}").unwrap(), ["1", r#""NaN""#]);
        let body = r#"{"x":1,"predictions":[ [1.0e5, 2.50], {"a" : 1}, "t", null ]}"#;
        assert_eq!(cut(body).unwrap(), ["[1.0e5, 2.50]", r#"{"a" : 1}"#, r#""t""#, "null"]);
    }

    #[test]
    fn bare_numbers_that_are_none_become_strings() {
        let body = r#"{"predictions":[NaN,[-Infinity,Infinity],"NaN, \"Infinity",{"NaN":NaN}]}"#;
        let values =
            [r#""NaN""#, r#"["-Infinity","Infinity"]"#, r#""NaN, \"Infinity""#, r#"{"NaN":"NaN"}"#];
        assert_eq!(cut(body).unwrap(), values);
    }

    #[test]
    fn what_is_no_array_of_predictions_is_said() {
        for (body, words) in [
            ("<html>", "no JSON"),
            ("[1]", "no JSON object"),
            (r#"{"error":"x"}"#, "no `predictions`"),
            (r#"{"predictions":3}"#, "no array"),
        ] {
            let said = cut(body).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }
}
