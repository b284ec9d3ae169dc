//! What a person is told of files that stay behind, or travel where one would not think so.

use std::path::Path;

use super::walk::{Left, Why};

/// How many files one sentence names.
const NAMED: usize = 8;

/// Says which files of `field` (`code`, `data`) stay behind and how they are taken along; a sentence
/// for each reason.
pub fn left_behind(field: &str, left: &[Left]) -> Vec<String> {
    let reasons = [
        (Why::Credentials, "by their names they hold credentials"),
        (Why::PrivateKey, "there are private keys in them"),
        (Why::Secret, "they are Secrets with their values"),
        (Why::Link, "they are links to folders, to nothing, or to what doesn't travel itself"),
        (Why::Special, "they are pipes, sockets or devices"),
    ];
    let sentence = |(why, because): (Why, &str)| {
        let of_it = left.iter().filter(|one| one.why == why);
        let paths: Vec<&Path> = of_it.map(|one| one.path.as_path()).collect();
        let first = paths.first()?;
        let what = listed(&paths);
        let more = match why {
            Why::Link | Why::Special => String::new(),
            Why::Credentials | Why::PrivateKey | Why::Secret => format!(
                "; a line such as `!{}` in its .mlctlignore takes one along",
                first.display()
            ),
        };
        Some(format!("{field}: {what} don't travel, since {because}{more}"))
    };
    reasons.into_iter().filter_map(sentence).collect()
}

/// Paths in a sentence, the first ones only.
pub fn listed<P: AsRef<Path>>(paths: &[P]) -> String {
    let shown = paths.iter().take(NAMED).map(|path| path.as_ref().display().to_string());
    let text = shown.collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_for_each_reason() {
        let left = |path: &str, why| Left { path: path.into(), why };
        let mut all = vec![left(".env", Why::Credentials), left("a/key.pem", Why::Credentials)];
        all.push(left("venv", Why::Link));
        let said = left_behind("code", &all);
        assert_eq!(said.len(), 2);
        assert_eq!(
            said[0],
            "code: .env, a/key.pem don't travel, since by their names they hold credentials; a line \
             such as `!.env` in its .mlctlignore takes one along"
        );
        let many: Vec<Left> =
            (0..20).map(|i| left(&format!("{i}.pem"), Why::Credentials)).collect();
        assert!(left_behind("code", &many)[0].contains("7.pem and 12 more don't travel"));
        assert!(left_behind("code", &[]).is_empty());
    }
}
