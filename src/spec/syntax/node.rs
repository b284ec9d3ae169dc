//! A document as a tree: what is written, and where.

use super::source::SourceSpan;

/// One value of a document, with all that is below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The text that it is written with, its key not included.
    pub span: SourceSpan,
    /// The value itself.
    pub value: Value,
}

/// The three shapes of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text, a number, a boolean, null: everything without children.
    Scalar(Scalar),
    /// A list, in the order of the file.
    List(Vec<Node>),
    /// A mapping, in the order of the file; keys are unique.
    Map(Vec<Entry>),
}

/// A scalar as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text: raw for a plain scalar (`1e-3`, `0x10`, `yes`), unescaped for a quoted one.
    pub text: String,
    /// Written without quotes, so that it may be a number, a boolean or null.
    pub plain: bool,
}

/// One entry of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name in the mapping.
    pub key: Key,
    /// The value; a missing one is null with an empty span.
    pub value: Node,
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The text without quotes.
    pub text: String,
    /// The text that it is written with.
    pub span: SourceSpan,
}

/// What a scalar means in YAML's core schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// `null`, `~` or nothing at all.
    Null,
    /// `true` or `false`, also with capitals; `yes` and `on` are texts.
    Bool(bool),
    /// A whole number: decimal, `0x` or `0o`.
    Integer(i128),
    /// Any other number; it may be infinite or no number (`.nan`).
    Float(f64),
    /// Everything else, and everything in quotes.
    Text,
}

impl Scalar {
    /// It means that there is nothing, which is asked of every value and more often than what it is.
    pub fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// What it means; a quoted scalar is always a text.
    pub fn meaning(&self) -> Meaning {
        if !self.plain {
            return Meaning::Text;
        }
        if self.is_null() {
            return Meaning::Null;
        }
        match self.text.as_str() {
            "true" | "True" | "TRUE" => return Meaning::Bool(true),
            "false" | "False" | "FALSE" => return Meaning::Bool(false),
            ".inf" | "+.inf" => return Meaning::Float(f64::INFINITY),
            "-.inf" => return Meaning::Float(f64::NEG_INFINITY),
            ".nan" => return Meaning::Float(f64::NAN),
            _ => {}
        }
        let text = self.text.as_str();
        let radix = |prefix, radix| {
            text.strip_prefix(prefix).and_then(|digits| i128::from_str_radix(digits, radix).ok())
        };
        if let Some(number) =
            text.parse().ok().or_else(|| radix("0x", 16)).or_else(|| radix("0o", 8))
        {
            return Meaning::Integer(number);
        }
        // Rust's parser also knows `inf` and `nan`, which are texts in YAML.
        let numeric = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        match text.parse() {
            Ok(number) if numeric => Meaning::Float(number),
            _ => Meaning::Text,
        }
    }
}

impl Entry {
    /// The mode of a file as Kubernetes reads it, whose YAML is 1.1's: with a zero before it it is octal
    /// (<https://yaml.org/type/int.html>). `None` for any other field.
    fn mode(&self) -> Option<u32> {
        let Value::Scalar(scalar) = &self.value.value else { return None };
        let is_mode = matches!(self.key.text.as_str(), "mode" | "defaultMode");
        let digits = scalar.text.strip_prefix('0').filter(|_| is_mode && scalar.plain)?;
        u32::from_str_radix(digits, 8).ok()
    }
}

impl Node {
    /// A scalar that no quotes surround.
    pub fn plain(text: impl Into<String>, span: SourceSpan) -> Self {
        Self { span, value: Value::Scalar(Scalar { text: text.into(), plain: true }) }
    }

    /// The value of a key, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Key and value of a key, when this is a mapping that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.iter().find(|entry| entry.key.text == key)
    }

    /// The entries, when this is a mapping.
    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items, when this is a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The scalar, when this is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar of any meaning but null: `4`, `true` and `"4"` all have one.
    pub fn as_text(&self) -> Option<&str> {
        if self.is_null() {
            return None;
        }
        self.as_scalar().map(|scalar| scalar.text.as_str())
    }

    /// It is null, or nothing stands where a value should be.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::is_null)
    }

    /// What it is, in words: "a list", "a number", "nothing".
    pub fn describe(&self) -> &'static str {
        match &self.value {
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Scalar(scalar) => match scalar.meaning() {
                Meaning::Null if scalar.text.is_empty() => "nothing",
                Meaning::Null => "null",
                Meaning::Bool(_) => "a boolean",
                Meaning::Integer(_) => "a number",
                Meaning::Float(_) => "a decimal number",
                Meaning::Text => "a text",
            },
        }
    }

    /// The value as JSON, each scalar by its meaning in YAML's core schema.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => Json::Object(
                entries
                    .iter()
                    .map(|entry| {
                        let mode = entry.mode().map(serde_json::Value::from);
                        (entry.key.text.clone(), mode.unwrap_or_else(|| entry.value.to_json()))
                    })
                    .collect(),
            ),
            Value::Scalar(scalar) => match scalar.meaning() {
                Meaning::Null => Json::Null,
                Meaning::Bool(value) => value.into(),
                Meaning::Integer(number) => i64::try_from(number)
                    .map(Json::from)
                    .or_else(|_| u64::try_from(number).map(Json::from))
                    .unwrap_or_else(|_| (number as f64).into()),
                // Infinity and NaN have no JSON number: the text is all that is left.
                Meaning::Float(number) => serde_json::Number::from_f64(number)
                    .map_or_else(|| scalar.text.clone().into(), Json::Number),
                Meaning::Text => scalar.text.clone().into(),
            },
        }
    }
}
