//! Words of command lines that people copy: what is in them may be anybody's.

use super::line_of;

/// A word as a shell takes it for one, and runs nothing of it. What a terminal would obey is written out.
pub fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,+%~".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", line_of(word).replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_word_is_run() {
        assert_eq!(shell_word("./train.py"), "./train.py");
        assert_eq!(shell_word("$(touch x).py"), "'$(touch x).py'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
