//! The fields of an object and the elements of an array, as the bytes that are there.

use std::fmt;

use bytes::Bytes;
use serde::Deserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::value::{range_in, without_words};

/// One field of an object.
pub(crate) struct Field {
    /// Its name as it is written, with its quotes.
    pub(crate) name: Bytes,
    /// Its value as it is written.
    pub(crate) value: Bytes,
}

/// The fields of an object in their order; `None` for any other text.
pub(crate) fn fields(object: &Bytes) -> Option<Vec<Field>> {
    let strict = without_words(object);
    let text: &[u8] = strict.as_deref().unwrap_or(object);
    let pairs = serde_json::Deserializer::from_slice(text).deserialize_map(Pairs).ok()?;
    let part = |value: &RawValue| object.slice(range_in(text, value));
    let pairs = pairs.into_iter();
    Some(pairs.map(|(name, value)| Field { name: part(name), value: part(value) }).collect())
}

/// The elements of an array in their order; `None` for any other text.
pub(crate) fn elements(array: &Bytes) -> Option<Vec<Bytes>> {
    let strict = without_words(array);
    let text: &[u8] = strict.as_deref().unwrap_or(array);
    let all = serde_json::Deserializer::from_slice(text).deserialize_seq(Elements).ok()?;
    Some(all.into_iter().map(|value| array.slice(range_in(text, value))).collect())
}

/// Whether a name as it is written is this one.
pub(crate) fn name_is(written: &[u8], name: &str) -> bool {
    if memchr::memchr(b'\\', written).is_none() {
        return written.get(1..written.len().saturating_sub(1)) == Some(name.as_bytes());
    }
    serde_json::from_slice::<String>(written).is_ok_and(|written| written == name)
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(&'de RawValue, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(pair) = map.next_entry()? {
            all.push(pair);
        }
        Ok(all)
    }
}

struct Elements;

impl<'de> Visitor<'de> for Elements {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(element) = seq.next_element()? {
            all.push(element);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_elements_are_the_bytes_of_the_text() {
        let object = Bytes::from_static(br#"{"a" : 1.0, "\u0062":[NaN,{"c":"\""}],"a":-Infinity}"#);
        let all = fields(&object).unwrap();
        let all: Vec<_> = all.iter().map(|field| (&field.name[..], &field.value[..])).collect();
        let expected: [(&[u8], &[u8]); 3] = [
            (b"\"a\"", b"1.0"),
            (b"\"\\u0062\"", b"[NaN,{\"c\":\"\\\"\"}]"),
            (b"\"a\"", b"-Infinity"),
        ];
        assert_eq!(all, expected);
        assert!(name_is(all[1].0, "b") && name_is(all[0].0, "a") && !name_is(all[0].0, "b"));
        let array = Bytes::from_static(b"[1e5, \"x\",NaN ,[]]");
        assert_eq!(elements(&array).unwrap(), ["1e5", "\"x\"", "NaN", "[]"]);
        assert!(fields(&array).is_none() && elements(&object).is_none());
    }
}
