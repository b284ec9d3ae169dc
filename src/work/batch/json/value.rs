//! Whether a text is a JSON value, where it lies in the text, and text as a JSON string.

use std::ops::Range;

use bytes::Bytes;
use serde_json::value::RawValue;

/// The JSON value in a text, without the blanks around it, as the very bytes that were there. The bare
/// words `NaN`, `Infinity` and `-Infinity` are values too: many writers make them, and many model
/// servers read them.
pub(crate) fn value_of(text: &Bytes) -> Result<Bytes, serde_json::Error> {
    value_range(text).map(|range| text.slice(range))
}

/// Where the value is that [`value_of`] gives.
pub(crate) fn value_range(text: &[u8]) -> Result<Range<usize>, serde_json::Error> {
    let error = match serde_json::from_slice::<&RawValue>(text) {
        Ok(value) => return Ok(range_in(text, value)),
        Err(error) => error,
    };
    let Some(strict) = without_words(text) else { return Err(error) };
    let value: &RawValue = serde_json::from_slice(&strict)?;
    Ok(range_in(&strict, value))
}

/// Where a value that was read from a text lies in it.
pub(super) fn range_in(text: &[u8], value: &RawValue) -> Range<usize> {
    let begin = (value.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    begin..begin + value.get().len()
}

/// The text with a number of the same length in the place of each bare word; `None` where there is
/// none. All else stands where it stood.
pub(super) fn without_words(text: &[u8]) -> Option<Vec<u8>> {
    let mut strict = None;
    let mut at = 0;
    let mut quoted = false;
    while at < text.len() {
        let word = match text[at] {
            b'"' => {
                quoted = !quoted;
                0
            }
            b'\\' if quoted => {
                at += 1;
                0
            }
            b'N' | b'I' if !quoted => bare_word(text, at),
            _ => 0,
        };
        if word == 0 {
            at += 1;
            continue;
        }
        let strict: &mut Vec<u8> = strict.get_or_insert_with(|| text.to_vec());
        strict[at..at + word].fill(b'1');
        at += word;
    }
    strict
}

/// The length of a bare word that begins here; 0 for none. Behind a digit or a letter it is none.
fn bare_word(text: &[u8], at: usize) -> usize {
    let before = match at.checked_sub(1).map(|before| text[before]) {
        Some(b'-') => at.checked_sub(2).map(|before| text[before]),
        before => before,
    };
    if before.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-')) {
        return 0;
    }
    let words: [&[u8]; 2] = [b"NaN", b"Infinity"];
    words.iter().find(|word| text[at..].starts_with(word)).map_or(0, |word| word.len())
}

/// A text as a JSON string; what is no UTF-8 in it is replaced.
pub(crate) fn escaped(text: &[u8]) -> String {
    serde_json::Value::String(String::from_utf8_lossy(text).into_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<String> {
        let value = value_of(&Bytes::copy_from_slice(text.as_bytes())).ok()?;
        Some(String::from_utf8(value.to_vec()).unwrap())
    }

    #[test]
    fn values_keep_their_bytes() {
        assert_eq!(value(" {\"a\" : 1.50e+0} \t").unwrap(), "{\"a\" : 1.50e+0}");
        assert_eq!(
            value("[NaN, -Infinity,\"NaN\\\" NaN\"] ").unwrap(),
            "[NaN, -Infinity,\"NaN\\\" NaN\"]"
        );
        assert_eq!(value("NaN").unwrap(), "NaN");
        for wrong in
            ["", "1NaN", "-1e-NaN", "NaNNaN", "{NaN:1}", "[1,]", "{\"a\":1} x", "--NaN", "'a'"]
        {
            assert_eq!(value(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn text_becomes_a_string() {
        assert_eq!(escaped(b"a\"\xff\n"), "\"a\\\"\u{fffd}\\n\"");
    }
}
