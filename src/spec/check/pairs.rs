//! `name: value` and `name = value` in scripts and headers, where a value may as well be ordinary text.

use std::borrow::Cow;

use super::mask::{MASK, is_name};
use super::secret_names::is_secret_name;

/// What may stand around a name or a value.
const AROUND: [char; 11] = ['"', '\'', '`', '{', '}', '(', ')', '[', ']', ',', ';'];

/// A shorter value may mean something else.
const SHORTEST: usize = 6;

/// The word is a name that announces a secret, and `=` may follow.
pub(super) fn is_named(word: &str) -> bool {
    let name = word.trim_matches(AROUND);
    is_name(name) && is_secret_name(name)
}

/// The word is such a name with its sign, as in `'X-Api-Key:`, `{"api_key":` and `api_key=`.
pub(super) fn ends_named(word: &str) -> bool {
    word.strip_suffix([':', '=']).is_some_and(is_named)
}

/// The word with its value masked, the quotes around it kept; `None` for ordinary text.
pub(super) fn mask_quoted(word: &str) -> Option<String> {
    let start = word.len() - word.trim_start_matches(AROUND).len();
    let value = word[start..].trim_end_matches(AROUND);
    let quoted = word[..start].contains(['"', '\'']);
    is_secret_value(value, quoted)
        .then(|| format!("{}{MASK}{}", &word[..start], &word[start + value.len()..]))
}

/// One word with `"api_key":"x"` or `X-Api-Key:x` in it. Without quotes `name:tag` may be an image.
pub(super) fn mask_pairs(word: &str) -> Cow<'_, str> {
    if !word.contains(':') {
        return Cow::Borrowed(word);
    }
    let mut shown = String::with_capacity(word.len());
    let mut announced = false;
    for piece in word.split_inclusive(':') {
        let end = piece.find([',', '}', '&', ';']).unwrap_or(piece.len());
        match mask_quoted(&piece[..end]).filter(|_| announced) {
            Some(masked) => shown.push_str(&masked),
            None => shown.push_str(&piece[..end]),
        }
        shown.push_str(&piece[end..]);
        let before = piece.trim_end_matches(':');
        let name = before.trim_end_matches(AROUND);
        let name = name.rsplit(AROUND).next().unwrap_or_default();
        let is_header = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"));
        announced = (before.ends_with(['"', '\'']) || is_header) && is_named(name);
    }
    if shown == word { Cow::Borrowed(word) } else { Cow::Owned(shown) }
}

/// A text behind a suspicious name is a secret: long enough, no variable or call of a program, no word.
fn is_secret_value(value: &str, quoted: bool) -> bool {
    value.len() >= SHORTEST
        && value != MASK
        && !value.starts_with(['$', '<', '-', '/', '.'])
        && (quoted || !value.contains(['(', '[', '{', '$']))
        && !is_word(value)
}

/// `Something`, `some-thing`, `SOME_THING` and `some.thing`.
fn is_word(value: &str) -> bool {
    let rest = value.get(1..).unwrap_or_default();
    let joined = |c: char| matches!(c, '_' | '-' | '.' | '/' | ':' | '!' | '?' | '\'');
    value.starts_with(|c: char| c.is_ascii_alphabetic())
        && (rest.chars().all(|c| c.is_ascii_lowercase() || joined(c))
            || value.chars().all(|c| c.is_ascii_uppercase() || joined(c)))
}

#[cfg(test)]
mod tests {
    use super::super::mask_script;

    #[test]
    fn names_with_their_values() {
        for (text, shown) in [
            ("curl -H 'X-Api-Key: s3cr3t-x' y", "curl -H 'X-Api-Key: ***' y"),
            ("-H 'X-Api-Key:s3cr3t-x' y", "-H 'X-Api-Key:***' y"),
            ("password: s3cr3t-x\nuser: me", "password: ***\nuser: me"),
            ("api_key = 's3cr3t-x'; x", "api_key = '***'; x"),
            ("{\"api_key\": \"s3cr3t-x\"}", "{\"api_key\": \"***\"}"),
            ("{\"api_key\":\"s3cr3t-x\",\"b\":1}", "{\"api_key\":\"***\",\"b\":1}"),
            ("mysql -password s3cr3t-x", "mysql -password ***"),
        ] {
            assert_eq!(mask_script(text), shown);
        }
        for text in [
            "the token: Something that is meant",
            "api_key = os.environ['API_KEY_2']",
            "token: $TOKEN_1",
            "token = tokenizer.some_long_token_identifier",
            "registry.example/auth:v1.2.3",
            "Failed with auth: connection refused",
            "key: value",
        ] {
            assert_eq!(mask_script(text), text);
        }
    }
}
