//! Secrets that are written into a spec: where each stands, who reads it there, and what to write instead.

use std::borrow::Cow;

use super::hidden::hidden_in;
use super::mask::MASK;
use super::secret::{Secret, secrets_in};
use crate::spec::syntax::is_variable;
use crate::spec::syntax::{Code, Diagnostic, Node, Severity, SourceSpan, Value};

/// Who reads a value besides the program, by the field in which it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// Every user of the machine, while the program runs.
    Processes,
    /// Whoever may list runs.
    Lists,
    /// Whoever may look at pods.
    Pods,
    /// Only the readers of the file.
    Nobody,
}

/// A warning for each secret of a document that is written out in it, except for the places that have
/// been `said`. `given` is the number of the first source that is no file but a `--set`.
pub(crate) fn literal_secrets(node: &Node, said: &[Diagnostic], given: usize) -> Vec<Diagnostic> {
    let mut secrets = Vec::new();
    secrets_in(node, None, &mut secrets);
    secrets.retain(is_literal);
    // Aliases repeat a place.
    secrets.sort_by_key(|secret| secret.node);
    secrets.dedup_by_key(|secret| secret.node);
    let known = |secret: &Secret| {
        let text = what(secret);
        said.iter().any(|one| {
            let span = one.span();
            // A converter may have pointed at the name instead.
            let is_same = one.code == Code::LiteralSecret
                && (one.message == text && span.source == secret.node.source);
            // Who mends an error there mends this too.
            let is_error = one.severity == Severity::Error || one.code == Code::LiteralSecret;
            is_same || is_error && (span == secret.node || span == secret.star)
        })
    };
    let finding = |secret: &Secret| {
        let readers = readers(node, secret.node);
        let readable = if secret.node.source >= given {
            "kept by your shell"
        } else {
            "readable in this file"
        };
        Diagnostic::warning(Code::LiteralSecret, what(secret))
            .at(secret.star, readable)
            .help(help(readers, secret.name.as_deref()))
    };
    secrets.iter().filter(|secret| !known(secret)).map(finding).collect()
}

/// Something of the text itself is secret: what names a variable isn't.
pub(super) fn is_literal(secret: &Secret) -> bool {
    let hidden = hidden_in(&secret.text, &secret.masked);
    hidden.iter().any(|value| !is_reference(value, &secret.text))
}

/// A part of a text is `${NAME}` or `$(NAME)` and nothing besides, since a default would be a literal.
/// `$NAME` is one where a shell reads it, in a script, which has blanks, and `${{ secrets.NAME }}` is dstack's.
pub(crate) fn is_reference(part: &str, text: &str) -> bool {
    let Some(rest) = part.strip_prefix('$') else { return false };
    if let Some(expression) = rest.strip_prefix("{{") {
        // A script's words end at its blanks.
        let path = expression.strip_suffix("}}").unwrap_or(expression).trim();
        return path.split('.').all(|name| name.is_empty() || is_variable(&name.replace('-', "_")));
    }
    let within = |open, close| rest.strip_prefix(open)?.strip_suffix(close);
    match within('{', '}').or_else(|| within('(', ')')) {
        Some(name) => is_variable(name),
        None => text.contains(char::is_whitespace) && is_variable(rest),
    }
}

fn what(Secret { name, masked, .. }: &Secret) -> String {
    const LONGEST: usize = 60;
    match name {
        Some(name) => format!("`{}` looks like a secret", name.trim_start_matches('-')),
        None if masked == MASK => "this looks like a secret".into(),
        None if masked.len() <= LONGEST && !masked.contains('\n') => {
            format!("there is a secret in `{masked}`")
        }
        None => "there is a secret in this text".into(),
    }
}

