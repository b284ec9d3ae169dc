//! Texts as they may be shown: values that look like secrets by their name or shape are masked.
//!
//! A fifth of the `CustomJob` files that are public on GitHub hold literal API keys in `env`, so no
//! literal is shown unexamined. Masking a harmless value costs the user a look into the file;
//! showing a secret one costs them the key.

use std::borrow::Cow;

use super::pairs::{ends_named, is_named, mask_pairs, mask_quoted};
use super::secret_names::{is_revision_name, is_secret_name};
use super::secret_shapes::{in_urls, is_key};
use super::secret_tools::Tools;

/// The text that is shown in place of a secret value.
pub const MASK: &str = "***";

/// How HTTP announces credentials; the next word is them.
const SCHEMES: [&str; 3] = ["bearer", "basic", "token"];

/// The value of a variable as it may be shown.
pub fn mask_value<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    let is_revision = || is_revision_name(name) && value.bytes().all(|b| b.is_ascii_hexdigit());
    // How a study's trials get their parameters, `pass: environment`, has the name of a password.
    let is_way = || name == "pass" && matches!(value, "arguments" | "environment" | "template");
    if value.is_empty()
        || value.trim() == MASK
        || is_plain_setting(value)
        || is_revision()
        || is_way()
    {
        Cow::Borrowed(value)
    } else if is_secret_name(name) {
        Cow::Borrowed(MASK)
    } else {
        mask_script(value)
    }
}

/// One word as it may be shown: known keys, and what is secret in URLs, are replaced.
pub fn mask_text(text: &str) -> Cow<'_, str> {
    let secrets = in_urls(text, MASK);
    let mut shown = Cow::Borrowed(text);
    if !secrets.is_empty() {
        let mut masked = String::with_capacity(text.len());
        let mut from = 0;
        for secret in secrets {
            masked.push_str(&text[from..secret.start]);
            masked.push_str(MASK);
            from = secret.end;
        }
        masked.push_str(&text[from..]);
        shown = Cow::Owned(masked);
    }
    if is_key(&shown) { Cow::Borrowed(MASK) } else { shown }
}

/// A command line as it may be shown: `--api_key=x` and `--api-key x` alike, `NAME=x` for `env`.
pub fn mask_argv(argv: &[String]) -> Vec<String> {
    let mut shown = Vec::with_capacity(argv.len());
    let mut value_follows: Option<&str> = None;
    let mut tools = Tools::default();
    for argument in argv {
        let of_tool = tools.next(argument);
        shown.push(match value_follows.take() {
            Some(name) if !argument.starts_with('-') => mask_value(name, argument).into_owned(),
            _ => of_tool.unwrap_or_else(|| mask_script(argument).into_owned()),
        });
        if is_flag(argument) && (is_secret_name(argument) || is_revision_name(argument)) {
            value_follows = Some(argument);
        }
    }
    shown
}

/// `--api-key` or `-password`, whose value is the next argument.
fn is_flag(argument: &str) -> bool {
    argument.starts_with('-') && !argument.contains(|c: char| c == '=' || c.is_whitespace())
}

/// The argument is a flag whose next argument is a secret.
pub(super) fn is_secret_flag(argument: &str) -> bool {
    is_flag(argument) && is_secret_name(argument)
}

/// A script, or one argument that may hold one (`sh -c`): word by word, the spaces kept.
pub fn mask_script(script: &str) -> Cow<'_, str> {
    if !script.contains(char::is_whitespace) {
        return mask_word(script);
    }
    if script.contains("-----BEGIN") && is_key(script) {
        return Cow::Borrowed(MASK);
    }
    let mut shown = String::with_capacity(script.len());
    let mut follows = Follows::Nothing;
    let mut tools = Tools::default();
    for piece in script.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        if word.is_empty() {
            shown.push_str(piece);
            continue;
        }
        let bare = word.trim_matches(['"', '\'', ':', ',']);
        let of_tool = tools.next(word);
        let named = match follows {
            Follows::Named => mask_quoted(word),
            _ => of_tool,
        };
        let is_value = match follows {
            Follows::Nothing | Follows::Sign | Follows::Named => false,
            Follows::Credentials => true,
            Follows::Value => !word.starts_with('-'),
        };
        if is_value {
            let quote = word.ends_with(['"', '\'']).then(|| &word[word.len() - 1..]);
            shown.push_str(MASK);
            shown.push_str(quote.unwrap_or_default());
        } else {
            shown.push_str(named.as_deref().unwrap_or(&mask_word(word)));
        }
        follows = if is_value || named.is_some() {
            Follows::Nothing
        } else if is_secret_flag(word) {
            Follows::Value
        } else if SCHEMES.contains(&bare.to_ascii_lowercase().as_str())
            && shown_announces(&shown, word)
        {
            Follows::Credentials
        } else if matches!(follows, Follows::Sign) && matches!(word, "=" | ":") || ends_named(word)
        {
            Follows::Named
        } else if is_named(word) {
            Follows::Sign
        } else {
            Follows::Nothing
        };
        shown.push_str(&piece[word.len()..]);
    }
    if shown == script { Cow::Borrowed(script) } else { Cow::Owned(shown) }
}

/// What the next word of a script is.
enum Follows {
    Nothing,
    /// The `=` of `api_key = 'x'`.
    Sign,
    /// The value of `password: x`, which may as well be ordinary text.
    Named,
    Value,
    Credentials,
}

