//! What a server runs and where it answers, whoever starts it: a batch prediction or an endpoint.

use crate::spec::kinds::batch::Routes;
use crate::spec::syntax::{Code, Diagnostic, Spans, index_path};
use crate::text::nearest;

/// What a server's command line may name.
const PLACEHOLDERS: [&str; 4] = ["port", "grpcPort", "model", "name"];

/// A server's program and paths, under the rules.
pub(crate) struct Program<'a> {
    pub(crate) command: Option<&'a [String]>,
    pub(crate) args: &'a [String],
    pub(crate) routes: &'a Routes,
    pub(crate) spans: &'a Spans,
    /// Path of what they stand in; `""` for the document.
    pub(crate) base: &'a str,
}

impl Program<'_> {
    pub(crate) fn check(&self) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        let routes = [("predict", &self.routes.predict), ("health", &self.routes.health)];
        for (name, route) in routes {
            if route.as_ref().is_some_and(|route| !route.starts_with('/')) {
                let path = self.path(&format!("routes.{name}"));
                findings.push(
                    Diagnostic::error(Code::BadPath, format!("`routes.{name}` is no path"))
                        .at(self.spans.value(&path), "")
                        .help(format!("it begins with `/`, for example `/{name}`")),
                );
            }
        }
        if self.command.is_some_and(<[String]>::is_empty) {
            findings.push(
                Diagnostic::error(Code::EmptyCommand, "the command is an empty list")
                    .at(self.spans.key(&self.path("command")), "")
                    .help("leave it out for the server's usual command"),
            );
        }
        if let Some([only]) = self.command
            && only.trim().contains(char::is_whitespace)
        {
            let split: Vec<&str> = only.split_whitespace().collect();
            findings.push(
                Diagnostic::error(
                    Code::OneStringCommand,
                    "the command is one word with blanks in it",
                )
                .at(self.spans.value(&self.path("command[0]")), "taken for the name of a program")
                .help(format!("write `command: [{}]`", split.join(", "))),
            );
        }
        for (name, words) in [("command", self.command.unwrap_or_default()), ("args", self.args)] {
            for (index, word) in words.iter().enumerate() {
                findings.extend(self.placeholders(word, &index_path(&self.path(name), index)));
            }
        }
        findings
    }

    fn path(&self, field: &str) -> String {
        if self.base.is_empty() { field.to_owned() } else { format!("{}.{field}", self.base) }
    }

    /// `{port}` and its like; other braces, such as those of JSON, are the program's own.
    fn placeholders(&self, word: &str, path: &str) -> Vec<Diagnostic> {
        let unknown = word.match_indices('{').filter_map(|(at, _)| {
            let (name, _) = word[at + 1..].split_once('}')?;
            let is_name =
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            let from_shell = word[..at].ends_with('$');
            if !is_name || from_shell || PLACEHOLDERS.contains(&name) {
                return None;
            }
            let near = nearest(name, PLACEHOLDERS)?;
            Some(
                Diagnostic::error(
                    Code::UnknownPlaceholder,
                    format!("there is no `{{{name}}}` in a server's command"),
                )
                .at(self.spans.value(path), "")
                .help(format!("did you mean `{{{near}}}`?")),
            )
        });
        unknown.collect()
    }
}
