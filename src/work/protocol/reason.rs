//! Why a server refused, out of the many forms in which servers say it.

use serde_json::Value as Json;

/// The most characters of a server's words that are kept with a row.
const LIMIT: usize = 1000;

/// A server's own words in the body of a refusal: `{"error": "..."}` (TF Serving, Triton),
/// `{"error": {"message": "..."}}` (OpenAI, Google), `{"detail": [...]}` (FastAPI behind KServe and
/// MLServer), or plain text, of a traceback in Python the exception. At most a thousand characters.
pub(super) fn reason(body: &[u8]) -> String {
    let said = serde_json::from_slice::<Json>(body).ok().and_then(|json| said(&json));
    let text = said.unwrap_or_else(|| exception(String::from_utf8_lossy(body).trim()).to_owned());
    let text = if text.is_empty() { "the server gave no reason".to_owned() } else { text };
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// What stands behind the frames of a traceback; any other text as it is.
fn exception(text: &str) -> &str {
    if !text.starts_with("Traceback (most recent call last):\n") {
        return text;
    }
    let frames = text.rfind("\n  ").map_or(0, |at| at + 1);
    text[frames..].split_once('\n').map_or(text, |(_, exception)| exception)
}

fn said(json: &Json) -> Option<String> {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    if let Some(list) = json.as_array() {
        return list.first().and_then(said);
    }
    let error = json.get("error");
    if let Some(error) = error {
        return text(error).or_else(|| error.get("message").and_then(text)).or_else(|| said(error));
    }
    if let Some(detail) = json.get("detail") {
        let entries = detail.as_array().map(|entries| {
            let entry = |entry: &Json| {
                let message = entry.get("msg").and_then(text)?;
                let at = entry.get("loc").and_then(Json::as_array).map(|at| {
                    let parts =
                        at.iter().map(|part| text(part).unwrap_or_else(|| part.to_string()));
                    parts.collect::<Vec<_>>().join(".")
                });
                Some(at.map_or(message.clone(), |at| format!("{at}: {message}")))
            };
            entries.iter().filter_map(entry).collect::<Vec<_>>().join("; ")
        });
        return text(detail).or(entries).filter(|text| !text.is_empty());
    }
    json.get("message").and_then(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_refusal_gives_its_words() {
        for (body, words) in [
            (r#"{"error":"Could not find variable"}"#, "Could not find variable"),
            (r#"{"error":{"message":"no such model","type":"x"}}"#, "no such model"),
            (r#"[{"error":{"message":"denied","code":403}}]"#, "denied"),
            (
                r#"{"detail":[{"loc":["body","inputs",0],"msg":"field required"}]}"#,
                "body.inputs.0: field required",
            ),
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            ("Traceback: boom\n", "Traceback: boom"),
            (
                "Traceback (most recent call last):\n  File \"m.py\", line 3\n    raise\nValueError: no\nx\n",
                "ValueError: no\nx",
            ),
            ("", "the server gave no reason"),
        ] {
            assert_eq!(reason(body.as_bytes()), words);
        }
        assert!(reason("ü".repeat(5000).as_bytes()).chars().count() < 1100);
    }
}
