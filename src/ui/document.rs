//! Documents for programs that are safe to look at, too: what a terminal would obey is written as an
//! escape of the format, so that a program still reads the same data.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value as Json;
use serde_saphyr::ser::Error as YamlError;

use crate::text::is_unseen;

/// A value as JSON over several lines.
pub fn json_text<T: Serialize>(value: &T) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|text| safe_json(&text))
}

/// A value as JSON in one line.
pub fn json_line<T: Serialize>(value: &T) -> serde_json::Result<String> {
    serde_json::to_string(value).map(|text| safe_json(&text))
}

/// Whatever is no ASCII stands in a string, where `\u` may take its place; a half of a pair for what
/// doesn't fit into four digits.
fn safe_json(text: &str) -> String {
    if text.is_ascii() && !text.contains('\x7f') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_foreign(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// A value as YAML.
pub fn yaml_text<T: Serialize>(value: &T) -> Result<String, YamlError> {
    let text = serde_saphyr::to_string(value)?;
    if !text.chars().any(is_foreign) {
        return Ok(text);
    }
    // Only quoted strings have escapes. A word takes the place of each that needs some, and gives it
    // back when the rest is written. No escape ends with a `Q`, so the word is found where it was put.
    let mut value =
        serde_json::to_value(value).map_err(|error| YamlError::from(error.to_string()))?;
    let json = value.to_string();
    let marks = (0_u32..).map(|n| format!("Q{n}Q"));
    let mark = marks.into_iter().find(|mark| !json.contains(mark)).unwrap_or_default();
    let mut taken = Vec::new();
    take(&mut value, &mark, &mut taken);
    let text = serde_saphyr::to_string(&value)?;
    let mut parts = text.split(&mark);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once('Q').unwrap_or((part, ""));
        out += &number
            .parse()
            .ok()
            .and_then(|at: usize| taken.get(at))
            .map_or_else(String::new, |text| quoted(text));
        out += rest;
    }
    Ok(out)
}

/// Takes the strings out that need escapes, names of fields too.
fn take(value: &mut Json, mark: &str, taken: &mut Vec<String>) {
    let mut word = |text: &mut String| {
        if text.chars().any(is_foreign) {
            let word = format!("{mark}{}Q", taken.len());
            taken.push(std::mem::replace(text, word));
        }
    };
    match value {
        Json::String(text) => word(text),
        Json::Array(items) => items.iter_mut().for_each(|item| take(item, mark, taken)),
        Json::Object(fields) => {
            let old = std::mem::take(fields);
            for (mut name, value) in old {
                word(&mut name);
                fields.insert(name, value);
            }
            fields.values_mut().for_each(|value| take(value, mark, taken));
        }
        _ => {}
    }
}

/// A string in YAML's double quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        let code = u32::from(c);
        let _ = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            '\n' => write!(out, "\\n"),
            '\t' => write!(out, "\\t"),
            c if !is_unseen(c) => write!(out, "{c}"),
            _ if code < 0x100 => write!(out, "\\x{code:02X}"),
            _ if code < 0x1_0000 => write!(out, "\\u{code:04X}"),
            _ => write!(out, "\\U{code:08X}"),
        };
    }
    out + "\""
}

/// Line breaks and tabs are the document's own: within strings the formats escape them, or mean them.
fn is_foreign(c: char) -> bool {
    is_unseen(c) && !matches!(c, '\n' | '\t')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(value: &Json) {
        for text in [json_text(value).unwrap(), json_line(value).unwrap()] {
            assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), *value);
            assert!(!text.chars().any(is_foreign), "{text:?}");
        }
        let text = yaml_text(value).unwrap();
        assert!(!text.chars().any(is_foreign), "{text:?}");
        assert_eq!(serde_saphyr::from_str::<Json>(&text).unwrap(), *value, "{text}");
    }

    #[test]
    fn documents_are_safe_and_the_same() {
        let hostile =
            "a\u{9b}2J \u{202e}b\u{7f} \x1b]0;t\x07 \u{e0041}👩\u{200d}💻\r\n- x: \"q\"\\";
        check(&json!({
            hostile: [hostile, {"key": hostile}, 1, -2.5, null, true],
            "block": format!("#!/bin/sh\necho {hostile}\n"),
            "bidi": "\u{202e}", "number": "\u{feff}12", "plain": "größe\n東京\n",
            "\ttake Q0Q1Q": "Q0Q Q1Q2Q \u{1b}Q2Q\u{ad}",
            "long": format!("{} \u{202e}", "word ".repeat(60)),
        }));
        let text = yaml_text(&json!({"user": "a\u{202e}b", "age": "1"})).unwrap();
        assert_eq!(text, "user: \"a\\u202Eb\"\nage: \"1\"\n");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(key: String, value in "\\PC*|[\u{7f}-\u{9f}\u{202a}-\u{202e}\n a]*") {
            check(&json!({key: [value.clone()], "value": value}));
        }
    }
}
