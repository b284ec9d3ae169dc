//! Which values are probably secrets, and where they stand in a text.

use serde_json::Value as Json;

use super::literal::is_literal;
use super::mask::{MASK, is_secret_flag, mask_script, mask_value};
use super::secret_names::is_secret_name;
use super::secret_tools::Tools;
use crate::spec::syntax::{Diagnostics, Entry, Node, Value};
use crate::spec::syntax::{Source, SourceSpan};
use crate::text::nearest;

/// A value of a tree that must not be shown.
pub(crate) struct Secret {
    /// Where the scalar is written.
    pub(crate) node: SourceSpan,
    /// The part of it that is starred out in messages.
    pub(crate) star: SourceSpan,
    /// The text of the scalar.
    pub(crate) text: String,
    /// The name by which it is announced; `None` where its own shape tells.
    pub(crate) name: Option<String>,
    /// The text as it may be written down; the same where a harmless value has a suspicious name.
    pub(crate) masked: String,
}

/// A word of a spec that announces a secret: its own `key` of a toleration or a Secret doesn't, nor
/// does the label by which an affinity tells nodes apart, or the name of an Ingress's Secret.
fn announces(word: &str) -> bool {
    !matches!(word, "key" | "topologyKey" | "tlsSecret") && is_secret_name(word)
}

/// A list of the names of Secrets, which are none themselves.
fn names_secrets(field: &str) -> bool {
    matches!(field, "secrets" | "imagePullSecrets")
}

/// The field of a mapping that is a name, of a Secret or of a cookie, and none of a secret's values.
fn name_within(mapping: &str) -> Option<&'static str> {
    match mapping {
        "storage" | "tls" => Some("secret"),
        "sticky" => Some("cookie"),
        _ => None,
    }
}

/// Where the tree holds values that must not be shown.
pub(crate) fn find(node: &Node, found: &mut Vec<SourceSpan>) {
    let mut secrets = Vec::new();
    secrets_in(node, None, &mut secrets);
    // The name of a variable hides nothing, and says what is to be set.
    secrets.retain(|secret| secret.masked == secret.text || is_literal(secret));
    found.extend(secrets.into_iter().map(|secret| secret.star));
}

/// Every value of a tree that must not be shown, in the order of the text. `announced` is the name
/// under which the tree itself stands, where that says that it is a secret.
pub(crate) fn secrets_in(node: &Node, announced: Option<&str>, found: &mut Vec<Secret>) {
    match &node.value {
        Value::Scalar(scalar) => {
            let text = scalar.text.as_str();
            let masked = match announced {
                Some(name) => mask_value(name, text),
                None => mask_script(text),
            };
            if masked == text && (announced.is_none() || text.is_empty()) {
                return;
            }
            let mut star = node.span;
            // Of `--api-key=abc` the name is shown.
            if announced.is_none()
                && text.starts_with('-')
                && let Some((name, _)) = text.split_once('=')
                && is_secret_name(name)
            {
                star.start = (star.start + name.len() + 1).min(star.end);
            }
            let masked = masked.into_owned();
            let name = announced.map(str::to_owned);
            found.push(Secret { node: node.span, star, text: text.to_owned(), name, masked });
        }
        Value::List(items) => {
            let mut tools = Tools::default();
            for (index, item) in items.iter().enumerate() {
                let text = item.as_text();
                if let Some((text, masked)) = text.and_then(|text| Some((text, tools.next(text)?)))
                {
                    let (text, node) = (text.to_owned(), item.span);
                    found.push(Secret { node, star: node, text, name: None, masked });
                    continue;
                }
                // `--api-key abc` as two items.
                let before = index.checked_sub(1).and_then(|before| items[before].as_text());
                let is_value = item.as_text().is_some_and(|text| !text.starts_with('-'));
                let flag = before.filter(|text| is_value && is_secret_flag(text));
                let announced = announced.filter(|_| item.as_text().is_some());
                secrets_in(item, announced.or(flag), found);
            }
        }
        Value::Map(entries) => {
            let name = node.get("name").and_then(Node::as_text).filter(|name| is_secret_name(name));
            for entry in entries {
                let key = entry.key.text.as_str();
                // A slip of the hand hides nothing either.
                let own = name.filter(|_| nearest(key, ["value"]).is_some());
                let announced = own.or_else(|| announces(key).then_some(key));
                let reaches = match entry.value.value {
                    Value::Scalar(_) => true,
                    Value::List(_) => !names_secrets(key),
                    Value::Map(_) => false,
                };
                match (&entry.value.value, name_within(key)) {
                    (Value::Map(fields), Some(name)) => in_named(fields, name, found),
                    (Value::Map(fields), None) if key == "secrets" => all_of(fields, found),
                    (Value::List(items), None) if key == "secrets" => pairs_of(items, found),
                    _ => secrets_in(&entry.value, announced.filter(|_| reaches), found),
                }
            }
        }
    }
}

