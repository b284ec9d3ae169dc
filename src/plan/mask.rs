//! Secrets out of everything that is shown: values that look like secrets by their name or shape.
//!
//! A fifth of the `CustomJob` files that are public on GitHub hold literal API keys in `env`, so no
//! literal is shown unexamined. Masking a harmless value costs the user a look into the file;
//! showing a secret one costs them the key.

use std::borrow::Cow;

use super::types::{Plan, RolePlan};
use crate::spec::check::is_secret_name;

/// The text that is shown in place of a secret value.
pub const MASK: &str = "***";

/// Beginnings that issuers give to their keys.
const SECRET_PREFIXES: [&str; 29] = [
    "AIza",
    "ya29.",
    "GOCSPX-",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "hf_",
    "AKIA",
    "ASIA",
    "eyJ",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "npm_",
    "pypi-",
    "dckr_pat_",
    "r8_",
    "nvapi-",
    "wandb_v1_",
    "-----BEGIN",
];

/// The text has the shape of a key that a well-known issuer gives.
pub fn is_secret_value(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || "\"'=:,;@()[]{}".contains(c)).any(|word| {
        SECRET_PREFIXES.iter().any(|prefix| word.strip_prefix(prefix).is_some_and(is_key_like))
    }) || text.contains("-----BEGIN") && text.contains("PRIVATE KEY")
        || hex_key(text)
        || url_password(text).is_some()
}

/// The value of a variable as it may be shown.
pub fn mask_value<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if value.is_empty() || is_plain_setting(value) {
        Cow::Borrowed(value)
    } else if is_secret_name(name) {
        Cow::Borrowed(MASK)
    } else {
        mask_text(value)
    }
}

/// A text as it may be shown: known keys and passwords in URLs are replaced, the rest stays.
pub fn mask_text(text: &str) -> Cow<'_, str> {
    if let Some((start, end)) = url_password(text) {
        return Cow::Owned(format!("{}{MASK}{}", &text[..start], &text[end..]));
    }
    if is_secret_value(text) { Cow::Borrowed(MASK) } else { Cow::Borrowed(text) }
}

/// A command line as it may be shown: `--api_key=x` and `--api-key x` alike, `NAME=x` for `env`.
pub fn mask_argv(argv: &[String]) -> Vec<String> {
    let mut shown = Vec::with_capacity(argv.len());
    let mut value_follows: Option<&str> = None;
    for argument in argv {
        let is_flag = argument.starts_with('-');
        let masked = match (value_follows.take(), argument.split_once('=')) {
            (Some(name), _) if !is_flag => mask_value(name, argument).into_owned(),
            (_, Some((name, value))) if is_name(name) => {
                format!("{name}={}", mask_value(name, value))
            }
            _ => mask_script(argument),
        };
        if is_flag && !argument.contains('=') && is_secret_name(argument) {
            value_follows = Some(argument);
        }
        shown.push(masked);
    }
    shown
}

impl Plan {
    /// The plan as it may be shown or printed by `-o yaml|json`.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mut plan = self.clone();
        let gang = plan.gang_mut();
        for role in &mut gang.roles {
            mask_role(role);
        }
        if let Some(script) = gang.setup.as_mut().and_then(|setup| setup.shell.as_mut()) {
            *script = mask_script(script);
        }
        if let Some(output) = &mut gang.output {
            *output = mask_text(output.as_str()).into_owned().into();
        }
        for (name, value) in &mut plan.head.labels {
            *value = mask_value(name, value).into_owned();
        }
        plan
    }
}

fn mask_role(role: &mut RolePlan) {
    role.command = mask_argv(&role.command);
    role.entrypoint_args = mask_argv(&role.entrypoint_args);
    for variable in &mut role.env {
        if let Some(value) = &mut variable.value {
            *value = mask_value(&variable.name, value).into_owned();
        }
    }
}

/// A script, or one argument that holds one (`sh -c`): word by word, the spaces kept.
fn mask_script(script: &str) -> String {
    if !script.contains(char::is_whitespace) {
        return mask_text(script).into_owned();
    }
    let mut shown = String::with_capacity(script.len());
    let mut value_follows = false;
    for piece in script.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let space = &piece[word.len()..];
        if value_follows && !word.is_empty() && !word.starts_with('-') {
            shown.push_str(MASK);
            value_follows = false;
        } else if let Some((name, value)) = word.split_once('=').filter(|(name, _)| is_name(name)) {
            shown.push_str(name);
            shown.push('=');
            shown.push_str(&mask_value(name, value));
            value_follows = false;
        } else {
            shown.push_str(&mask_text(word));
            value_follows = word.starts_with("--") && is_secret_name(word);
        }
        shown.push_str(space);
    }
    shown
}

/// `--learning_rate`, `API_KEY`: the left side of an assignment, not of a comparison or a URL.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// Booleans and small numbers are settings, whatever their name.
fn is_plain_setting(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "none" | "null")
        || value.len() < 6 && value.parse::<f64>().is_ok()
}

/// The rest of a key after its prefix: long, and of one word.
fn is_key_like(rest: &str) -> bool {
    rest.len() >= 12 && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+/".contains(c))
}

/// 40 hexadecimal digits alone: a Weights & Biases key, an old GitHub token.
fn hex_key(text: &str) -> bool {
    text.len() == 40
        && text.bytes().all(|b| b.is_ascii_hexdigit())
        && text.bytes().any(|b| b.is_ascii_digit())
}

/// Where the password of `scheme://user:password@host` stands.
fn url_password(text: &str) -> Option<(usize, usize)> {
    let start = text.find("://")? + 3;
    let authority = text[start..].split(['/', '?', '#', ' ']).next()?;
    let at = authority.rfind('@')?;
    let colon = authority[..at].find(':')?;
    (colon + 1 < at && &authority[colon + 1..at] != MASK).then_some((start + colon + 1, start + at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for value in [
            "AIzaSyA1234567890abcdefghij",
            "prefix hf_abcdefghijklmnopqrst",
            "AKIAIOSFODNN7EXAMPLE",
            "0123456789abcdef0123456789abcdef01234567",
            "postgres://me:hunter2@db/x",
        ] {
            assert!(is_secret_value(value), "{value}");
        }
        for value in ["sk-learn", "hf_hub", "gs://b/AKIA", "eyJ", "http://localhost:80/@x"] {
            assert!(!is_secret_value(value), "{value}");
        }
        assert_eq!(mask_text("postgres://me:hunter2@db/x"), "postgres://me:***@db/x");
        assert_eq!(mask_value("N_TOKEN", "512"), "512");
    }

    #[test]
    fn command_lines() {
        let argv = ["train.py", "--api_key=abc", "--hf-token", "abc", "--lr=1", "--use-token"];
        let shown = mask_argv(&argv.map(String::from));
        assert_eq!(
            shown,
            ["train.py", "--api_key=***", "--hf-token", "***", "--lr=1", "--use-token"]
        );
        let script =
            mask_argv(&["export WANDB_API_KEY=x1y2z3 && \\\n  python t.py --token abc".into()]);
        assert_eq!(script, ["export WANDB_API_KEY=*** && \\\n  python t.py --token ***"]);
    }
}
