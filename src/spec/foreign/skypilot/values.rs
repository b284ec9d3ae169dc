//! Values of a task's variables, which SkyPilot also puts in the places of `$NAME` in some of its fields.

use indexmap::IndexMap;

use crate::spec::syntax::{Entry, Key, Node, Scalar, Value, is_variable};

/// A text with the values of known variables in the places of `$NAME` and `${NAME}`; others stay.
pub(super) fn filled(text: &str, values: &IndexMap<String, String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let body = rest[1..].strip_prefix('{').unwrap_or(&rest[1..]);
        let end = body.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let name = &body[..end.unwrap_or(body.len())];
        let has_brace = rest[1..].starts_with('{');
        let length = 1 + usize::from(has_brace) + name.len();
        let closed = !has_brace || rest[length..].starts_with('}');
        if let Some(value) = values.get(name).filter(|_| is_variable(name) && closed) {
            filled.push_str(value);
            rest = &rest[length + usize::from(has_brace)..];
        } else {
            filled.push('$');
            rest = &rest[1..];
        }
    }
    filled + rest
}

/// The same in all scalars and keys of a tree.
pub(super) fn filled_in(node: &Node, values: &IndexMap<String, String>) -> Node {
    let value = match &node.value {
        Value::Scalar(scalar) if scalar.text.contains('$') => Value::Scalar(Scalar {
            text: filled(&scalar.text, values),
            // What a variable brings in is a text, whatever it looks like.
            plain: false,
        }),
        Value::Scalar(scalar) => Value::Scalar(scalar.clone()),
        Value::List(items) => {
            Value::List(items.iter().map(|item| filled_in(item, values)).collect())
        }
        Value::Map(entries) => {
            let entry = |entry: &Entry| Entry {
                key: Key { text: filled(&entry.key.text, values), span: entry.key.span },
                value: filled_in(&entry.value, values),
            };
            Value::Map(entries.iter().map(entry).collect())
        }
    };
    Node { span: node.span, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_filled_in() {
        let values: IndexMap<String, String> =
            [("A", "x"), ("SIZE", "7")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        for (text, wanted) in [
            ("s3://$A/${SIZE}b", "s3://x/7b"),
            ("$B ${B} ${A $ $$A", "$B ${B} ${A $ $x"),
            ("$AB$A", "$ABx"),
        ] {
            assert_eq!(filled(text, &values), wanted, "{text}");
        }
    }
}
