//! Scalars and lists of the API's JSON, as generous as Google's parsers and a bit more.

use crate::spec::syntax::Diagnostic;
use crate::spec::syntax::{Meaning, Node, Scalar};

use super::fields::Findings;

/// A list; a single value is a list of one, as gcloud takes it.
pub(in crate::spec::foreign) fn items(node: &Node) -> &[Node] {
    node.as_list().unwrap_or(std::slice::from_ref(node))
}

impl Findings {
    /// A text; numbers and booleans keep the text that is written.
    pub(in crate::spec::foreign) fn text<'a>(
        &mut self,
        node: &'a Node,
        path: &str,
    ) -> Option<&'a str> {
        let text = node.as_text();
        if text.is_none() {
            self.wrong_type(node, path, "a text");
        }
        text
    }

    /// A whole number, also in quotes: the API's JSON writes 64-bit integers as strings.
    pub(in crate::spec::foreign) fn count(&mut self, node: &Node, path: &str) -> Option<u32> {
        let number = node.as_text().and_then(|text| text.trim().parse().ok());
        if number.is_none() {
            self.wrong_type(node, path, "a whole number");
        }
        number
    }

    /// A finite number, also in quotes.
    pub(in crate::spec::foreign) fn number(&mut self, node: &Node, path: &str) -> Option<f64> {
        let number = node.as_text().and_then(|text| {
            match (Scalar { text: text.trim().to_owned(), plain: true }).meaning() {
                Meaning::Integer(number) => Some(number as f64),
                Meaning::Float(number) => Some(number),
                _ => None,
            }
        });
        let number = number.filter(|number| number.is_finite());
        if number.is_none() {
            self.wrong_type(node, path, "a number");
        }
        number
    }

    /// A whole number of either sign, also in quotes; `16.0` is what some tools write for one.
    pub(in crate::spec::foreign) fn whole(&mut self, node: &Node, path: &str) -> Option<i64> {
        let text = node.as_text().map(str::trim);
        let whole = text.map(|text| text.strip_suffix(".0").unwrap_or(text));
        let number = whole.and_then(|text| text.parse().ok());
        if number.is_none() {
            self.wrong_type(node, path, "a whole number");
        }
        number
    }

    /// A boolean, also in quotes.
    pub(in crate::spec::foreign) fn flag(&mut self, node: &Node, path: &str) -> Option<bool> {
        match node.as_text().map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "yes" | "on") => Some(true),
            Some("false" | "no" | "off") => Some(false),
            _ => {
                self.wrong_type(node, path, "true or false");
                None
            }
        }
    }

    /// A list of texts, byte for byte.
    pub(in crate::spec::foreign) fn texts(&mut self, node: &Node, path: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for item in items(node) {
            if let Some(text) = item.as_text() {
                texts.push(text.to_owned());
            } else if item.is_null() {
                self.add(
                    Diagnostic::warning(
                        self.system.empty_item,
                        format!("an empty item in `{path}`"),
                    )
                    .at(item.span, "left out")
                    .help("write \"\" for an empty text"),
                );
            } else {
                self.not_a_text(item, path);
            }
        }
        texts
    }

    /// `- --lr: 0.1` is a mapping for YAML; that is the usual way to get here.
    fn not_a_text(&mut self, item: &Node, path: &str) {
        let pair = match item.as_map() {
            Some([only]) => only.value.as_text().map(|value| (only.key.text.as_str(), value)),
            _ => None,
        };
        match pair {
            Some((name, value)) => self.add(
                Diagnostic::error(
                    self.system.wrong_type,
                    format!("an item of `{path}` must be a text"),
                )
                .at(item.span, "the colon makes this a mapping")
                .help(format!("write `{name}={value}`, or the whole item in quotes")),
            ),
            None => self.wrong_type(item, &format!("{path}[]"), "a text"),
        }
    }
}
