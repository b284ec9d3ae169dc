//! Names that announce a secret. A value too much masked costs a look into the file; one too little
//! costs a key.

/// Words of a name that announce a secret.
const SECRET_WORDS: [&str; 20] = [
    "key",
    "apikey",
    "token",
    "secret",
    "secrets",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "pass",
    "credential",
    "credentials",
    "auth",
    "authorization",
    "bearer",
    "pat",
    "dsn",
    "privatekey",
    "accesskey",
    "cookie",
];

/// Ends of a word that has no sign between its parts, such as `PGPASSWORD` and `clientsecret`.
const JOINED_ENDS: [&str; 5] = ["password", "passwd", "secret", "apikey", "sshpass"];

/// Variables that hold secrets by the conventions of the tools that read them.
const WELL_KNOWN: [&str; 6] = [
    "AZURE_STORAGE_CONNECTION_STRING",
    "DBPASS",
    "JWT",
    "MYSQL_PWD",
    "PGPASS",
    "SLACK_WEBHOOK_URL",
];

/// Last words of a name that say that the value only points at a secret, or is none.
const HARMLESS_ENDS: [&str; 26] = [
    "budget", "limit", "ratio", "file", "path", "dir", "folder", "name", "names", "url", "uri",
    "size", "len", "length", "count", "type", "column", "columns", "field", "mode", "enabled",
    "timeout", "dim", "dropout", "order", "ref",
];

/// What makes of a `..._token` or a `..._key` an ordinary parameter of training code.
const HARMLESS_OWNERS: [&str; 33] = [
    "join",
    "cache",
    "dataset",
    "object",
    "row",
    "record",
    "group",
    "index",
    "lookup",
    "pad",
    "eos",
    "bos",
    "unk",
    "mask",
    "sep",
    "cls",
    "stop",
    "start",
    "end",
    "per",
    "image",
    "sort",
    "label",
    "text",
    "feature",
    "input",
    "target",
    "primary",
    "foreign",
    "partition",
    "prompt",
    "weight",
    "instance",
];

/// The name of a variable or argument announces a secret: `API_KEY`, `db-password`, `wandbApiKey`.
/// `max_tokens`, `TOKENIZERS_PARALLELISM` and `KEY_FILE` don't.
pub fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let harmless = words.last().is_some_and(|last| HARMLESS_ENDS.contains(&last.as_str()))
        // Where a shell is, and a path to a file by Google's convention.
        || matches!(name, "GOOGLE_APPLICATION_CREDENTIALS" | "PWD" | "OLDPWD");
    let owned = |at: usize| {
        matches!(words[at].as_str(), "key" | "token")
            && at.checked_sub(1).is_some_and(|b| HARMLESS_OWNERS.contains(&words[b].as_str()))
    };
    let announces = |(at, word): (usize, &String)| {
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_joined = JOINED_ENDS.iter().any(|end| word.ends_with(end));
        (SECRET_WORDS.contains(&word) && !owned(at)) || is_joined
    };
    !harmless && words.iter().enumerate().any(announces)
        || WELL_KNOWN.contains(&name.to_ascii_uppercase().as_str())
}

/// The name says that the value is a password and can't be anything else: not an ordinary word that
/// happens to stand behind `key` or `token`.
pub fn is_password_name(name: &str) -> bool {
    const PASSWORDS: [&str; 8] =
        ["password", "passwd", "passphrase", "pwd", "secret", "apikey", "credential", "privatekey"];
    let is_password = |word: &String| {
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
        PASSWORDS.contains(&word) || JOINED_ENDS.iter().any(|end| word.ends_with(end))
    };
    is_secret_name(name)
        && (words(name).iter().any(is_password)
            || WELL_KNOWN.contains(&name.to_ascii_uppercase().as_str()))
}

/// The name of a variable or argument says that the value is a revision or a checksum, which has the shape
/// of a key: `--revision`, `GIT_COMMIT`, `model-sha256`.
pub(super) fn is_revision_name(name: &str) -> bool {
    const REVISIONS: [&str; 12] = [
        "revision", "rev", "commit", "sha", "sha1", "sha256", "hash", "digest", "checksum", "ref",
        "tag", "version",
    ];
    words(name).last().is_some_and(|last| REVISIONS.contains(&last.as_str()))
}

/// The words of `some_name`, `some-name`, `someName` in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower_before = false;
    for c in name.chars() {
        let starts = c.is_ascii_uppercase() && lower_before;
        if !c.is_ascii_alphanumeric() || starts {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c.to_ascii_lowercase());
        }
        lower_before = c.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            "API_KEY",
            "WANDB_API_KEY",
            "HF_TOKEN",
            "hf-token",
            "TOKEN",
            "DB_PASSWORD",
            "dbPassword",
            "--api-key",
            "--secret",
            "PGPASSWORD",
            "SSHPASS",
            "clientsecret",
            "token2",
            "SLACK_WEBHOOK_URL",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "PATH",
            "PWD",
            "max_tokens",
            "TOKENIZERS_PARALLELISM",
            "TOKENIZER",
            "KEY_FILE",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "secretKeyRef",
            "monkey",
            "pad_token",
            "sort_key",
            "keyboard",
            "join-key",
            "TOKEN_BUDGET",
            "epochs",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
