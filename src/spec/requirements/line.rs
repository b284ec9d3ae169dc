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
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let end = after.find('}');
        let name = end.map(|end| &after[2..end]).filter(|name| {
            let is_of_name = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
            !name.is_empty() && name.bytes().all(is_of_name)
        });
        let value = name.and_then(variable).filter(|value| !value.is_empty());
        if let (Some(value), Some(end)) = (value, end) {
            out.push_str(&value);
            rest = &after[end + 1..];
        } else {
            out.push_str("${");
            rest = &after[2..];
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
