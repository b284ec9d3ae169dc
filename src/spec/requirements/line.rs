//! Words of one line.

/// The line up to a `#` at its start or after a blank.
pub(super) fn without_comment(line: &str) -> &str {
    let comment = line
        .match_indices('#')
        .find(|(at, _)| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
    comment.map_or(line, |(at, _)| &line[..at])
}

/// Replaces `${NAME}` where the variable has a value. pip knows names of capitals, digits and `_` only.
pub(super) fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let is_of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        out.push_str(&rest[..at]);
        rest = &rest[at + 2..];
        // No further than the name: a text of many beginnings without an end is read once.
        let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let after = after.strip_prefix('}').filter(|_| !name.is_empty());
        let value = after.and_then(|after| Some((variable(name)?, after)));
        match value.filter(|(value, _)| !value.is_empty()) {
            Some((value, after)) => {
                out.push_str(&value);
                rest = after;
            }
            None => out.push_str("${"),
        }
    }
    out + rest
}

/// The words of a line with options, quotes taken off.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_are_replaced() {
        let known = |name: &str| (name != "NONE").then(|| format!("<{name}>"));
        for (text, wanted) in [
            ("a${A_1}b${B}", "a<A_1>b<B>"),
            ("${NONE}${a}${}${A", "${NONE}${a}${}${A"),
            ("${${A}} ${A-${B}}", "${<A>} ${A-<B>}"),
        ] {
            assert_eq!(expand(text, &known), wanted);
        }
    }

    /// Each beginning is looked at by itself: by looking for an end from each, this takes minutes.
    #[test]
    fn many_beginnings_without_an_end_take_no_longer() {
        let text = "${".repeat(4 << 20);
        assert_eq!(expand(&text, &|_| None), text);
    }
}
