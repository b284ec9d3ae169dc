//! What a shell would make of a command, and what only a shell would replace.

use crate::spec::syntax::is_variable;

/// `sh -c`, `bash -lc` and the like: the shell splits and expands.
pub(crate) fn runs_in_shell(command: &[String]) -> bool {
    let program = command.first().map(|word| word.rsplit('/').next().unwrap_or_default());
    program.is_some_and(|p| ["sh", "bash", "dash", "ash", "zsh", "ksh"].contains(&p))
        && command
            .iter()
            .skip(1)
            .any(|w| w.starts_with('-') && !w.starts_with("--") && w.ends_with('c'))
}

/// A reference to a variable that a shell or Kubernetes would replace.
pub(super) fn reference(text: &str) -> Option<&str> {
    for (at, _) in text.match_indices('$') {
        let rest = &text[at + 1..];
        let (body, close) = match rest.chars().next() {
            Some('{') => (&rest[1..], Some('}')),
            Some('(') => (&rest[1..], Some(')')),
            _ => (rest, None),
        };
        let end =
            body.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(body.len());
        if !is_variable(&body[..end]) {
            continue;
        }
        let Some(close) = close else { return Some(&text[at..=at + end]) };
        if let Some(length) = body.find(close) {
            return Some(&text[at..at + 3 + length]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_its_script() {
        let runs = |words: &[&str]| {
            runs_in_shell(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert!(runs(&["sh", "-c", "echo"]) && runs(&["/bin/bash", "-elc", "echo"]));
        assert!(!runs(&["sh", "train.sh"]) && !runs(&["python", "-c", "x"]) && !runs(&[]));
        assert!(!runs(&["bash", "--norc", "x"]));
    }

    #[test]
    fn references_are_found_where_they_stand() {
        for (text, wanted) in [
            ("$HOME/x", Some("$HOME")),
            ("a ${B} c", Some("${B}")),
            ("$(NAME)", Some("$(NAME)")),
            ("5$ or $5", None),
            ("${", None),
        ] {
            assert_eq!(reference(text), wanted, "{text}");
        }
    }
}