/// `Bearer` counts alone; `Basic` and `token` are ordinary words unless a header stands before them.
fn shown_announces(shown: &str, word: &str) -> bool {
    const HEADER: &[u8] = b"authorization:";
    let before = shown[..shown.len() - word.len().min(shown.len())].trim_end().as_bytes();
    let end = &before[before.len().saturating_sub(HEADER.len())..];
    word.to_ascii_lowercase().contains("bearer") || end.eq_ignore_ascii_case(HEADER)
}

/// A word of a script: an assignment, or something with `"name":"value"` in it.
fn mask_word(word: &str) -> Cow<'_, str> {
    // The settings of a database: `Server=h;Password=x`.
    if word.contains(';') && word.contains('=') && !word.contains("://") {
        let shown: String = word.split_inclusive(';').map(mask_setting).collect();
        return if shown == word { Cow::Borrowed(word) } else { Cow::Owned(shown) };
    }
    match mask_assignment(word) {
        Cow::Borrowed(same) => mask_pairs(same),
        masked @ Cow::Owned(_) => masked,
    }
}

/// One of several settings, the sign between them kept.
fn mask_setting(piece: &str) -> Cow<'_, str> {
    match piece.strip_suffix(';') {
        Some(setting) => mask_word(setting) + ";",
        None => mask_word(piece),
    }
}

/// `NAME=value`, also behind another name as in `--set=env.TOKEN=x`, or any other word.
fn mask_assignment(word: &str) -> Cow<'_, str> {
    // A loop, since somebody may write more of them than calls fit on the stack.
    let mut value = word;
    let masked = loop {
        let Some((name, rest)) = value.split_once('=').filter(|(name, _)| is_name(name)) else {
            break mask_text(value);
        };
        value = rest;
        if is_secret_name(name) || is_revision_name(name) {
            break mask_value(name, value);
        }
    };
    if masked == value {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("{}{masked}", &word[..word.len() - value.len()]))
}

/// `--learning_rate`, `API_KEY`, `env[0].value`: the left side of an assignment, not of a comparison
/// or a URL. A slash is a part of one only in a path of `--set` that quotes it, or escapes dots.
pub(super) fn is_name(text: &str) -> bool {
    let is_path = text.contains(['"', '\'', '\\']);
    let belongs =
        |c: char| c.is_ascii_alphanumeric() || "_-.[]\"'\\".contains(c) || c == '/' && is_path;
    !text.is_empty() && text.chars().all(belongs)
}

/// Booleans and small numbers are settings, whatever their name.
pub(super) fn is_plain_setting(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "none" | "null")
        || value.len() < 6 && value.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_no_key() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(mask_value("GIT_COMMIT", commit), commit);
        let argv = [format!("--revision={commit}"), "--model-sha".into(), commit.into()];
        assert_eq!(mask_argv(&argv), argv);
        assert_eq!(mask_argv(&["--run".into(), commit.into()])[1], MASK);
        assert_eq!(mask_value("revision", "ghp_abcdefghijklmnop1234"), MASK);
    }

    #[test]
    fn values() {
        for value in [
            "AIzaSyA1234567890abcdefghij",
            "prefix hf_abcdefghijklmnopqrst",
            "AKIAIOSFODNN7EXAMPLE",
            "0123456789abcdef0123456789abcdef01234567",
            "postgres://me:hunter2@db/x",
        ] {
            assert_ne!(mask_script(value), value);
        }
        for value in ["sk-learn", "hf_hub", "gs://b/AKIA", "eyJ", "http://localhost:80/@x"] {
            assert_eq!(mask_script(value), value);
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

    #[test]
    fn what_stands_within_other_words() {
        for (text, shown) in [
            ("--set=args.api_key=abc", "--set=args.api_key=***"),
            (r"--set=args.a\.b/api_key=abc", r"--set=args.a\.b/api_key=***"),
            (r#"args["a.b/api_key"]=abc"#, r#"args["a.b/api_key"]=***"#),
            ("args['a.b/api_key']=abc", "args['a.b/api_key']=***"),
            ("args.hub_token=abcdef", "args.hub_token=***"),
            ("env[0].value=https://u:pw@h/x", "env[0].value=https://u:***@h/x"),
            ("--db=postgres://me:hunter2@db/x", "--db=postgres://me:***@db/x"),
            ("--url=https://a/b?x=1&sig=s", "--url=https://a/b?x=1&sig=***"),
            ("curl https://u:pw@h/x -o y", "curl https://u:***@h/x -o y"),
            (
                "curl -H 'Authorization: Bearer abc' -o y",
                "curl -H 'Authorization: Bearer ***' -o y",
            ),
            ("a --pass=x --lr=0.1 y", "a --pass=*** --lr=0.1 y"),
            ("train with basic settings and a token here", ""),
            ("--db=Server=h;Password=a1b;User=x", "--db=Server=h;Password=***;User=x"),
            ("A=https;AccountKey=a1b==;B=c", "A=https;AccountKey=***;B=c"),
            ("for i in a; do x=1; done", ""),
            ("--steps=10", ""),
            ("a=b=c", ""),
        ] {
            let expected = if shown.is_empty() { text } else { shown };
            assert_eq!(mask_argv(&[text.to_owned()]), [expected], "{text}");
        }
    }
}
