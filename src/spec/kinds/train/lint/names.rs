//! Names and labels that Kubernetes would refuse.

use super::context::Lint;
use crate::spec::kinds::train::script::valid_name;
use crate::spec::syntax::key_path;
use crate::spec::syntax::{Code, Diagnostic};

/// Longest name of a job: `<name>-<6>-<role>-<index>` must fit a host name's 63 characters.
pub const MAX_NAME: usize = 30;
/// Longest name of a role: see [`MAX_NAME`].
pub const MAX_ROLE: usize = 12;

// <name>-<6 characters>-<role>-<index up to 255>
const _: () = assert!(MAX_NAME + 1 + 6 + 1 + MAX_ROLE + 1 + 3 <= 63);

impl Lint<'_> {
    pub(crate) fn names(&mut self) {
        let name = &self.job.name;
        if let Some(reason) = wrong_name(name, MAX_NAME) {
            let span = self.spans.value("name");
            let help = format!("for example `{}`", valid_name(name));
            self.add(
                Diagnostic::error(
                    Code::BadName,
                    format!("`{name}` can't be a job's name: {reason}"),
                )
                .at(span, "")
                .help(help),
            );
        }
        for role in self.job.roles.keys() {
            if let Some(reason) = wrong_name(role, MAX_ROLE) {
                let span = self.spans.key(&key_path("roles", role));
                let mut example = valid_name(role);
                example.truncate(MAX_ROLE);
                let example = example.trim_end_matches('-').to_owned();
                self.add(
                    Diagnostic::error(
                        Code::BadRoleName,
                        format!("`{role}` can't be a role's name: {reason}"),
                    )
                    .at(span, "")
                    .help(format!("for example `{example}`")),
                );
            }
        }
        for (key, value) in &self.job.labels {
            let path = key_path("labels", key);
            if let Some(reason) = wrong_label_key(key) {
                self.add(
                    Diagnostic::error(
                        Code::BadLabel,
                        format!("`{key}` can't be a label: {reason}"),
                    )
                    .at(self.spans.key(&path), "")
                    .help("a label is written like `team` or `example.com/team`"),
                );
            }
            if !(value.is_empty() || is_label_word(value)) {
                self.add(
                    Diagnostic::error(
                        Code::BadLabel,
                        format!("the value of the label `{key}` is not allowed"),
                    )
                    .at(self.spans.value(&path), "")
                    .help(
                        "a value has at most 63 letters, digits, `-`, `_` and `.`, and starts \
                             and ends with a letter or a digit",
                    ),
                );
            }
        }
    }
}

/// Whether users may give this label: Kubernetes takes it, and it isn't one of mlctl's own.
pub fn is_label(key: &str, value: &str) -> bool {
    wrong_label_key(key).is_none() && (value.is_empty() || is_label_word(value))
}

/// Why a name is no label of DNS-1035 of at most `limit` characters; `None` when it is one.
pub(crate) fn wrong_name(name: &str, limit: usize) -> Option<String> {
    let length = name.chars().count();
    if name.is_empty() {
        return Some("it is empty".into());
    }
    if let Some(wrong) =
        name.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-'))
    {
        let kind = if wrong.is_ascii_uppercase() { "an upper-case letter" } else { "not allowed" };
        return Some(format!("`{wrong}` is {kind}; use a-z, 0-9 and `-`"));
    }
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Some("it must start with a letter".into());
    }
    if name.ends_with('-') {
        return Some("it must end with a letter or a digit".into());
    }
    (length > limit).then(|| format!("it has {length} characters, at most {limit} are allowed"))
}

fn wrong_label_key(key: &str) -> Option<&'static str> {
    let (prefix, word) = key.split_once('/').map_or((None, key), |(p, w)| (Some(p), w));
    match prefix {
        Some(prefix) if prefix == "mlctl.dev" || prefix.ends_with(".mlctl.dev") => {
            Some("`mlctl.dev/` labels are mlctl's own")
        }
        Some(prefix)
            if prefix.is_empty()
                || prefix.len() > 253
                || !prefix.bytes().all(|b| {
                    b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b)
                }) =>
        {
            Some("what stands before `/` must be a domain name")
        }
        _ if !is_label_word(word) => Some("use at most 63 letters, digits, `-`, `_` and `.`"),
        _ => None,
    }
}

fn is_label_word(word: &str) -> bool {
    word.len() <= 63
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.ends_with(|c: char| c.is_ascii_alphanumeric())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
