//! Which values are probably secrets, and where they stand in a text.

use super::secret_names::is_secret_name;
use crate::spec::syntax::{Node, Value};
use crate::spec::syntax::{Source, SourceSpan};

/// A word of a spec that announces a secret: its own `key` of a toleration or a Secret doesn't.
fn announces(word: &str) -> bool {
    word != "key" && is_secret_name(word)
}

/// Where the tree holds values that must not be shown.
pub(crate) fn find(node: &Node, found: &mut Vec<SourceSpan>) {
    match &node.value {
        Value::Scalar(scalar) => {
            // `--api-key=abc` in a list of arguments.
            if scalar.text.starts_with('-')
                && let Some((name, value)) = scalar.text.split_once('=')
                && is_secret_name(name)
                && !value.is_empty()
            {
                let start = (node.span.start + name.len() + 1).min(node.span.end);
                found.push(SourceSpan { start, ..node.span });
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                // `--api-key abc` as two items.
                let before = index.checked_sub(1).and_then(|before| items[before].as_text());
                if before.is_some_and(|text| text.starts_with("--") && is_secret_name(text)) {
                    found.push(item.span);
                }
                find(item, found);
            }
        }
        Value::Map(entries) => {
            let named = node.get("name").and_then(Node::as_text).is_some_and(is_secret_name);
            for entry in entries {
                let key = entry.key.text.as_str();
                let is_value = entry.value.as_text().is_some_and(|text| !text.is_empty());
                if is_value && ((named && key == "value") || announces(key)) {
                    found.push(entry.value.span);
                }
                find(&entry.value, found);
            }
        }
    }
}

/// The same for a text that could not be read: everything behind a suspicious word in its line,
/// and a `value:` in the line after it.
pub(crate) fn find_in_text(source: usize, text: &str, found: &mut Vec<SourceSpan>) {
    let mut offset = 0;
    let mut named = false;
    for line in text.split_inclusive('\n') {
        let end = offset + line.trim_end().len();
        let suspicious =
            line.split(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c))).any(announces);
        let mark = if suspicious {
            line.find("value:").map(|at| at + 6).or_else(|| {
                let at = line.find([':', '='])?;
                (!line.contains("name:")).then_some(at + 1)
            })
        } else if named {
            line.find("value:").map(|at| at + 6)
        } else {
            None
        };
        if let Some(mark) = mark
            && offset + mark < end
        {
            found.push(SourceSpan { source, start: offset + mark, end });
        }
        named = suspicious;
        offset += line.len();
    }
}

/// The text with the secret places starred out; every byte keeps its place.
pub(crate) fn mask(source: &Source, index: usize, secrets: &[SourceSpan]) -> String {
    let mut bytes = source.text.clone().into_bytes();
    for secret in secrets.iter().filter(|secret| secret.source == index) {
        let end = secret.end.min(bytes.len());
        for byte in &mut bytes[secret.start.min(end)..end] {
            if *byte != b'\n' && *byte != b'\r' {
                *byte = b'*';
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| "*".repeat(source.text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_texts_that_cannot_be_read() {
        let source = Source::new("f", "env:\n- name: HF_TOKEN\n  value: abc\nAPI_KEY: x\nn: 1\n");
        let mut found = Vec::new();
        find_in_text(0, &source.text, &mut found);
        let masked = mask(&source, 0, &found);
        assert_eq!(masked, "env:\n- name: HF_TOKEN\n  value:****\nAPI_KEY:**\nn: 1\n");
    }
}
