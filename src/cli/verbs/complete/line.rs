//! A line that is being typed in a shell, as words.

/// The words of a line up to the cursor; the last one is being typed, and may be empty.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut is_one) = (String::new(), None, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some('"') | None, '\\') => {
                word.extend(chars.next());
                is_one = true;
            }
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => word.push(c),
            (None, '\'' | '"') => (quote, is_one) = (Some(c), true),
            (None, c) if c.is_whitespace() => {
                if std::mem::take(&mut is_one) {
                    words.push(std::mem::take(&mut word));
                }
            }
            // What stands behind is a command of its own.
            (None, '|' | ';' | '&' | '(' | '`') => {
                (words, word, is_one) = (Vec::new(), String::new(), false);
            }
            (None, _) => {
                word.push(c);
                is_one = true;
            }
        }
    }
    words.push(word);
    words
}

/// The part of the word being typed that bash leaves as it is: it completes what stands behind the last sign
/// that breaks words there.
pub(super) fn kept<'a>(current: &'a str, breaks: &str) -> &'a str {
    let is_break = |c: char| breaks.contains(c) && !c.is_whitespace() && !matches!(c, '"' | '\'');
    let Some(at) = current.rfind(is_break) else { return "" };
    // The sign before names of hosts belongs to the word behind it.
    if current[at..].starts_with('@') { &current[..at] } else { &current[..=at] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_words() {
        for (line, expected) in [
            ("mlctl ", vec!["mlctl", ""]),
            ("mlctl  logs di", vec!["mlctl", "logs", "di"]),
            ("mlctl logs 'a b' \"c d", vec!["mlctl", "logs", "a b", "c d"]),
            (r"mlctl logs a\ b", vec!["mlctl", "logs", "a b"]),
            ("ls | mlctl list --state=r", vec!["mlctl", "list", "--state=r"]),
            ("x=$(mlctl status ", vec!["mlctl", "status", ""]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    #[test]
    fn bash_keeps_what_stands_before_its_breaks() {
        let breaks = " \t\n\"'><=;|&(:@";
        for (word, expected) in
            [("--state=ru", "--state="), ("digits@ch", "digits"), ("digits", ""), ("a=b=c", "a=b=")]
        {
            assert_eq!(kept(word, breaks), expected);
        }
    }
}
