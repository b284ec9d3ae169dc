//! Processes of Horovod, which meet over gloo: each worker starts its own.

use super::start::{Form, Start};
use crate::spec::syntax::{Node, Scalar, Value};

/// The program that a worker runs in place of a launcher: it needs nothing but Python, which Horovod needs too.
const PROGRAM: &str = include_str!("horovod.py");

/// Whether a script has words of its own behind it, whose place is taken by the program.
pub(super) fn has_parameters(script: &str) -> bool {
    let mut rest = script;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        let name = rest.strip_prefix('{').unwrap_or(rest);
        if name.starts_with(['@', '*', '#']) || name.starts_with(|c: char| c.is_ascii_digit()) {
            return true;
        }
    }
    false
}

/// The command of a worker with so many processes.
pub(super) fn command(start: &Start<'_>, slots: u32) -> Vec<Node> {
    let text = |text: String| Node {
        span: start.at.span,
        value: Value::Scalar(Scalar { text, plain: false }),
    };
    let program = |python: &str| {
        let python = if is_python(python) { python } else { "python3" };
        [python, "-c", PROGRAM, &slots.to_string()].map(|word| text(word.to_owned()))
    };
    let words = || start.words.iter().copied().cloned();
    match start.form {
        Form::Words => {
            let own = start.flags.count + 1;
            let first = start.words.get(own).and_then(|word| word.as_text()).unwrap_or_default();
            program(first).into_iter().chain(words().skip(own)).collect()
        }
        Form::Script { word, start: from, end } => {
            let script = start.words[word].as_text().unwrap_or_default();
            let first = script[end..].split_ascii_whitespace().next().unwrap_or_default();
            let script = format!(
                "{}{}\"$@\" {}",
                &script[..from],
                start.variables_of_script(),
                &script[end..]
            );
            let mut all: Vec<Node> = words().take(word).collect();
            all.push(Node {
                span: start.words[word].span,
                value: Value::Scalar(Scalar { text: script, plain: false }),
            });
            // What the shell calls itself, then its words.
            all.push(text("horovod".to_owned()));
            all.extend(program(first));
            all
        }
    }
}

/// Whether a program is Python, by its name.
fn is_python(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or_default();
    let version = name.strip_prefix("python");
    version.is_some_and(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_survives_the_rules_of_kubernetes() {
        assert!(!PROGRAM.contains('$'));
    }

    #[test]
    fn parameters_of_scripts_are_seen() {
        assert!(has_parameters("a \"$@\""));
        assert!(has_parameters("a ${1:-2}"));
        assert!(!has_parameters("a $A ${B} $"));
    }
}
