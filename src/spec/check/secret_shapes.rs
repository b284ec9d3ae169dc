//! Texts that are secrets by their shape: keys of well-known issuers, passwords and signatures in
//! URLs.

use std::ops::Range;

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

/// Parameters of URLs whose value opens what the URL names: signatures of object stores, tokens.
/// Names of variables (`is_secret_name`) count as well.
const SECRET_PARAMETERS: [&str; 10] = [
    "sig",
    "signature",
    "x-amz-signature",
    "x-amz-security-token",
    "x-amz-credential",
    "x-goog-signature",
    "x-goog-credential",
    "googleaccessid",
    "awsaccesskeyid",
    "code",
];

/// So many URLs within one URL are looked at; what follows them in the word is taken for a secret.
const MOST_NESTED: usize = 32;

/// The text has the shape of a key that a well-known issuer gives, or holds a private key.
pub(super) fn is_key(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || "\"'=:,;@()[]{}<>|&?".contains(c)).any(|word| {
        SECRET_PREFIXES.iter().any(|prefix| word.strip_prefix(prefix).is_some_and(is_key_like))
    }) || text.contains("-----BEGIN") && text.contains("PRIVATE KEY")
        || hex_key(text)
}

/// Where secrets stand in the URLs of a text, in order: passwords before an `@`, and the values of
/// parameters that open what the URL names.
pub(super) fn in_urls(text: &str, shown: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut end = 0;
    let mut nested = 0;
    while let Some(at) = text[from..].find("://") {
        let start = from + at + 3;
        if start <= end {
            nested += 1;
        } else {
            let is_end = |c: char| c.is_whitespace() || "\"'`<>|\\".contains(c);
            end = text[start..].find(is_end).map_or(text.len(), |length| start + length);
            nested = 0;
        }
        // Each URL is looked at up to the end of the word, which for very many takes forever.
        if nested == MOST_NESTED {
            found.push(start..end);
            from = end;
            continue;
        }
        let url = &text[start..end];
        found.extend(user_info(url).map(|range| start + range.start..start + range.end));
        found.extend(
            parameters(url).into_iter().map(|range| start + range.start..start + range.end),
        );
        from = start;
        // A URL within a URL is found again: by its own `://`.
    }
    found.retain(|range| !range.is_empty() && &text[range.clone()] != shown);
    found.sort_by_key(|range| range.start);
    found.dedup_by(|later, earlier| {
        let overlaps = later.start < earlier.end;
        if overlaps {
            earlier.end = earlier.end.max(later.end);
        }
        overlaps
    });
    found
}

/// The password of `user:password@host`, or a user name without one where it is a token.
fn user_info(url: &str) -> Option<Range<usize>> {
    let authority = url.split(['/', '?', '#']).next()?;
    // A password may hold a slash, where somebody has not escaped it: then the host has no `@`.
    let authority = if authority.contains('@') { authority } else { unescaped(url)? };
    let at = authority.rfind('@')?;
    match authority[..at].find(':') {
        Some(colon) => Some(colon + 1..at),
        None => is_token(&authority[..at]).then_some(0..at),
    }
}

/// `user:pass/word@host` up to its last `@`, with something like a host behind it.
fn unescaped(url: &str) -> Option<&str> {
    let at = url.rfind('@')?;
    let before = &url[..at];
    let colon = before.find(':')?;
    let port = before[colon + 1..].split('/').next()?;
    // `host:80/path@x` is a port and a path.
    let is_port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let is_user = !before[..colon].contains(['/', '?', '#']);
    let is_host = url[at + 1..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
    (is_user && is_host && !is_port).then_some(&url[..=at])
}

/// A user name that is a token: `https://ghp_...@github.com`.
fn is_token(user: &str) -> bool {
    is_key(user) || user.len() >= 20 && user.bytes().any(|b| b.is_ascii_digit())
}

fn parameters(url: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let Some(query) = url.find(['?', '#']) else { return found };
    let mut start = query + 1;
    for pair in url[start..].split_inclusive(['&', ';', '#', '?']) {
        let end = start + pair.trim_end_matches(['&', ';', '#', '?']).len();
        if let Some((name, _)) = url[start..end].split_once('=')
            && is_secret_parameter(name)
        {
            found.push(start + name.len() + 1..end);
        }
        start += pair.len();
    }
    found
}

fn is_secret_parameter(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    SECRET_PARAMETERS.contains(&lower.as_str()) || super::is_secret_name(name)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Vec<&str> {
        in_urls(text, "***").into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn urls_within_urls_are_read_once() {
        // Whoever reads all of the rest for each of these does not come to an end.
        let long = "a://".repeat(500_000);
        let found = in_urls(&long, "***");
        assert_eq!(found.last().map(|range| range.end), Some(long.len()));
        let hosts = "http://u:p@a,".repeat(33) + " b";
        assert!(secrets(&hosts).concat().matches('p').count() >= 1);
    }

    #[test]
    fn passwords_and_signatures_of_urls() {
        assert_eq!(secrets("postgres://me:hunter2@db/x"), ["hunter2"]);
        assert_eq!(secrets("a https://u:p1@x/ b https://v:p2@y"), ["p1", "p2"]);
        assert_eq!(secrets("https://me:a/b?c@host/x"), ["a/b?c"]);
        assert_eq!(secrets("https://me:a@b@host/x"), ["a@b"]);
        assert_eq!(secrets("https://:only@host"), ["only"]);
        assert_eq!(
            secrets("git+https://ghp_abcdefghijklmnop@github.com/x"),
            ["ghp_abcdefghijklmnop"]
        );
        let signed = "https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=abc&x=1";
        assert_eq!(secrets(signed), ["abc"]);
        assert_eq!(secrets("https://a/b?sv=1&sig=a%2Bb&se=2#access_token=t"), ["a%2Bb", "t"]);
        assert_eq!(secrets("http://a/?api_key=k&n=1;token=t"), ["k", "t"]);
        for harmless in [
            "http://localhost:80/@x",
            "https://user@host/x",
            "http://host:8080/a@b",
            "https://a/b?page_token_size=1&epochs=3",
            "s3://bucket/key",
            "https://me:***@host",
        ] {
            assert_eq!(secrets(harmless), [""; 0], "{harmless}");
        }
    }
}
