//! Secrets that are written into a spec: where each stands, who reads it there, and what to write instead.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

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

/// What has been said of secrets already, in a list of findings that grows.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// How many findings of the list are in this.
    read: usize,
    /// Sentences, each with the source that it is about. A converter may have pointed at the name instead.
    sentences: HashSet<(String, usize)>,
    /// Places that have been warned of, or have an error: who mends an error there mends this too.
    places: HashSet<SourceSpan>,
}

impl Told {
    /// Reads what has been added to the list.
    fn read(&mut self, said: &[Diagnostic]) {
        for one in &said[self.read.min(said.len())..] {
            let span = one.span();
            let is_of_secret = one.code == Code::LiteralSecret;
            if is_of_secret {
                self.sentences.insert((one.message.clone(), span.source));
            }
            if is_of_secret || one.severity == Severity::Error {
                self.places.insert(span);
            }
        }
        self.read = said.len();
    }

    fn has(&self, secret: &Secret) -> bool {
        self.places.contains(&secret.node)
            || self.places.contains(&secret.star)
            || self.sentences.contains(&(what(secret), secret.node.source))
    }
}

/// A warning for each secret of a document that is written out in it, except for those of which something has
/// been `said`, which is `told` as far as it has been read. `given` is the number of the first source that is no
/// file but a `--set`.
pub(crate) fn literal_secrets(
    node: &Node,
    said: &[Diagnostic],
    told: &mut Told,
    given: usize,
) -> Vec<Diagnostic> {
    let mut secrets = Vec::new();
    secrets_in(node, None, &mut secrets);
    secrets.retain(is_literal);
    if secrets.is_empty() {
        return Vec::new();
    }
    // Aliases repeat a place.
    secrets.sort_by_key(|secret| secret.node);
    secrets.dedup_by_key(|secret| secret.node);
    told.read(said);
    let mut by_place = HashMap::new();
    readers(node, Readers::Nobody, &mut by_place);
    let finding = |secret: &Secret| {
        let readers = by_place.get(&secret.node).copied().unwrap_or(Readers::Nobody);
        let readable = if secret.node.source >= given {
            "kept by your shell"
        } else {
            "readable in this file"
        };
        Diagnostic::warning(Code::LiteralSecret, what(secret))
            .at(secret.star, readable)
            .help(help(readers, secret.name.as_deref()))
    };
    secrets.iter().filter(|secret| !told.has(secret)).map(finding).collect()
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

/// Who reads each scalar of a document, by its place. What an anchor repeats counts where it is found first.
fn readers(node: &Node, here: Readers, found: &mut HashMap<SourceSpan, Readers>) {
    match &node.value {
        Value::Scalar(_) => {
            found.entry(node.span).or_insert(here);
        }
        Value::List(items) => items.iter().for_each(|item| readers(item, here, found)),
        Value::Map(entries) => {
            for entry in entries {
                let below = match entry.key.text.as_str() {
                    _ if here == Readers::Pods => here,
                    "podPatch" | "affinity" | "volumes" => Readers::Pods,
                    "command" | "args" | "entrypoint" => Readers::Processes,
                    "labels" => Readers::Lists,
                    "env" | "setup" | "trial" => Readers::Nobody,
                    _ => here,
                };
                readers(&entry.value, below, found);
            }
        }
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
        let found = literal_secrets(&node, &[], &mut Told::default(), 1);
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
        assert!(literal_secrets(&node, &found, &mut Told::default(), 1).is_empty());
    }
}
