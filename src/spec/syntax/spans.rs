//! Where the values of a document are written, by their paths.

use indexmap::IndexMap;

use super::node::{Node, Value};
use super::source::SourceSpan;

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
                let separator = if base.is_empty() || path.starts_with('[') { "" } else { "." };
                self.places.insert(format!("{base}{separator}{path}"), *place);
            }
        }
    }

    /// All paths with their places.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, KeyedSpan)> {
        self.places.iter().map(|(path, place)| (path.as_str(), *place))
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
