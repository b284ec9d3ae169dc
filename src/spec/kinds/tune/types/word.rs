//! Scalars that mean what the parameter they are for makes of them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A value as it is written: `0.001`, `16`, `adam`, `true`. Of which type it is, its parameter says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Word(pub String);

impl Word {
    /// The text as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Word {
    fn schema_name() -> Cow<'static, str> {
        "Word".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "x-mlctl-text": true })
    }
}

/// A number that would be written the same way is written as one: readers see no quotes then.
impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.as_str();
        if let Ok(number) = text.parse::<i64>()
            && number.to_string() == text
        {
            return serializer.serialize_i64(number);
        }
        let usual = |number: &f64| (1e-4..1e15).contains(&number.abs());
        if let Some(number) = text.parse::<f64>().ok().filter(usual)
            && number.to_string() == text
        {
            return serializer.serialize_f64(number);
        }
        match text {
            "true" => serializer.serialize_bool(true),
            "false" => serializer.serialize_bool(false),
            _ => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl de::Visitor<'_> for Reader {
    type Value = Word;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Word, E> {
        Ok(text.into())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Word, E> {
        Ok(Word(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Word, E> {
        Ok(Word(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Word, E> {
        Ok(Word(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Word, E> {
        Ok(Word(value.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for text in ["1", "-3", "007", "0.001", "1e-5", "1.0", "true", "yes", "adam", "", "1e400"] {
            let word = Word::from(text);
            let yaml = serde_saphyr::to_string(&word).unwrap();
            let node = crate::spec::syntax::parse(0, &yaml).documents.remove(0);
            let raw = node.as_text().unwrap_or_default();
            assert_eq!(raw, text, "{yaml}");
            let json = serde_json::to_value(&word).unwrap();
            assert_eq!(serde_json::from_value::<Word>(json).unwrap(), word, "{text}");
        }
    }
}