fn help(readers: Readers, name: Option<&str>) -> String {
    let variable: Cow<'_, str> = name.map_or("NAME".into(), |name| {
        let name = name.trim_start_matches('-').rsplit('.').next().unwrap_or_default();
        name.replace('-', "_").to_ascii_uppercase().into()
    });
    let env = format!(
        "`env: [{{name: {variable}, value: ${{{variable}}}}}]` takes it from your environment, \
         `valueFrom` from a Secret"
    );
    match readers {
        Readers::Processes => format!(
            "`ps` shows it to every user of the machine, as it would `$({variable})`: {env}; let the \
             program read the variable"
        ),
        Readers::Lists => {
            "everybody who sees the run sees its labels: leave it out; this one is masked, and left \
             out in a cluster"
                .into()
        }
        Readers::Pods => {
            format!("whoever may look at the pods reads it there: write it under `env`: {env}")
        }
        Readers::Nobody => format!("give it as a variable: {env}"),
    }
}

/// Who reads what stands at this place of a document.
fn readers(root: &Node, place: SourceSpan) -> Readers {
    let mut here = root;
    let mut readers = Readers::Nobody;
    loop {
        let holds = |node: &Node| {
            let Node { span, .. } = node;
            span.source == place.source && span.start <= place.start && place.end <= span.end
                || has(node, place)
        };
        here = match &here.value {
            Value::Scalar(_) => return readers,
            Value::List(items) => match items.iter().find(|item| holds(item)) {
                Some(item) => item,
                None => return readers,
            },
            Value::Map(entries) => {
                let Some(entry) = entries.iter().find(|entry| holds(&entry.value)) else {
                    return readers;
                };
                match entry.key.text.as_str() {
                    "podPatch" | "affinity" | "volumes" => return Readers::Pods,
                    "command" | "args" | "entrypoint" => readers = Readers::Processes,
                    "labels" => readers = Readers::Lists,
                    "env" | "setup" | "trial" => readers = Readers::Nobody,
                    _ => {}
                }
                &entry.value
            }
        };
    }
}

/// The place is within a tree, parts of which may be written elsewhere: in another text, or at an anchor.
fn has(node: &Node, place: SourceSpan) -> bool {
    node.span == place
        || match &node.value {
            Value::Scalar(_) => false,
            Value::List(items) => items.iter().any(|item| has(item, place)),
            Value::Map(entries) => entries.iter().any(|entry| has(&entry.value, place)),
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::syntax::parse;

    #[test]
    fn every_place_is_told_once_and_variables_are_none() {
        let text = "command: [go, --password=hunter2x, --token=$(TOKEN), \"mysql://u:pw@h/d\"]\n\
                    args: {api-key: abcdef1, url: \"https://h/?sig=abc\", secret: \"${S}\"}\n\
                    labels: {api_token: abc123}\n\
                    setup: {shell: export API_KEY=abc123}\n\
                    podPatch: {spec: {containers: [{env: [{name: A_KEY, value: abc123}]}]}}\n\
                    env: [{name: TOKEN, value: \"${TOKEN}\"}, {name: A, value: \"https://u:pw1@h\"}]\n";
        let node = parse(0, text).documents.remove(0);
        let found = literal_secrets(&node, &[], 1);
        let told: Vec<String> = found
            .iter()
            .map(|one| {
                let span = one.span();
                let help = one.help.as_deref().unwrap_or_default();
                format!("{} {} {}", &text[span.start..span.end], one.message, &help[..12])
            })
            .collect();
        assert_eq!(
            told,
            [
                "hunter2x there is a secret in `--password=***` `ps` shows i",
                "\"mysql://u:pw@h/d\" there is a secret in `mysql://u:***@h/d` `ps` shows i",
                "abcdef1 `api-key` looks like a secret `ps` shows i",
                "\"https://h/?sig=abc\" there is a secret in `https://h/?sig=***` `ps` shows i",
                "abc123 `api_token` looks like a secret everybody wh",
                "export API_KEY=abc123 there is a secret in `export API_KEY=***` give it as a",
                "abc123 `A_KEY` looks like a secret whoever may ",
                "\"https://u:pw1@h\" there is a secret in `https://u:***@h` give it as a",
            ]
        );
        assert!(literal_secrets(&node, &found, 1).is_empty());
    }
}
