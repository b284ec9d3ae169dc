//! A document as a tree: what is written, and where.

use indexmap::IndexMap;

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
    /// What it means; a quoted scalar is always a text.
    pub fn meaning(&self) -> Meaning {
        if !self.plain {
            return Meaning::Text;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => return Meaning::Null,
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
        self.as_scalar().is_some_and(|scalar| scalar.meaning() == Meaning::Null)
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
                    .map(|entry| (entry.key.text.clone(), entry.value.to_json()))
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

/// Where each value of a document is, by its path: `roles.worker.args[0]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spans {
    places: IndexMap<String, KeyedSpan>,
}

/// Where one value and its key are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyedSpan {
    /// The key; `None` for an item of a list and for the document.
    pub key: Option<SourceSpan>,
    /// Where the value is written, from its first to its last character.
    pub value: SourceSpan,
}

impl Spans {
    /// The places of a whole tree.
    pub fn of(node: &Node) -> Self {
        let mut spans = Self::default();
        spans.add(String::new(), None, node);
        spans
    }

    fn add(&mut self, path: String, key: Option<SourceSpan>, node: &Node) {
        match &node.value {
            Value::Scalar(_) => {}
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.add(index_path(&path, index), None, item);
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    self.add(key_path(&path, &entry.key.text), Some(entry.key.span), &entry.value);
                }
            }
        }
        self.places.insert(path, KeyedSpan { key, value: node.span });
    }

    /// Notes where a value is; for converters, whose paths are not those of the file.
    pub fn insert(&mut self, path: impl Into<String>, place: KeyedSpan) {
        self.places.insert(path.into(), place);
    }

    /// The places of what stands below a path, by their paths from there on. What isn't there itself
    /// is where the key of the whole is.
    pub(crate) fn below(&self, base: &str) -> Self {
        let within = |path: &str| {
            let rest = path.strip_prefix(base)?;
            let own = rest.strip_prefix('.').or_else(|| rest.starts_with('[').then_some(rest));
            own.map(str::to_owned)
        };
        let mut places: IndexMap<String, KeyedSpan> =
            self.places.iter().filter_map(|(path, place)| Some((within(path)?, *place))).collect();
        let whole = self.key(base);
        places.insert(String::new(), KeyedSpan { key: None, value: whole });
        Self { places }
    }

    /// Notes places at their paths below `base`; that of the whole is `base` itself, unless it is
    /// known already.
    pub(crate) fn insert_below(&mut self, base: &str, others: &Self) {
        for (path, place) in &others.places {
            if path.is_empty() {
                self.places.entry(base.to_owned()).or_insert(*place);
            } else {
                let separator = if path.starts_with('[') { "" } else { "." };
                self.places.insert(format!("{base}{separator}{path}"), *place);
            }
        }
    }

    /// The place of exactly this path.
    pub fn get(&self, path: &str) -> Option<KeyedSpan> {
        self.places.get(path).copied()
    }

    /// The value at this path, else the nearest thing that contains it.
    pub fn value(&self, path: &str) -> SourceSpan {
        self.nearest(path, |place| place.value)
    }

    /// The key at this path (the value, where there is no key), else the nearest container's.
    pub fn key(&self, path: &str) -> SourceSpan {
        self.nearest(path, |place| place.key.unwrap_or(place.value))
    }

    fn nearest(&self, path: &str, pick: impl Fn(KeyedSpan) -> SourceSpan) -> SourceSpan {
        if let Some(place) = self.get(path) {
            return pick(place);
        }
        // The container is pointed at by its key: its value may be many lines.
        let mut rest = path;
        while let Some(at) = rest.rfind(['.', '[']) {
            rest = &rest[..at];
            if let Some(place) = self.get(rest) {
                return place.key.unwrap_or(place.value);
            }
        }
        self.get("").map_or_else(SourceSpan::default, |place| place.value)
    }
}

/// The path of a key below `base`; a key with a dot, a bracket or a quote is quoted.
pub(crate) fn key_path(base: &str, key: &str) -> String {
    let separator = if base.is_empty() { "" } else { "." };
    if key.is_empty() || key.contains(['.', '[', ']', '"', '=']) {
        format!("{base}{separator}{key:?}")
    } else {
        format!("{base}{separator}{key}")
    }
}

/// The path of an item below `base`.
pub(crate) fn index_path(base: &str, index: usize) -> String {
    format!("{base}[{index}]")
}