/// The same in a mapping of secrets by their names, as SkyPilot's tasks have it: they need not look like any.
fn all_of(fields: &[Entry], found: &mut Vec<Secret>) {
    for Entry { key, value } in fields {
        let Some(text) = value.as_text() else {
            secrets_in(value, None, found);
            continue;
        };
        if text.is_empty() {
            continue;
        }
        let (node, text, name) = (value.span, text.to_owned(), Some(key.text.clone()));
        found.push(Secret { node, star: node, text, name, masked: MASK.into() });
    }
}

/// The same in a list of secrets by their names, some with a value: `NAME=VALUE`.
fn pairs_of(items: &[Node], found: &mut Vec<Secret>) {
    for item in items {
        let pair = item.as_text().and_then(|text| Some((text, text.split_once('=')?.0)));
        let Some((text, name)) = pair else {
            secrets_in(item, None, found);
            continue;
        };
        let mut star = item.span;
        star.start = (star.start + name.len() + 1).min(star.end);
        let (masked, text) = (format!("{name}={MASK}"), text.to_owned());
        found.push(Secret { node: item.span, star, text, name: Some(name.to_owned()), masked });
    }
}

/// The same in a mapping with a field that is a name: only its shape can tell on that.
fn in_named(fields: &[Entry], name: &str, found: &mut Vec<Secret>) {
    for Entry { key, value } in fields {
        let key = key.text.as_str();
        secrets_in(value, (key != name && announces(key)).then_some(key), found);
    }
}

