//! JSON that may stand in a page, on a terminal and in a file of lines alike.

use std::fmt::Write;

use serde::Serialize;

/// A value as JSON in one line, of ASCII alone and without `<`, `>` and `&`: whatever else there is, is
/// written as `\u`, which every reader of JSON takes for the same. So no `</script` and no `<!--` of
/// foreign text can end the element that it stands in, and no terminal obeys it.
pub(super) fn ascii_json<T: Serialize>(value: &T) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // Only strings can hold these, where `\u` may take their place.
        if c.is_ascii() && !matches!(c, '<' | '>' | '&' | '\x7f') {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    Ok(out)
}

/// Text as it stands in an element or an attribute of a page.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_element_and_all_comes_back() {
        for text in ["</script><script>alert(1)", "<!--", "]]>", "é\u{2028}\u{202e}😀\x7f\x1b[1m"]
        {
            let json = ascii_json(&text).unwrap();
            assert!(json.is_ascii() && !json.contains(['<', '>', '&', '\x7f', '\x1b']), "{json}");
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
        assert_eq!(html("<a href='x'>&\""), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
    }
}