/// A verbatim field as it may be shown: variables with secret names, fields that announce a secret, and
/// secrets by their shape. `name` is the field's own.
pub fn mask_json(name: &str, value: &mut Json) {
    match value {
        Json::String(text) => {
            let masked = if announces(name) { mask_value(name, text) } else { mask_script(text) };
            *text = masked.into_owned();
        }
        Json::Array(items) => {
            let announced = announces(name) && !names_secrets(name);
            let mut before: Option<String> = None;
            let mut tools = Tools::default();
            for item in items {
                let text = item.as_str().map(str::to_owned);
                if let Some(masked) = text.as_deref().and_then(|text| tools.next(text)) {
                    *item = masked.into();
                    before = text;
                    continue;
                }
                let is_value = text.as_ref().is_some_and(|text| !text.starts_with('-'));
                let flag = before.filter(|text| is_value && is_secret_flag(text));
                match (flag, item.as_str()) {
                    (Some(flag), Some(text)) => *item = mask_value(&flag, text).into(),
                    (_, text) => {
                        mask_json(if announced && text.is_some() { name } else { "" }, item);
                    }
                }
                before = text;
            }
        }
        Json::Object(fields) => {
            let named = fields.get("name").and_then(Json::as_str).map(str::to_owned);
            for (key, value) in fields {
                let name = named.as_deref().filter(|_| key == "value").unwrap_or(key);
                mask_json(name, value);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
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

/// A secret is quoted by a finding only where it stands within so many bytes of it.
const NEAR: usize = 1024;
/// What is shorter is a word that may stand in any sentence.
const SHORTEST_QUOTED: usize = 6;

/// Stars out what findings quote of secrets beside them.
pub(crate) fn hide(all: &mut Diagnostics) {
    let Diagnostics { list, sources, secrets, .. } = all;
    for finding in list {
        let labels: Vec<SourceSpan> = finding.labels.iter().map(|label| label.span).collect();
        let is_near = |secret: &&SourceSpan| {
            labels.iter().any(|label| {
                label.source == secret.source
                    && secret.start <= label.end.saturating_add(NEAR)
                    && secret.end.saturating_add(NEAR) >= label.start
            })
        };
        for secret in secrets.iter().filter(is_near) {
            let text =
                sources.get(secret.source).and_then(|one| one.text.get(secret.start..secret.end));
            let text = text.unwrap_or_default().trim().trim_matches(['"', '\'']);
            // What is a word of its own stands in advice too: `pass: environment`.
            if text.len() < SHORTEST_QUOTED || text.bytes().all(|b| b.is_ascii_lowercase()) {
                continue;
            }
            let labels = finding.labels.iter_mut().map(|label| &mut label.text);
            for said in labels.chain([&mut finding.message]).chain(finding.help.as_mut()) {
                if said.contains(text) {
                    *said = said.replace(text, MASK);
                }
            }
        }
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
    fn flags_and_lists_of_a_verbatim_field() {
        let mut field = serde_json::json!({
            "args": ["--api-key", "abcdef", "-password", "ghijkl", "--api-key=x", "b"],
            "apiKeys": ["a"],
            "imagePullSecrets": ["registry"],
        });
        field["api_key"] = serde_json::json!(["mnopqr"]);
        mask_json("", &mut field);
        let shown = field.to_string();
        for secret in ["abcdef", "ghijkl", "mnopqr", "=x"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("registry") && shown.contains("\"b\""), "{shown}");
    }

    #[test]
    fn the_name_of_a_variable_is_shown() {
        let shown = |text: &str| {
            let parsed = crate::spec::syntax::parse(0, text);
            let mut found = Vec::new();
            parsed.documents.iter().for_each(|node| find(node, &mut found));
            found.iter().map(|span| text[span.start..span.end].to_owned()).collect::<Vec<_>>()
        };
        assert!(shown("env: [{name: API_KEY, value: \"${API_KEY}\"}]\n").is_empty());
        let default = "env: [{name: API_KEY, value: \"${API_KEY:-abcdefgh}\"}]\n";
        assert_eq!(shown(default), ["\"${API_KEY:-abcdefgh}\""]);
    }

    #[test]
    fn the_name_of_a_secret_is_none() {
        let parsed = crate::spec::syntax::parse(
            0,
            "storage: {secret: bucket-key, token: abcdefgh}\nsecret: ijklmnop\ntls: {secret: cert}\n\
             sticky: {cookie: session}\nexpose: {ingress: {host: a, tlsSecret: cert}}\ncookie: qrstuvwx\n",
        );
        let mut found = Vec::new();
        secrets_in(&parsed.documents[0], None, &mut found);
        let texts: Vec<&str> = found.iter().map(|secret| secret.text.as_str()).collect();
        assert_eq!(texts, ["abcdefgh", "ijklmnop", "qrstuvwx"]);
    }

    #[test]
    fn masks_texts_that_cannot_be_read() {
        let source = Source::new("f", "env:\n- name: HF_TOKEN\n  value: abc\nAPI_KEY: x\nn: 1\n");
        let mut found = Vec::new();
        find_in_text(0, &source.text, &mut found);
        let masked = mask(&source, 0, &found);
        assert_eq!(masked, "env:\n- name: HF_TOKEN\n  value:****\nAPI_KEY:**\nn: 1\n");
    }
}
